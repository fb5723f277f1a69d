package management

import (
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/storage"
)

// sourcesOf returns the sources of a permission in the form of the list of a user's
// permissions.
func sourcesOf(h objects.Held) []any {
	var all []any
	if h.Direct {
		all = append(all, storage.Document{"source_id": "", "source_name": "", "source_type": "DIRECT"})
	}
	for _, role := range h.Roles {
		all = append(all, storage.Document{"source_id": role["id"], "source_name": role["name"], "source_type": "ROLE"})
	}
	return all
}

// listPermissions lists the permissions of the user in the path. sources returns the
// member sources of each.
func (c *call) listPermissions(l listing, sources func(objects.Held) []any) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		all, err := objects.PermissionsOf(tx, c.param("id"))
		if err != nil {
			return err
		}
		apis := objects.DescribedAPIs{}
		for _, h := range all {
			doc, err := apis.Describe(tx, h.Permission)
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

// userPermissions lists the permissions of a user with their sources: assigned directly,
// or through a role, Auth0:
// manage-users/access-control/configure-core-rbac/rbac-users/view-user-permissions.
//
//auth0:operation GET /api/v2/users/{id}/permissions
func userPermissions(c *call) error {
	return c.listPermissions(listing{key: "permissions"}, sourcesOf)
}

// effectivePermissions lists the same permissions in a newer format, and only those of
// one API if the query names it.
//
//auth0:operation GET /api/v2/users/{id}/effective-permissions
func effectivePermissions(c *call) error {
	l := listing{key: "permissions", style: checkpointed, filters: map[string]string{"resource_server_identifier": "resource_server_identifier"}}
	return c.listPermissions(l, func(h objects.Held) (kinds []any) {
		if h.Direct {
			kinds = append(kinds, "direct")
		}
		if len(h.Roles) > 0 {
			kinds = append(kinds, "roles")
		}
		return kinds
	})
}

// permissionRoles lists the roles through which a user has a permission.
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
		all, err := objects.PermissionsOf(tx, c.param("id"))
		if err != nil {
			return err
		}
		for _, h := range all {
			if h.Permission == asked {
				for _, role := range h.Roles {
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
