package authz

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/customclaims"
	"github.com/tenant0/tenant0/storage"
)

// Lint returns warnings about the extension's data: references to objects that do not
// exist, and settings without the effect that they seem to have. They do not stop the
// server: logins ignore dangling references.
func Lint(tx *storage.Tx) ([]string, error) {
	ext, err := tx.Extension.Get(storage.ExtensionKey)
	if err != nil {
		return nil, storage.Optional(err)
	}
	l := &linter{ext: ext, clients: map[string]storage.Client{}}
	if err := l.load(tx); err != nil {
		return nil, err
	}
	l.scopePolicies()
	l.tokenClaims()
	l.requiredRoles()
	l.permissions()
	l.roles()
	l.groups()
	return l.warnings, nil
}

// linter has the ids and names of existing objects, to check references against.
type linter struct {
	ext                                     storage.Extension
	clients                                 map[string]storage.Client
	audiences, scopes, connections, missing set[string] // missing are the ids of users that do not exist
	warnings                                []string
}

func (l *linter) load(tx *storage.Tx) error {
	l.audiences, l.scopes, l.connections, l.missing = set[string]{}, set[string]{}, set[string]{}, set[string]{}
	for c, err := range tx.Clients.All() {
		if err != nil {
			return err
		}
		l.clients[c.ClientID] = c
	}
	for api, err := range tx.ResourceServers.All() {
		if err != nil {
			return err
		}
		l.audiences.add(api.Identifier)
		l.scopes.add(names(api.Scopes, func(s storage.Scope) string { return s.Value })...)
	}
	for c, err := range tx.Connections.All() {
		if err != nil {
			return err
		}
		l.connections.add(c.Name)
	}
	var users []string
	for _, r := range l.ext.Roles {
		users = append(users, r.Users...)
	}
	for _, g := range l.ext.Groups {
		users = append(users, g.Members...)
	}
	for _, id := range users {
		known, err := tx.Users.Has(id)
		if err != nil {
			return err
		}
		l.missing[id] = !known
	}
	return nil
}

// warn adds a warning if bad is true.
func (l *linter) warn(bad bool, format string, args ...any) {
	if bad {
		l.warnings = append(l.warnings, fmt.Sprintf("authorization extension: "+format, args...))
	}
}

func (l *linter) unknownClient(id string) bool {
	_, known := l.clients[id]
	return !known
}

func (l *linter) flag(get func(storage.ExtensionConfiguration) *bool) bool {
	return len(l.ext.Configuration) > 0 && on(get(l.ext.Configuration[0]))
}

func (l *linter) scopePolicies() {
	inToken := l.flag(func(c storage.ExtensionConfiguration) *bool { return c.PermissionsInToken })
	for _, p := range l.ext.ScopePolicies {
		name := cmp.Or(l.clients[p.ClientID].Name, p.ClientID)
		l.warn(l.unknownClient(p.ClientID), "the scope rule is on for application %q, which does not exist", p.ClientID)
		l.warn(!inToken, "the scope rule of application %q adds no permissions: permissionsInToken is off", name)
		l.warn(p.Mode != ModeIntersect,
			"the scope rule of application %q appends: a requested scope without a colon is granted to every user", name)
	}
}

func (l *linter) tokenClaims() {
	for _, m := range l.ext.TokenClaims {
		l.warn(m.Audience != "" && !l.audiences[m.Audience], "claims are mapped for the audience %q, which is not the identifier of an API", m.Audience)
		l.warn(m.ClientID != "" && l.unknownClient(m.ClientID), "claims are mapped for application %q, which does not exist", m.ClientID)
		for _, claims := range []map[string]any{m.AccessToken, m.IDToken} {
			for _, name := range sortedKeys(claims) {
				l.warn(customclaims.Refusal(name) != "", "the claim %q is reserved and is left out of tokens", name)
			}
		}
	}
}

// requiredRoles checks the applications whose client_metadata has required_roles.
func (l *linter) requiredRoles() {
	if len(l.ext.Configuration) == 0 {
		return
	}
	inToken := l.flag(func(c storage.ExtensionConfiguration) *bool { return c.RolesInToken })
	for _, id := range sortedKeys(l.clients) {
		c := l.clients[id]
		required, _ := c.ClientMetadata["required_roles"].(string)
		if required == "" {
			continue
		}
		l.warn(!inToken, "application %q requires a role and rolesInToken is off: only roles of the identity provider count", c.Name)
		for name := range strings.SplitSeq(required, ",") {
			l.warn(inToken && !slices.ContainsFunc(l.ext.Roles, func(r storage.ExtensionRole) bool {
				return r.Name == name && r.ApplicationID == id
			}), "application %q requires the role %q, which it does not have", c.Name, name)
		}
	}
}

func (l *linter) permissions() {
	for _, p := range l.ext.Permissions {
		l.warn(l.unknownClient(p.ApplicationID), "the permission %q belongs to application %q, which does not exist", p.Name, p.ApplicationID)
		l.warn(!l.scopes[p.Name], "the permission %q is not a scope of any API", p.Name)
	}
}

func (l *linter) roles() {
	known := set[string]{}
	known.add(names(l.ext.Permissions, func(p storage.ExtensionPermission) string { return p.ID })...)
	for _, r := range l.ext.Roles {
		l.warn(l.unknownClient(r.ApplicationID), "the role %q belongs to application %q, which does not exist", r.Name, r.ApplicationID)
		for _, id := range r.Permissions {
			l.warn(!known[id], "the role %q has the permission id %q, which does not exist", r.Name, id)
		}
		for _, id := range r.Users {
			l.warn(l.missing[id], "the role %q is held by the user %q, who does not exist", r.Name, id)
		}
	}
}

func (l *linter) groups() {
	roles, groups := set[string]{}, set[string]{}
	roles.add(names(l.ext.Roles, func(r storage.ExtensionRole) string { return r.ID })...)
	groups.add(names(l.ext.Groups, func(g storage.ExtensionGroup) string { return g.ID })...)
	for _, g := range l.ext.Groups {
		for _, id := range g.Roles {
			l.warn(!roles[id], "the group %q has the role id %q, which does not exist", g.Name, id)
		}
		for _, id := range g.Nested {
			l.warn(!groups[id], "the group %q nests the group id %q, which does not exist", g.Name, id)
		}
		for _, id := range g.Members {
			l.warn(l.missing[id], "the group %q has the member %q, who does not exist", g.Name, id)
		}
		for _, m := range g.Mappings {
			l.warn(!l.connections[m.ConnectionName], "the group %q is mapped to the connection %q, which does not exist", g.Name, m.ConnectionName)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
