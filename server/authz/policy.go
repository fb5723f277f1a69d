package authz

import (
	"slices"

	"github.com/tenant0/tenant0/storage"
)

// Policy has the groups, roles and permissions that the Authorization Extension gives a
// user in an application: their names, each once, in the order of the extension's data.
type Policy struct {
	Groups      []string `json:"groups"`
	Roles       []string `json:"roles"`
	Permissions []string `json:"permissions"`
}

// Effective evaluates the extension's data for a user who logs in to an application with
// a connection and, from its identity provider, with idpGroups. Its running time depends
// on the size of the data, not on the depth of nested groups.
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
	// The permission's application is ignored, as in Auth0's extension.
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

// mapped returns the ids of the groups of which the user is a member by a mapping of the
// connection. Mappings apply to the identity provider's groups and to groups that list
// the user. Parent groups and groups from mappings do not lead to further mappings.
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

// WithParents returns the groups with the given ids and all their parent groups, at any
// depth, in the order of groups. Members of a nested group are members of its parents
// too, so a member of one of the given groups has the roles of all returned groups.
// Groups may be nested in a cycle.
func WithParents(groups []storage.ExtensionGroup, ids []string) []storage.ExtensionGroup {
	parents := map[string][]string{}
	for _, g := range groups {
		for _, child := range g.Nested {
			parents[child] = append(parents[child], g.ID)
		}
	}
	return reach(groups, ids, parents)
}

// WithChildren returns the groups with the given ids and all groups nested in them, at
// any depth, in the order of groups.
func WithChildren(groups []storage.ExtensionGroup, ids []string) []storage.ExtensionGroup {
	children := map[string][]string{}
	for _, g := range groups {
		children[g.ID] = append(children[g.ID], g.Nested...)
	}
	return reach(groups, ids, children)
}

// reach returns the groups that can be reached from start along edges, including start.
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

// few is the number of items up to which a linear search is faster than building a set.
const few = 32

// among returns a function that reports whether an item is in the list.
func among(items []string) func(item string) bool {
	if len(items) <= few {
		return func(item string) bool { return slices.Contains(items, item) }
	}
	all := set[string]{}
	all.add(items...)
	return func(item string) bool { return all[item] }
}

// unique returns the items without repetitions, in order of first occurrence; never nil.
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
