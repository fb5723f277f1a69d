package management

import (
	"github.com/tenant0/tenant0/storage"
)

// held is a permission of a user: whether it was given directly, and the roles that
// give it.
type held struct {
	storage.Permission
	direct bool
	roles  []storage.Document
}

// sources says where a permission comes from, as the list of a user's permissions does.
func (h held) sources() []any {
	var all []any
	if h.direct {
		all = append(all, storage.Document{"source_id": "", "source_name": "", "source_type": "DIRECT"})
	}
	for _, role := range h.roles {
		all = append(all, storage.Document{"source_id": role["id"], "source_name": role["name"], "source_type": "ROLE"})
	}
	return all
}

// heldPermissions lists what the user of the path holds, directly first and then by
// roles.
func (c *call) heldPermissions(tx *storage.Tx) ([]held, error) {
	if _, err := c.user(tx); err != nil {
		return nil, err
	}
	access, err := tx.UserAccess.Get(c.param("id"))
	if err := storage.Optional(err); err != nil {
		return nil, err
	}
	var all []held
	at := map[storage.Permission]int{}
	hold := func(permissions []storage.Permission, by func(*held)) {
		for _, p := range permissions {
			i, there := at[p]
			if !there {
				i, all = len(all), append(all, held{Permission: p})
				at[p] = i
			}
			by(&all[i])
		}
	}
	hold(access.Permissions, func(h *held) { h.direct = true })
	for _, id := range access.Roles {
		role, err := tx.Roles.Document(id)
		if err != nil {
			return nil, err
		}
		given, err := tx.RolePermissions.Get(id)
		if err := storage.Optional(err); err != nil {
			return nil, err
		}
		hold(given.Permissions, func(h *held) { h.roles = append(h.roles, role) })
	}
	return all, nil
}

// listPermissions lists what the user of the path holds, with what shows where it
// comes from.
func (c *call) listPermissions(l listing, sources func(held) []any) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		all, err := c.heldPermissions(tx)
		if err != nil {
			return err
		}
		apis := describedAPIs{}
		for _, h := range all {
			doc, err := apis.describe(tx, h.Permission)
			if err != nil {
				return err
			}
			doc["sources"] = sources(h)
			if c.matches(doc, l) {
				docs = append(docs, doc)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.page(docs, l)
}

// userPermissions lists what a user holds with where it comes from: given directly
// or by a role, Auth0: manage-users/access-control/configure-core-rbac/rbac-users/
// view-user-permissions.
//
//auth0:operation GET /api/v2/users/{id}/permissions
func userPermissions(c *call) error {
	return c.listPermissions(listing{key: "permissions"}, held.sources)
}

// effectivePermissions is the same in a newer form, of one API.
//
//auth0:operation GET /api/v2/users/{id}/effective-permissions
func effectivePermissions(c *call) error {
	l := listing{key: "permissions", style: checkpointed, filters: map[string]string{"resource_server_identifier": "resource_server_identifier"}}
	return c.listPermissions(l, func(h held) (kinds []any) {
		if h.direct {
			kinds = append(kinds, "direct")
		}
		if len(h.roles) > 0 {
			kinds = append(kinds, "roles")
		}
		return kinds
	})
}

// permissionRoles lists the roles that give a user one permission.
//
//auth0:operation GET /api/v2/users/{id}/effective-permissions/sources/effective-roles
func permissionRoles(c *call) error {
	for _, name := range []string{"resource_server_identifier", "permission_name"} {
		if c.query.Get(name) == "" {
			return invalidQuery("'Missing required property: " + name + "'")
		}
	}
	asked := storage.Permission{ResourceServerIdentifier: c.query.Get("resource_server_identifier"), PermissionName: c.query.Get("permission_name")}
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		all, err := c.heldPermissions(tx)
		if err != nil {
			return err
		}
		for _, h := range all {
			if h.Permission == asked {
				for _, role := range h.roles {
					docs = append(docs, directRole(role))
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: "roles", style: checkpointed})
}
