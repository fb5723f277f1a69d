package management

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// roles serves the tenant's roles, Auth0: api/management/v2/roles.
//
//auth0:operation GET /api/v2/roles
//auth0:operation POST /api/v2/roles
//auth0:operation GET /api/v2/roles/{id}
//auth0:operation PATCH /api/v2/roles/{id}
//auth0:operation DELETE /api/v2/roles/{id}
func roles() collection {
	return collection{
		kind: objects.Roles, path: "/roles", scope: "roles", verbs: "list create get patch delete", strict: true, created: http.StatusOK,
		list: listing{
			key: "roles", filters: map[string]string{"owner_id": "owner_id"},
			keep: func(c *call, doc storage.Document) bool {
				if wanted := c.query.Get("type"); wanted != "" && wanted != cmp.Or(storage.Text(doc, "type"), "tenant") {
					return false
				}
				return strings.Contains(strings.ToLower(storage.Text(doc, "name")), strings.ToLower(c.query.Get("name_filter")))
			},
			filtered: func(c *call) bool { return c.query.Has("name_filter") || c.query.Has("type") },
		},
		show: func(c *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			if _, described := doc["description"]; !described && c.method != http.MethodPost {
				doc["description"] = ""
			}
			return doc, nil
		},
		gone: func(c *call, _ storage.Document) error { return c.reply(http.StatusOK, storage.Document{}) },
	}
}

func roleOperations() []operation {
	return []operation{
		{http.MethodGet, "/roles/{id}/permissions", []string{"read:roles"}, rolePermissions},
		{http.MethodPost, "/roles/{id}/permissions", []string{"update:roles"}, addRolePermissions},
		{http.MethodDelete, "/roles/{id}/permissions", []string{"update:roles"}, removeRolePermissions},
		{http.MethodGet, "/roles/{id}/users", []string{"read:users", "read:roles", "read:role_members"}, roleUsers},
		{http.MethodPost, "/roles/{id}/users", []string{"update:roles", "create:role_members"}, addRoleUsers},
	}
}

func (c *call) readPermissions() ([]storage.Permission, error) {
	if err := c.readAs(resource.Permissions, resource.Create); err != nil {
		return nil, err
	}
	var all []storage.Permission
	for _, item := range c.body["permissions"].([]any) {
		p, _ := item.(storage.Document)
		all = append(all, storage.Permission{
			ResourceServerIdentifier: storage.Text(p, "resource_server_identifier"), PermissionName: storage.Text(p, "permission_name"),
		})
	}
	return all, nil
}

//auth0:operation GET /api/v2/roles/{id}/permissions
func rolePermissions(c *call) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if err := objects.Roles.Require(tx, c.param("id")); err != nil {
			return err
		}
		held, err := tx.RolePermissions.Get(c.param("id"))
		if err := storage.Optional(err); err != nil {
			return err
		}
		apis := objects.DescribedAPIs{}
		for _, p := range held.Permissions {
			doc, err := apis.Describe(tx, p)
			if err != nil {
				return err
			}
			docs = append(docs, doc)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: "permissions"})
}

//auth0:operation POST /api/v2/roles/{id}/permissions
func addRolePermissions(c *call) error { return changeRolePermissions(c, true) }

//auth0:operation DELETE /api/v2/roles/{id}/permissions
func removeRolePermissions(c *call) error { return changeRolePermissions(c, false) }

func changeRolePermissions(c *call, add bool) error {
	sent, err := c.readPermissions()
	if err != nil {
		return err
	}
	return c.permissionsChanged(add, func(ch *objects.Change) error {
		return objects.ChangeRolePermissions(ch.Tx, c.param("id"), sent, add)
	})
}

// permissionsChanged responds to a change of permissions.
func (c *call) permissionsChanged(add bool, change func(*objects.Change) error) error {
	if !add {
		return c.emptyChange(http.StatusNoContent, change)
	}
	return replyChange(c, http.StatusCreated, func(ch *objects.Change) (storage.Document, error) { return storage.Document{}, change(ch) })
}

//auth0:operation GET /api/v2/roles/{id}/users
func roleUsers(c *call) error {
	return c.listed(listing{key: "users", style: flexible}, func(tx *storage.Tx, w *window) error {
		if err := objects.Roles.Require(tx, c.param("id")); err != nil {
			return err
		}
		return w.fill(tx.UserAccess.ListBy("role", c.param("id")), false, func(row storage.Row) error {
			if !w.take(row.Place) {
				return nil
			}
			user, err := tx.Users.Document(row.Key)
			w.docs = append(w.docs, briefUser(user))
			return err
		})
	})
}

// briefUser returns a user as lists of other resources show it.
func briefUser(user storage.Document) storage.Document {
	brief := storage.Document{}
	for _, name := range []string{"user_id", "email", "picture", "name"} {
		if value, ok := user[name]; ok {
			brief[name] = value
		}
	}
	return brief
}

//auth0:operation POST /api/v2/roles/{id}/users
func addRoleUsers(c *call) error {
	ids, err := c.readList("users", 0)
	if err != nil {
		return err
	}
	return c.emptyChange(http.StatusOK, func(ch *objects.Change) error { return objects.GiveRole(ch.Tx, c.param("id"), ids) })
}

// readList reads a body whose only member is a list of strings, such as {"roles": [...]}.
// most is the number of items that it may have, 0 for no limit.
func (c *call) readList(name string, most int) ([]string, error) {
	if err := c.read(); err != nil {
		return nil, err
	}
	kind := resource.Kind{Fields: resource.Fields{
		name: {Type: resource.Array, Required: true, Min: 1, Max: most, Item: &resource.Field{Type: resource.String, Min: 1}},
	}}
	if err := kind.Check(c.body, resource.Create); err != nil {
		return nil, err
	}
	var list []string
	for _, item := range c.body[name].([]any) {
		s, _ := item.(string)
		list = append(list, s)
	}
	return list, nil
}
