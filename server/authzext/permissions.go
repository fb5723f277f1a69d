package authzext

import (
	"slices"

	"github.com/tenant0/tenant0/storage"
)

//auth0:operation GET /extensions/authorization/api/permissions
func (a *api) listPermissions(c *call) (any, error) { return permissions().list(a, c) }

//auth0:operation POST /extensions/authorization/api/permissions
func (a *api) createPermission(c *call) (any, error) {
	p := storage.ExtensionPermission{ID: newID()}
	if err := c.read(&p); err != nil {
		return nil, err
	}
	return p, a.change(c.Context(), func(ext *storage.Extension) error {
		if err := freePermissionName(ext, p); err != nil {
			return err
		}
		ext.Permissions = append(ext.Permissions, p)
		return nil
	})
}

//auth0:operation GET /extensions/authorization/api/permissions/{id}
func (a *api) getPermission(c *call) (any, error) { return permissions().show(a, c) }

// updatePermission changes a permission. It refuses a permission that a role uses, even
// if only the description changes.
//
//auth0:operation PUT /extensions/authorization/api/permissions/{id}
func (a *api) updatePermission(c *call) (any, error) {
	var changed storage.ExtensionPermission
	return &changed, a.change(c.Context(), func(ext *storage.Extension) error {
		p, err := permissions().find(ext, c.id())
		if err != nil {
			return err
		}
		if err := unusedPermission(ext, p.ID); err != nil {
			return err
		}
		if err := c.read(p); err != nil {
			return err
		}
		changed = *p
		return freePermissionName(ext, changed)
	})
}

//auth0:operation DELETE /extensions/authorization/api/permissions/{id}
func (a *api) deletePermission(c *call) (any, error) {
	return nil, a.change(c.Context(), func(ext *storage.Extension) error {
		if err := unusedPermission(ext, c.id()); err != nil {
			return err
		}
		permissions().remove(ext, c.id())
		return nil
	})
}

func freePermissionName(ext *storage.Extension, p storage.ExtensionPermission) error {
	if permissions().taken(ext, p, func(o storage.ExtensionPermission) bool { return o.ApplicationID == p.ApplicationID }) {
		return errValidation(`Permission with name "%s" already exists for this application`, p.Name)
	}
	return nil
}

func unusedPermission(ext *storage.Extension, id string) error {
	users := roles().names(ext, func(r storage.ExtensionRole) bool { return slices.Contains(r.Permissions, id) })
	if len(users) > 0 {
		return errInUse("permissions", "roles", users)
	}
	return nil
}
