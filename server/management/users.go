package management

import (
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// users serves the tenant's users, Auth0: api/management/v2/users. Their creation and change are
// separate operations, because these hash passwords, which must not happen in a transaction.
//
//auth0:operation GET /api/v2/users
//auth0:operation GET /api/v2/users/{id}
//auth0:operation DELETE /api/v2/users/{id}
func users() collection {
	return collection{
		kind: objects.Users, path: "/users", scope: "users", verbs: "list get delete",
		scopes: map[string][]string{
			"get": {"read:users", "read:current_user", "read:user_idp_tokens"}, "delete": {"delete:users", "delete:current_user"},
		},
		detail: addIdentityTokens,
		list:   listing{key: "users", style: paged, showsLength: true, empty: true, search: (*call).searchUsers, check: checkUserPage},
	}
}

// addIdentityTokens adds the identity providers' tokens for a user's accounts if the caller may
// see them, Auth0: authenticate/identity-providers/calling-an-external-idp-api.
func addIdentityTokens(c *call, tx *storage.Tx, doc storage.Document) error {
	if c.caller.own || !c.caller.machine() || !c.caller.holds("read:user_idp_tokens") {
		return nil
	}
	return objects.AddProviderTokens(tx, doc)
}

func userOperations() []operation {
	return []operation{
		{http.MethodPost, "/users", []string{"create:users"}, createUser},
		{http.MethodPatch, "/users/{id}", updateUserScopes, updateUser},
		{http.MethodGet, "/users-by-email", []string{"read:users"}, usersByEmail},
		{http.MethodGet, "/users/{id}/roles", []string{"read:users read:roles", "read:role_members"}, userRoles},
		{http.MethodPost, "/users/{id}/roles", []string{"update:users", "create:role_members"}, addUserRoles},
		{http.MethodDelete, "/users/{id}/roles", []string{"update:users", "delete:role_members"}, removeUserRoles},
		{http.MethodGet, "/users/{id}/permissions", []string{"read:users"}, userPermissions},
		{http.MethodPost, "/users/{id}/permissions", []string{"update:users"}, addUserPermissions},
		{http.MethodDelete, "/users/{id}/permissions", []string{"update:users"}, removeUserPermissions},
	}
}

//auth0:operation POST /api/v2/users
func createUser(c *call) error {
	if err := c.readAs(resource.Users, resource.Create); err != nil {
		return err
	}
	hash, err := c.newPassword(storage.Text(c.body, "connection"), objects.UserOf(c.body), storage.Text(c.body, "password"))
	if err != nil {
		return err
	}
	return replyChange(c, http.StatusCreated, func(ch *objects.Change) (storage.Document, error) {
		return c.body, objects.CreateUser(ch, c.body, hash)
	})
}

var updateUserScopes = []string{"update:users", "update:users_app_metadata", "update:current_user_metadata"}

// updateUser changes a user. Users can only change their own user_metadata.
//
//auth0:operation PATCH /api/v2/users/{id}
func updateUser(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if _, metadata := c.body["user_metadata"]; c.caller.own && (len(c.body) != 1 || !metadata) {
		return c.caller.lacks(updateUserScopes)
	}
	if err := resource.Users.Check(c.body, resource.Update); err != nil {
		return err
	}
	if err := objects.CheckCombination(c.body); err != nil {
		return err
	}
	hash, err := c.changedPassword(c.body)
	if err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		doc, err := objects.UpdateUser(ch, c.param("id"), c.body, hash)
		return c.selectFields(doc), err
	})
}

//auth0:operation GET /api/v2/users-by-email
func usersByEmail(c *call) error {
	email := c.query.Get("email")
	if email == "" {
		return invalidQuery("'Missing required property: email'")
	}
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		for user, err := range tx.Users.By("email", strings.ToLower(email)) {
			if err != nil {
				return err
			}
			doc, err := tx.Users.Document(user.UserID)
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
	return c.page(docs, listing{style: alwaysArray})
}

//auth0:operation GET /api/v2/users/{id}/roles
func userRoles(c *call) error {
	return c.listUserRoles(listing{key: "roles"}, func(role storage.Document) storage.Document { return role })
}

// effectiveRoles lists the effective roles of a user. All are assigned directly, since tenant0
// has no groups.
//
//auth0:operation GET /api/v2/users/{id}/effective-roles
func effectiveRoles(c *call) error {
	return c.listUserRoles(listing{key: "roles", style: checkpointed}, directRole)
}

// listUserRoles lists the roles of the user in the path.
func (c *call) listUserRoles(l listing, show func(role storage.Document) storage.Document) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		roles, err := objects.RolesOf(tx, c.param("id"))
		for _, role := range roles {
			docs = append(docs, show(role))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.page(docs, l)
}

//auth0:operation POST /api/v2/users/{id}/roles
func addUserRoles(c *call) error { return c.changeRoles(true) }

//auth0:operation DELETE /api/v2/users/{id}/roles
func removeUserRoles(c *call) error { return c.changeRoles(false) }

func (c *call) changeRoles(add bool) error {
	ids, err := c.readList("roles", resource.MaxRoles)
	if err != nil {
		return err
	}
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error { return objects.ChangeRoles(ch.Tx, c.param("id"), ids, add) })
}

//auth0:operation POST /api/v2/users/{id}/permissions
func addUserPermissions(c *call) error { return c.changeUserPermissions(true) }

//auth0:operation DELETE /api/v2/users/{id}/permissions
func removeUserPermissions(c *call) error { return c.changeUserPermissions(false) }

func (c *call) changeUserPermissions(add bool) error {
	sent, err := c.readPermissions()
	if err != nil {
		return err
	}
	return c.permissionsChanged(add, func(ch *objects.Change) error {
		return objects.ChangeUserPermissions(ch.Tx, c.param("id"), sent, add)
	})
}
