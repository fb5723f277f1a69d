package authz

import (
	"slices"

	"github.com/tenant0/tenant0/storage"
)

// Policy is what the Authorization Extension says of a user in an application:
// names, each once, in the order of the extension's store.
type Policy struct {
	Groups      []string `json:"groups"`
	Roles       []string `json:"roles"`
	Permissions []string `json:"permissions"`
}

// Effective evaluates the extension's store for a user who logs in to an
// application with a connection and the groups that the identity provider
// names. Its time grows with the store and not with the depth of its groups.
func Effective(ext storage.Extension, userID, clientID, connection string, idpGroups []string) Policy {
	groups := WithParents(ext.Groups, append(MemberOf(ext.Groups, userID), mapped(ext.Groups, userID, connection, idpGroups)...))
	fromGroups := set[string]{}
	for _, g := range groups {
		fromGroups.add(g.Roles...)
	}
	// The roles of groups come before those held directly.
	var roles []storage.ExtensionRole
	for _, r := range ext.Roles {
		if fromGroups[r.ID] && r.ApplicationID == clientID {
			roles = append(roles, r)
		}
	}
	for _, r := range ext.Roles {
		if slices.Contains(r.Users, userID) && r.ApplicationID == clientID {
			roles = append(roles, r)
		}
	}
	held := set[string]{}
	for _, r := range roles {
		held.add(r.Permissions...)
	}
	// The application of the permission is not looked at, as in the original.
	var permissions []string
	for _, p := range ext.Permissions {
		if held[p.ID] {
			permissions = append(permissions, p.Name)
		}
	}
	return Policy{
		Groups:      unique(names(groups, func(g storage.ExtensionGroup) string { return g.Name })),
		Roles:       unique(names(roles, func(r storage.ExtensionRole) string { return r.Name })),
		Permissions: unique(permissions),
	}
}

// MemberOf returns the ids of the groups that list the user.
func MemberOf(groups []storage.ExtensionGroup, userID string) []string {
	var ids []string
	for _, g := range groups {
		if slices.Contains(g.Members, userID) {
			ids = append(ids, g.ID)
		}
	}
	return ids
}

// mapped returns the ids of the groups that a mapping of the connection makes
// the user a member of. A mapping knows the identity provider's groups and those
// that list the user; parents and mapped groups do not feed further mappings.
func mapped(groups []storage.ExtensionGroup, userID, connection string, idpGroups []string) []string {
	known := set[string]{}
	known.add(idpGroups...)
	for _, g := range groups {
		if slices.Contains(g.Members, userID) {
			known.add(g.Name)
		}
	}
	var ids []string
	for _, g := range groups {
		if slices.ContainsFunc(g.Mappings, func(m storage.ExtensionGroupMapping) bool {
			return m.ConnectionName == connection && known[m.GroupName]
		}) {
			ids = append(ids, g.ID)
		}
	}
	return ids
}

// WithParents returns the groups with the ids given and every group above them,
// in the order of groups. Members of a nested group are members of its parents,
// so these are the groups whose roles a member of one of them has. Groups may
// nest in a circle.
func WithParents(groups []storage.ExtensionGroup, ids []string) []storage.ExtensionGroup {
	parents := map[string][]string{}
	for _, g := range groups {
		for _, child := range g.Nested {
			parents[child] = append(parents[child], g.ID)
		}
	}
	return reach(groups, ids, parents)
}

// WithChildren returns the groups with the ids given and every group nested
// below them, in the order of groups.
func WithChildren(groups []storage.ExtensionGroup, ids []string) []storage.ExtensionGroup {
	children := map[string][]string{}
	for _, g := range groups {
		children[g.ID] = append(children[g.ID], g.Nested...)
	}
	return reach(groups, ids, children)
}

// reach returns the groups that edges lead to from start, start included.
func reach(groups []storage.ExtensionGroup, start []string, edges map[string][]string) []storage.ExtensionGroup {
	seen := set[string]{}
	queue := slices.Clone(start)
	for len(queue) > 0 {
		id := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if !seen[id] {
			seen.add(id)
			queue = append(queue, edges[id]...)
		}
	}
	var found []storage.ExtensionGroup
	for _, g := range groups {
		if seen[g.ID] {
			found = append(found, g)
		}
	}
	return found
}

type set[T comparable] map[T]bool

func (s set[T]) add(items ...T) {
	for _, item := range items {
		s[item] = true
	}
}

func names[T any](list []T, name func(T) string) []string {
	all := make([]string, len(list))
	for i, item := range list {
		all[i] = name(item)
	}
	return all
}

// few is how many items are looked through sooner than a set of them is made.
const few = 32

// among reports whether an item is one of a list.
func among(items []string) func(item string) bool {
	if len(items) <= few {
		return func(item string) bool { return slices.Contains(items, item) }
	}
	all := set[string]{}
	all.add(items...)
	return func(item string) bool { return all[item] }
}

// unique returns the items without later repetitions; never nil.
func unique(items []string) []string {
	if len(items) <= few {
		kept := make([]string, 0, len(items))
		for _, item := range items {
			if !slices.Contains(kept, item) {
				kept = append(kept, item)
			}
		}
		return kept
	}
	seen := set[string]{}
	kept := make([]string, 0, len(items))
	for _, item := range items {
		if !seen[item] {
			seen.add(item)
			kept = append(kept, item)
		}
	}
	return kept
}
