package authzext

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/storage"
)

// listedUser are the members of a user that lists of users contain.
var listedUser = []string{"user_id", "name", "email", "identities", "picture", "last_login", "logins_count", "multifactor", "blocked"}

// listUsers returns a page of the users, ordered by last login, the latest first.
//
//auth0:operation GET /extensions/authorization/api/users
func (a *api) listUsers(c *call) (any, error) {
	s, err := c.search()
	if err != nil {
		return nil, err
	}
	found := []storage.Document{}
	err = a.DB.View(c.Context(), func(tx *storage.Tx) error {
		matches := matcher(s)
		for u, err := range tx.Users.All() {
			if err != nil {
				return err
			}
			user, err := tx.Users.Document(u.UserID)
			if err != nil {
				return err
			}
			if matches(user) {
				found = append(found, pick(user, listedUser...))
			}
		}
		return nil
	})
	slices.SortStableFunc(found, func(a, b storage.Document) int {
		return cmp.Compare(textOf(b["last_login"]), textOf(a["last_login"]))
	})
	size := 100
	if s.PerPage != nil {
		size = *s.PerPage
	}
	shown := page(found, s, size)
	return map[string]any{
		"start": max(s.Page-1, 0) * size, "limit": size, "length": len(shown), "users": shown, "total": len(found),
	}, err
}

// matcher returns a function that reports whether a user matches the query: the member
// s.Field or, without it, one of the default members equals the text s.Q, ignoring case.
// A * in the text stands for any characters.
func matcher(s search) func(storage.Document) bool {
	if s.Q == "" {
		return func(storage.Document) bool { return true }
	}
	pattern := regexp.QuoteMeta(strings.Trim(s.Q, `"`))
	form := regexp.MustCompile(`(?is)^` + strings.ReplaceAll(pattern, `\*`, `.*`) + `$`)
	fields := []string{"user_id", "name", "email", "nickname"}
	if s.Field != "" {
		fields = []string{s.Field}
	}
	return func(user storage.Document) bool {
		return slices.ContainsFunc(fields, func(field string) bool {
			return slices.ContainsFunc(values(user, strings.Split(field, ".")), form.MatchString)
		})
	}
}

// values returns the values at a path of a document as strings. It descends into the
// items of lists.
func values(value any, path []string) []string {
	switch v := value.(type) {
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, values(item, path)...)
		}
		return all
	case map[string]any:
		if len(path) > 0 {
			return values(v[path[0]], path[1:])
		}
	case string, bool, float64:
		if len(path) == 0 {
			return []string{fmt.Sprint(v)}
		}
	}
	return nil
}

//auth0:operation GET /extensions/authorization/api/users/{id}
func (a *api) getUser(c *call) (any, error) {
	var user storage.Document
	err := a.DB.View(c.Context(), func(tx *storage.Tx) (err error) {
		user, err = tx.Users.Document(c.id())
		return err
	})
	if storage.IsNotFound(err) {
		return nil, errNoUser
	}
	return user, err
}

// listUserGroups lists the groups that have the user as a member. With expand it adds
// their parent groups, and the roles of all these groups.
//
//auth0:operation GET /extensions/authorization/api/users/{id}/groups
func (a *api) listUserGroups(c *call) (any, error) {
	ext, err := a.read(c.Context())
	if err != nil {
		return nil, err
	}
	ids := authz.MemberOf(ext.Groups, c.id())
	if c.URL.Query().Get("expand") == "" {
		own := setOf(ids)
		direct := slices.DeleteFunc(slices.Clone(ext.Groups), func(g storage.ExtensionGroup) bool { return !own[g.ID] })
		return groups().summaries(direct), nil
	}
	all := authz.WithParents(ext.Groups, ids)
	return map[string]any{"groups": groups().summaries(all), "roles": expand(ext, all)}, nil
}

// calculateUserGroups lists the user's groups with their parent groups. Mappings are left
// out, because they need the connection of a login.
//
//auth0:operation GET /extensions/authorization/api/users/{id}/groups/calculate
func (a *api) calculateUserGroups(c *call) (any, error) {
	ext, err := a.read(c.Context())
	if err != nil {
		return nil, err
	}
	return groups().summaries(authz.WithParents(ext.Groups, authz.MemberOf(ext.Groups, c.id()))), nil
}

//auth0:operation PATCH /extensions/authorization/api/users/{id}/groups
func (a *api) addUserGroups(c *call) (any, error) {
	named, err := c.named()
	if err != nil {
		return nil, err
	}
	return nil, a.change(c.Context(), func(ext *storage.Extension) error {
		for i, g := range ext.Groups {
			if named(groups().summary(g)) {
				ext.Groups[i].Members = with(g.Members, c.id())
			}
		}
		return nil
	})
}

// named reads a list of ids or names from the body, and returns a function that reports
// whether the list contains a record. The list is one of ids if its first item looks like
// an id. Unknown ids and names are ignored, and a name may match several records.
func (c *call) named() (func(summary) bool, error) {
	var items []string
	err := c.read(&items)
	byID := len(items) > 0 && guidForm.MatchString(items[0])
	named := setOf(items)
	return func(s summary) bool {
		if byID {
			return named[s.ID]
		}
		return named[s.Name]
	}, err
}

// assignedRole is a role as it is listed for a user.
type assignedRole struct {
	summary
	ApplicationID string `json:"applicationId"`
}

func assignedRoles(ext storage.Extension, has func(storage.ExtensionRole) bool) []assignedRole {
	found := []assignedRole{}
	for _, r := range ext.Roles {
		if has(r) {
			found = append(found, assignedRole{roles().summary(r), r.ApplicationID})
		}
	}
	return found
}

//auth0:operation GET /extensions/authorization/api/users/{id}/roles
func (a *api) listUserRoles(c *call) (any, error) {
	ext, err := a.read(c.Context())
	return assignedRoles(ext, func(r storage.ExtensionRole) bool { return slices.Contains(r.Users, c.id()) }), err
}

//auth0:operation GET /extensions/authorization/api/users/{id}/roles/calculate
func (a *api) calculateUserRoles(c *call) (any, error) {
	ext, err := a.read(c.Context())
	ids := setOf(roleIDs(authz.WithParents(ext.Groups, authz.MemberOf(ext.Groups, c.id()))))
	return assignedRoles(ext, func(r storage.ExtensionRole) bool {
		return slices.Contains(r.Users, c.id()) || ids[r.ID]
	}), err
}

//auth0:operation PATCH /extensions/authorization/api/users/{id}/roles
func (a *api) addUserRoles(c *call) (any, error) {
	named, err := c.named()
	if err != nil {
		return nil, err
	}
	return nil, a.change(c.Context(), func(ext *storage.Extension) error {
		for i, r := range ext.Roles {
			if named(roles().summary(r)) {
				ext.Roles[i].Users = with(r.Users, c.id())
			}
		}
		return nil
	})
}

//auth0:operation DELETE /extensions/authorization/api/users/{id}/roles
func (a *api) removeUserRoles(c *call) (any, error) {
	var ids []string
	if err := c.read(&ids); err != nil {
		return nil, err
	}
	return nil, a.change(c.Context(), func(ext *storage.Extension) error {
		for _, id := range ids {
			r, err := roles().find(ext, id)
			if err != nil {
				return err
			}
			r.Users = without(r.Users, c.id())
		}
		return nil
	})
}

// policy returns the groups, roles and permissions that a login of the user to the
// application would have. Neither the user nor the application has to exist.
//
//auth0:operation POST /extensions/authorization/api/users/{userId}/policy/{clientId}
func (a *api) policy(c *call) (any, error) {
	var in struct {
		ConnectionName string
		Groups         []string
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	ext, err := a.read(c.Context())
	return authz.Effective(ext, c.param("userId"), c.param("clientId"), in.ConnectionName, in.Groups), err
}
