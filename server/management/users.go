package management

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// users is Auth0: api/management/v2/users. Creation and change are its own:
// they hash passwords, which has no place in a transaction.
//
//auth0:operation GET /api/v2/users
//auth0:operation GET /api/v2/users/{id}
//auth0:operation DELETE /api/v2/users/{id}
func users() served {
	return served{
		kind: resource.Users, path: "/users", scope: "users", verbs: "list get delete",
		scopes: map[string][]string{
			"get": {"read:users", "read:current_user", "read:user_idp_tokens"}, "delete": {"delete:users", "delete:current_user"},
		},
		keep: func(_ *call, tx *storage.Tx) (store, error) { return acted[storage.User]{Resources: tx.Users}, nil },
		list: listing{key: "users", style: paged, length: true, search: (*call).searchUsers, check: checkUserPage},
		deleted: func(c *call, tx *storage.Tx, doc storage.Document) error {
			return deleteUsers(c, tx, text(doc, "user_id"))
		},
	}
}

// deleteUsers removes users with all that is theirs.
func deleteUsers(c *call, tx *storage.Tx, ids ...string) error {
	for _, id := range ids {
		if err := errors.Join(tx.Users.Delete(id), tx.Passwords.Delete(id), tx.UserAccess.Delete(id)); err != nil {
			return err
		}
		if err := deleteBy(tx.Grants, "user", id, func(g storage.Grant) string { return g.ID }); err != nil {
			return err
		}
		err := tx.DeleteLinked(id, storage.OrganizationMembersKind, storage.MemberRolesKind, resource.AuthenticationMethods.Name, resource.DeviceCredentials.Name)
		if err != nil {
			return err
		}
	}
	return tx.ForgetUsers(ids, c.now)
}

func userOperations() []operation {
	return []operation{
		{http.MethodPost, "/users", []string{"create:users"}, createUser},
		{http.MethodPatch, "/users/{id}", updateUserScopes, updateUser},
		{http.MethodGet, "/users-by-email", []string{"read:users"}, usersByEmail},
		{http.MethodGet, "/users/{id}/roles", []string{"read:users", "read:roles"}, userRoles},
		{http.MethodPost, "/users/{id}/roles", []string{"update:users"}, addUserRoles},
		{http.MethodDelete, "/users/{id}/roles", []string{"update:users"}, removeUserRoles},
		{http.MethodGet, "/users/{id}/permissions", []string{"read:users"}, userPermissions},
		{http.MethodPost, "/users/{id}/permissions", []string{"update:users"}, addUserPermissions},
		{http.MethodDelete, "/users/{id}/permissions", []string{"update:users"}, removeUserPermissions},
	}
}

//auth0:operation POST /api/v2/users
func createUser(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := resource.Users.Check(c.body, resource.Create); err != nil {
		return err
	}
	doc := c.body
	connection, password := text(doc, "connection"), text(doc, "password")
	verify := wantsVerification(doc)
	hash, err := c.newPassword(connection, userOf(doc), password)
	if err != nil {
		return err
	}
	var mail emails.Draft
	for _, name := range []string{"connection", "password", "verify_email", "verify_phone_number"} {
		delete(doc, name)
	}
	err = c.update(func(tx *storage.Tx) error {
		doc = c.body
		conn, err := tx.Connections.Find("name", connection)
		if storage.IsNotFound(err) {
			return resource.Connections.Missing
		}
		if err != nil {
			return err
		}
		if err := checkNewUser(conn, doc, password); err != nil {
			return err
		}
		account.Identify(doc, conn)
		identity.Complete(doc, c.now)
		if known, err := tx.Users.Has(text(doc, "user_id")); err != nil || known {
			return cmp.Or(err, error(resource.Users.Taken))
		}
		if err := account.Put(tx, doc, hash); err != nil || !verify {
			return err
		}
		mail, err = c.Emails.DraftTicket(tx, storage.TicketVerifyEmail, userOf(doc), "", c.now)
		return err
	})
	if err != nil {
		return err
	}
	c.mail(mail)
	return c.reply(http.StatusCreated, doc)
}

func checkNewUser(conn storage.Connection, doc storage.Document, password string) error {
	switch {
	case conn.Strategy == storage.DatabaseStrategy && password == "":
		return resource.InvalidBody("Payload validation error: 'Missing required property: password'.")
	case text(doc, "email")+text(doc, "username")+text(doc, "phone_number") == "":
		return resource.InvalidBody("Payload validation error: 'Missing required property: email'.")
	}
	return checkUsername(conn, text(doc, "username"), true)
}

// checkUsername is account.CheckUsername in the words of this API.
func checkUsername(conn storage.Connection, username string, required bool) error {
	err := account.CheckUsername(conn, username, required)
	if refused, ok := errors.AsType[*account.UsernameError](err); ok {
		return usernameError(refused)
	}
	return err
}

var updateUserScopes = []string{"update:users", "update:users_app_metadata", "update:current_user_metadata"}

// updateUser changes a user. Users change no more of their own than user_metadata.
//
//auth0:operation PATCH /api/v2/users/{id}
func updateUser(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if _, metadata := c.body["user_metadata"]; c.caller.own && (len(c.body) != 1 || !metadata) {
		return insufficientScope(updateUserScopes)
	}
	if err := resource.Users.Check(c.body, resource.Update); err != nil {
		return err
	}
	if err := checkTogether(c.body); err != nil {
		return err
	}
	hash, err := c.changedPassword(text(c.body, "password"))
	if err != nil {
		return err
	}
	asked := maps.Clone(c.body)
	for _, name := range []string{"connection", "password", "client_id", "verify_email", "verify_password", "verify_phone_number"} {
		delete(c.body, name)
	}
	var doc storage.Document
	var mails []emails.Draft
	err = c.update(func(tx *storage.Tx) (err error) {
		doc, mails, err = c.changeUser(tx, asked, hash)
		return err
	})
	if err != nil {
		return err
	}
	c.mail(mails...)
	return c.reply(http.StatusOK, c.selectFields(doc))
}

// user returns the user of the path.
func (c *call) user(tx *storage.Tx) (storage.Document, error) {
	doc, err := tx.Users.Document(c.param("id"))
	if storage.IsNotFound(err) {
		return nil, resource.Users.Missing
	}
	return doc, err
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
	return c.page(docs, listing{style: bare})
}

//auth0:operation GET /api/v2/users/{id}/roles
func userRoles(c *call) error {
	return c.listUserRoles(listing{key: "roles"}, func(role storage.Document) storage.Document { return role })
}

// effectiveRoles lists the roles of a user, all of which are the user's own: there
// are no groups to have them from.
//
//auth0:operation GET /api/v2/users/{id}/effective-roles
func effectiveRoles(c *call) error {
	return c.listUserRoles(listing{key: "roles", style: checkpointed}, directRole)
}

// listUserRoles lists the roles of the user of the path.
func (c *call) listUserRoles(l listing, show func(role storage.Document) storage.Document) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if _, err := c.user(tx); err != nil {
			return err
		}
		access, err := tx.UserAccess.Get(c.param("id"))
		if err := storage.Optional(err); err != nil {
			return err
		}
		for _, id := range access.Roles {
			doc, err := tx.Roles.Document(id)
			if err != nil {
				return err
			}
			docs = append(docs, show(doc))
		}
		return nil
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
	ids, err := c.readList("roles", resource.MostRoles)
	if err != nil {
		return err
	}
	err = c.update(func(tx *storage.Tx) error { return changeUserRoles(tx, c.param("id"), ids, add) })
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

func changeUserRoles(tx *storage.Tx, userID string, ids []string, add bool) error {
	if known, err := tx.Users.Has(userID); err != nil || !known {
		return orMissing(err, resource.Users)
	}
	access, err := tx.UserAccess.Get(userID)
	if err := storage.Optional(err); err != nil {
		return err
	}
	access.UserID = userID
	for _, id := range ids {
		if known, err := tx.Roles.Has(id); err != nil || (!known && add) {
			return orMissing(err, resource.Roles)
		}
	}
	access.Roles = changed(access.Roles, ids, add)
	return tx.UserAccess.Put(access)
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
	err = c.update(func(tx *storage.Tx) error {
		if _, err := c.user(tx); err != nil {
			return err
		}
		access, err := tx.UserAccess.Get(c.param("id"))
		if err := storage.Optional(err); err != nil {
			return err
		}
		access.UserID = c.param("id")
		if access.Permissions, err = changePermissions(tx, access.Permissions, sent, add); err != nil {
			return err
		}
		return tx.UserAccess.Put(access)
	})
	return c.permissionsChanged(err, add)
}
