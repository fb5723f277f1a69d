package authzext

import (
	"slices"

	"github.com/tenant0/tenant0/storage"
)

//auth0:operation GET /extensions/authorization/api/roles
func (a *api) listRoles(c *call) (any, error) { return roles().list(a, c) }

//auth0:operation POST /extensions/authorization/api/roles
func (a *api) createRole(c *call) (any, error) {
	r := storage.ExtensionRole{ID: newID(), Permissions: []string{}}
	if err := c.read(&r); err != nil {
		return nil, err
	}
	return r, a.change(c.Context(), func(ext *storage.Extension) error {
		if err := checkRole(ext, r); err != nil {
			return err
		}
		ext.Roles = append(ext.Roles, r)
		return nil
	})
}

//auth0:operation GET /extensions/authorization/api/roles/{id}
func (a *api) getRole(c *call) (any, error) { return roles().show(a, c) }

//auth0:operation PUT /extensions/authorization/api/roles/{id}
func (a *api) updateRole(c *call) (any, error) {
	var changed storage.ExtensionRole
	return &changed, a.change(c.Context(), func(ext *storage.Extension) error {
		r, err := roles().find(ext, c.id())
		if err != nil {
			return err
		}
		application := r.ApplicationID
		r.Permissions = []string{}
		if err := c.read(r); err != nil {
			return err
		}
		if r.ApplicationID != application {
			// Differs: the extension intends this error and answers 500 by mistake.
			return errValidation("The 'applicationId' of a role cannot be changed.")
		}
		changed = *r
		return checkRole(ext, changed)
	})
}

//auth0:operation DELETE /extensions/authorization/api/roles/{id}
func (a *api) deleteRole(c *call) (any, error) {
	return nil, a.change(c.Context(), func(ext *storage.Extension) error {
		users := groups().names(ext, func(g storage.ExtensionGroup) bool { return slices.Contains(g.Roles, c.id()) })
		if len(users) > 0 {
			return errInUse("roles", "groups", users)
		}
		roles().remove(ext, c.id())
		return nil
	})
}

// checkRole returns an error if the role has permissions of another application, or a
// name that another role of the application has. Permissions that do not exist are
// allowed.
func checkRole(ext *storage.Extension, r storage.ExtensionRole) error {
	held := setOf(r.Permissions)
	for _, p := range ext.Permissions {
		if held[p.ID] && p.ApplicationID != r.ApplicationID {
			// Differs: the extension intends this error and answers 500 by mistake.
			return errValidation("The permission '%s' is linked to a different application.", p.Name)
		}
	}
	if roles().taken(ext, r, func(o storage.ExtensionRole) bool { return o.ApplicationID == r.ApplicationID }) {
		return errValidation(`Role with name "%s" already exists for this application`, r.Name)
	}
	return nil
}

// rolesAmong returns the roles with the ids, in the order in which they are stored; never
// nil.
func rolesAmong(ext storage.Extension, ids []string) []storage.ExtensionRole {
	found := []storage.ExtensionRole{}
	wanted := setOf(ids)
	for _, r := range ext.Roles {
		if wanted[r.ID] {
			found = append(found, r)
		}
	}
	return found
}

// expandedRole is a role with its permissions.
type expandedRole struct {
	summary
	ApplicationID   string    `json:"applicationId"`
	ApplicationType string    `json:"applicationType"`
	Permissions     []summary `json:"permissions"`
}

// expand returns the roles of the groups, with their permissions.
func expand(ext storage.Extension, from []storage.ExtensionGroup) []expandedRole {
	expanded := []expandedRole{}
	for _, r := range rolesAmong(ext, roleIDs(from)) {
		var held []storage.ExtensionPermission
		given := setOf(r.Permissions)
		for _, p := range ext.Permissions {
			if given[p.ID] {
				held = append(held, p)
			}
		}
		expanded = append(expanded, expandedRole{roles().summary(r), r.ApplicationID, r.ApplicationType, permissions().summaries(held)})
	}
	return expanded
}

func roleIDs(from []storage.ExtensionGroup) []string {
	var ids []string
	for _, g := range from {
		ids = append(ids, g.Roles...)
	}
	return ids
}
