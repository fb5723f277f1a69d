package management

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// roles is Auth0: api/management/v2/roles.
//
//auth0:operation GET /api/v2/roles
//auth0:operation POST /api/v2/roles
//auth0:operation GET /api/v2/roles/{id}
//auth0:operation PATCH /api/v2/roles/{id}
//auth0:operation DELETE /api/v2/roles/{id}
func roles() served {
	return served{
		kind: resource.Roles, path: "/roles", scope: "roles", verbs: "list create get patch delete", strict: true, created: http.StatusOK,
		keep: func(_ *call, tx *storage.Tx) (store, error) { return acted[storage.Role]{Resources: tx.Roles}, nil },
		list: listing{
			key: "roles", filters: map[string]string{"owner_id": "owner_id"},
			keep: func(c *call, doc storage.Document) bool {
				if wanted := c.query.Get("type"); wanted != "" && wanted != cmp.Or(text(doc, "type"), "tenant") {
					return false
				}
				return strings.Contains(strings.ToLower(text(doc, "name")), strings.ToLower(c.query.Get("name_filter")))
			},
			narrowed: func(c *call) bool { return c.query.Has("name_filter") || c.query.Has("type") },
		},
		show: func(c *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			if _, described := doc["description"]; !described && c.method != http.MethodPost {
				doc["description"] = ""
			}
			return doc, nil
		},
		deleted: deleteRole,
		gone:    func(c *call, _ storage.Document) error { return c.reply(http.StatusOK, storage.Document{}) },
	}
}

// deleteRole takes the role from everyone who has it.
func deleteRole(_ *call, tx *storage.Tx, doc storage.Document) error {
	id := text(doc, "id")
	var holders []storage.UserAccess
	for access, err := range tx.UserAccess.By("role", id) {
		if err != nil {
			return err
		}
		holders = append(holders, access)
	}
	for _, access := range holders {
		access.Roles = changed(access.Roles, []string{id}, false)
		if err := tx.UserAccess.Put(access); err != nil {
			return err
		}
	}
	if err := tx.RolePermissions.Delete(id); err != nil {
		return err
	}
	if err := tx.ForgetRole(id); err != nil {
		return err
	}
	return tx.DeleteLinked(id, storage.MemberRolesKind)
}

func roleOperations() []operation {
	return []operation{
		{http.MethodGet, "/roles/{id}/permissions", []string{"read:roles"}, rolePermissions},
		{http.MethodPost, "/roles/{id}/permissions", []string{"update:roles"}, addRolePermissions},
		{http.MethodDelete, "/roles/{id}/permissions", []string{"update:roles"}, removeRolePermissions},
		{http.MethodGet, "/roles/{id}/users", []string{"read:roles"}, roleUsers},
		{http.MethodPost, "/roles/{id}/users", []string{"update:roles"}, addRoleUsers},
	}
}

func (c *call) requireRole(tx *storage.Tx, id string) error {
	if known, err := tx.Roles.Has(id); err != nil || !known {
		return orMissing(err, resource.Roles)
	}
	return nil
}

// permissionBody describes {"permissions": [...]}, as roles and users take it.
var permissionBody = &resource.Kind{Name: "permissions", Fields: resource.Fields{
	"permissions": {Type: resource.Array, Required: true, Min: 1, Max: resource.MostPermissions, Item: &resource.Field{Type: resource.Object, Fields: resource.Fields{
		"resource_server_identifier": {Type: resource.String, Required: true}, "permission_name": {Type: resource.String, Required: true},
	}}},
}}

func (c *call) readPermissions() ([]storage.Permission, error) {
	if err := c.read(); err != nil {
		return nil, err
	}
	if err := permissionBody.Check(c.body, resource.Create); err != nil {
		return nil, err
	}
	var all []storage.Permission
	for _, item := range c.body["permissions"].([]any) {
		p, _ := item.(storage.Document)
		all = append(all, storage.Permission{
			ResourceServerIdentifier: text(p, "resource_server_identifier"), PermissionName: text(p, "permission_name"),
		})
	}
	return all, nil
}

// checkPermissions sees that the permissions are scopes of APIs that there are.
func checkPermissions(tx *storage.Tx, all []storage.Permission) error {
	apis := describedAPIs{}
	for _, p := range all {
		api, err := apis.of(tx, p.ResourceServerIdentifier)
		if err != nil {
			return err
		}
		if _, defined := api.scopes[p.PermissionName]; !defined {
			return &apierr.Error{
				Status: http.StatusNotFound, Extra: map[string]any{"errorCode": "inexistent_permission"},
				Message: "The permission " + p.PermissionName + " does not exist in the resource server " + p.ResourceServerIdentifier + ".",
			}
		}
	}
	return nil
}

// describedAPIs are APIs by their identifiers. A list has a thousand permissions of an API
// of a thousand: each is looked up once.
type describedAPIs map[string]describedAPI

// describedAPI is an API with the descriptions of its scopes; one that is not there has none.
type describedAPI struct {
	there  bool
	name   string
	scopes map[string]string
}

func (d describedAPIs) of(tx *storage.Tx, identifier string) (describedAPI, error) {
	if known, ok := d[identifier]; ok {
		return known, nil
	}
	api, err := tx.API(identifier)
	if err != nil {
		return describedAPI{}, err
	}
	described := describedAPI{there: api != nil, scopes: map[string]string{}}
	if api != nil {
		described.name = api.Name
		for _, s := range api.Scopes {
			described.scopes[s.Value] = s.Description
		}
	}
	d[identifier] = described
	return described, nil
}

// describe is a permission as lists show it.
func (d describedAPIs) describe(tx *storage.Tx, p storage.Permission) (storage.Document, error) {
	doc := storage.Document{"permission_name": p.PermissionName, "resource_server_identifier": p.ResourceServerIdentifier}
	api, err := d.of(tx, p.ResourceServerIdentifier)
	if err != nil || !api.there {
		return doc, err
	}
	doc["resource_server_name"] = api.name
	if description, defined := api.scopes[p.PermissionName]; defined {
		doc["description"] = description
	}
	return doc, nil
}

//auth0:operation GET /api/v2/roles/{id}/permissions
func rolePermissions(c *call) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if err := c.requireRole(tx, c.param("id")); err != nil {
			return err
		}
		held, err := tx.RolePermissions.Get(c.param("id"))
		if err := storage.Optional(err); err != nil {
			return err
		}
		apis := describedAPIs{}
		for _, p := range held.Permissions {
			doc, err := apis.describe(tx, p)
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
	err = c.update(func(tx *storage.Tx) error {
		id := c.param("id")
		if err := c.requireRole(tx, id); err != nil {
			return err
		}
		held, err := tx.RolePermissions.Get(id)
		if err := storage.Optional(err); err != nil {
			return err
		}
		held.RoleID = id
		if held.Permissions, err = changePermissions(tx, held.Permissions, sent, add); err != nil {
			return err
		}
		return tx.RolePermissions.Put(held)
	})
	return c.permissionsChanged(err, add)
}

func changePermissions(tx *storage.Tx, held, sent []storage.Permission, add bool) ([]storage.Permission, error) {
	if add {
		if err := checkPermissions(tx, sent); err != nil {
			return nil, err
		}
	}
	return changed(held, sent, add), nil
}

// changed is a list without the items, or with each of them once at its end where they are
// added.
func changed[T comparable](list, items []T, add bool) []T {
	sent := setOf(items)
	list = slices.DeleteFunc(list, func(v T) bool { return sent[v] })
	for _, item := range items {
		if add && sent[item] {
			sent[item] = false
			list = append(list, item)
		}
	}
	return list
}

func setOf[T comparable](list []T) map[T]bool {
	set := make(map[T]bool, len(list))
	for _, item := range list {
		set[item] = true
	}
	return set
}

// permissionsChanged answers a change of permissions.
func (c *call) permissionsChanged(err error, add bool) error {
	switch {
	case err != nil:
		return err
	case add:
		return c.reply(http.StatusCreated, storage.Document{})
	}
	return c.empty(http.StatusNoContent)
}

//auth0:operation GET /api/v2/roles/{id}/users
func roleUsers(c *call) error {
	return c.listed(listing{key: "users", style: flexible}, func(tx *storage.Tx, w *window) error {
		if err := c.requireRole(tx, c.param("id")); err != nil {
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

// briefUser is a user as lists of other resources show one.
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
	err = c.update(func(tx *storage.Tx) error {
		if err := c.requireRole(tx, c.param("id")); err != nil {
			return err
		}
		for _, id := range ids {
			if err := changeUserRoles(tx, id, []string{c.param("id")}, true); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusOK)
}

// readList reads a body with one list of texts, such as {"roles": [...]}. most is how
// many items it may have, 0 for as many as there is room for.
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
