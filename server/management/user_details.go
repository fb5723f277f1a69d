package management

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// authenticationMethods is Auth0: api/management/v2/users: the factors of a
// user. They are kept and do not yet decide a login.
//
//auth0:operation GET /api/v2/users/{user}/authentication-methods
//auth0:operation POST /api/v2/users/{user}/authentication-methods
//auth0:operation GET /api/v2/users/{user}/authentication-methods/{id}
//auth0:operation PATCH /api/v2/users/{user}/authentication-methods/{id}
//auth0:operation DELETE /api/v2/users/{user}/authentication-methods/{id}
func authenticationMethods() served {
	return served{
		kind: resource.AuthenticationMethods, path: "/users/{user}/authentication-methods", scope: "authentication_methods",
		verbs: "list create get patch delete", strict: true,
		keep: keepAuthenticationMethods,
		list: listing{key: "authenticators"},
		show: func(_ *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			delete(doc, "totp_secret")
			return doc, nil
		},
	}
}

func keepAuthenticationMethods(c *call, tx *storage.Tx) (store, error) {
	id := c.param("user")
	if known, err := tx.Users.Has(id); err != nil || !known {
		return nil, orMissing(err, resource.Users)
	}
	methods := c.plain(tx, resource.AuthenticationMethods, id)
	methods.Links = func(doc storage.Document) []string { return []string{id, methodLink(text(doc, "id"))} }
	return methods, nil
}

// methodLink leads to a factor by its id, whosever it is.
func methodLink(id string) string { return "id\x01" + id }

func userDetailOperations() []operation {
	return []operation{
		{http.MethodPut, "/users/{user}/authentication-methods", []string{"update:authentication_methods"}, setAuthenticationMethods},
		{http.MethodDelete, "/users/{user}/authentication-methods", []string{"delete:authentication_methods"}, deleteAuthenticationMethods},
		{http.MethodGet, "/users/{id}/enrollments", []string{"read:users", "read:current_user"}, enrollments},
		{http.MethodDelete, "/users/{id}/authenticators", []string{"delete:guardian_enrollments"}, deleteAuthenticators},
		{http.MethodDelete, "/users/{id}/multifactor/{provider}", []string{"update:users"}, deleteAuthenticators},
		{http.MethodPost, "/users/{id}/multifactor/actions/invalidate-remember-browser", []string{"update:users"}, invalidateRememberBrowser},
		{http.MethodGet, "/users/{id}/connected-accounts", []string{"read:users"}, connectedAccounts},
		{http.MethodGet, "/users/{id}/federated-connections-tokensets", []string{"read:federated_connections_tokens"}, federatedTokens},
		{http.MethodDelete, "/users/{id}/federated-connections-tokensets/{tokenset}", []string{"delete:federated_connections_tokens"}, deleteFederatedTokens},
		{http.MethodGet, "/users/{id}/effective-permissions", []string{"read:user_effective_permissions"}, effectivePermissions},
		{http.MethodGet, "/users/{id}/effective-permissions/sources/effective-roles", []string{"read:user_permission_source_roles"}, permissionRoles},
		{http.MethodGet, "/users/{id}/effective-roles", []string{"read:user_effective_roles"}, effectiveRoles},
		{http.MethodPost, "/users/{id}/identities", linkScopes, linkIdentity},
		{http.MethodDelete, "/users/{id}/identities/{provider}/{identity}", linkScopes, unlinkIdentity},
		{http.MethodPost, "/users/{id}/revoke-access", []string{"delete:sessions", "delete:refresh_tokens"}, revokeAccess},
	}
}

// setAuthenticationMethods replaces all factors of a user.
//
//auth0:operation PUT /api/v2/users/{user}/authentication-methods
func setAuthenticationMethods(c *call) error {
	list, err := readList[storage.Document](c, notAList)
	if err != nil {
		return err
	}
	for _, doc := range list {
		if err := resource.AuthenticationMethods.Check(doc, resource.Create); err != nil {
			return err
		}
	}
	err = c.update(func(tx *storage.Tx) error {
		st, err := keepAuthenticationMethods(c, tx)
		if err != nil {
			return err
		}
		if err := tx.Documents(resource.AuthenticationMethods.Name, c.param("user")).DeleteAll(); err != nil {
			return err
		}
		for _, doc := range list {
			resource.AuthenticationMethods.Fill(doc, c.now)
			if err := st.Put(doc); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, list)
}

//auth0:operation DELETE /api/v2/users/{user}/authentication-methods
func deleteAuthenticationMethods(c *call) error {
	err := c.update(func(tx *storage.Tx) error {
		if _, err := keepAuthenticationMethods(c, tx); err != nil {
			return err
		}
		return tx.Documents(resource.AuthenticationMethods.Name, c.param("user")).DeleteAll()
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

// enrollments lists the confirmed factors of a user in the form of guardian.
//
//auth0:operation GET /api/v2/users/{id}/enrollments
func enrollments(c *call) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if _, err := c.user(tx); err != nil {
			return err
		}
		for doc, err := range tx.Documents(resource.AuthenticationMethods.Name, c.param("id")).All() {
			if err != nil {
				return err
			}
			docs = append(docs, storage.Document{
				"id": doc["id"], "status": "confirmed", "type": doc["type"], "name": doc["name"], "enrolled_at": doc["created_at"],
			})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{style: bare})
}

// deleteAuthenticators resets a user's factors.
//
//auth0:operation DELETE /api/v2/users/{id}/authenticators
//auth0:operation DELETE /api/v2/users/{id}/multifactor/{provider}
func deleteAuthenticators(c *call) error {
	err := c.update(func(tx *storage.Tx) error {
		if _, err := c.user(tx); err != nil {
			return err
		}
		return tx.Documents(resource.AuthenticationMethods.Name, c.param("id")).DeleteAll()
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

// invalidateRememberBrowser has nothing to forget: no browser is remembered.
//
//auth0:operation POST /api/v2/users/{id}/multifactor/actions/invalidate-remember-browser
func invalidateRememberBrowser(c *call) error {
	err := c.view(func(tx *storage.Tx) error {
		_, err := c.user(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

// connectedAccounts lists none: there are no upstream accounts.
//
//auth0:operation GET /api/v2/users/{id}/connected-accounts
func connectedAccounts(c *call) error {
	err := c.view(func(tx *storage.Tx) error {
		_, err := c.user(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.page([]storage.Document{}, listing{key: "connected_accounts", style: checkpointed})
}

// federatedTokens lists none: no identity provider has given any.
//
//auth0:operation GET /api/v2/users/{id}/federated-connections-tokensets
func federatedTokens(c *call) error {
	if err := c.passes([]check{userAt}); err != nil {
		return err
	}
	return c.reply(http.StatusOK, []storage.Document{})
}

// deleteFederatedTokens has none to delete.
//
//auth0:operation DELETE /api/v2/users/{id}/federated-connections-tokensets/{tokenset_id}
func deleteFederatedTokens(c *call) error {
	if err := c.passes([]check{userAt}); err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

var linkScopes = []string{"update:users", "update:current_user_identities"}

// linkIdentity makes another account an identity of this user, Auth0:
// manage-users/user-accounts/user-account-linking. The other account is gone
// after that. Users who link their own accounts prove that the other is theirs, by
// an ID token of it that was issued to the application that asks.
//
//auth0:operation POST /api/v2/users/{id}/identities
func linkIdentity(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := resource.LinkedIdentity.Check(c.body, resource.Create); err != nil {
		return err
	}
	if c.caller.own && text(c.body, "link_with") == "" {
		return insufficientScope(linkScopes)
	}
	secondary, err := c.secondary()
	if err != nil {
		return err
	}
	var identities []any
	err = c.update(func(tx *storage.Tx) error {
		primary, err := c.user(tx)
		if err != nil {
			return err
		}
		other, err := tx.Users.Document(secondary)
		if storage.IsNotFound(err) || secondary == c.param("id") {
			return resource.Users.Missing
		}
		if err != nil {
			return err
		}
		if err := deleteUsers(c, tx, secondary); err != nil {
			return err
		}
		identities, _ = primary["identities"].([]any)
		moved, _ := other["identities"].([]any)
		for _, item := range moved {
			identity, _ := item.(storage.Document)
			identity["profileData"] = profileData(other)
			identities = append(identities, identity)
		}
		primary["identities"] = identities
		primary["updated_at"] = resource.Time(c.now)
		return tx.Users.Put(primary)
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, identities)
}

// secondary is the id of the account to link.
func (c *call) secondary() (string, error) {
	if token := text(c.body, "link_with"); token != "" {
		subject, err := c.Issuer.Prove(token, c.caller.ClientID, c.now)
		if err != nil {
			return "", resource.InvalidBody("Payload validation error: 'link_with does not prove that the account is yours: " + err.Error() + "'.")
		}
		return subject, nil
	}
	provider, id := text(c.body, "provider"), text(c.body, "user_id")
	if number, ok := c.body["user_id"].(float64); ok {
		id = strconv.FormatFloat(number, 'f', -1, 64)
	}
	if provider == "" || id == "" {
		return "", resource.InvalidBody("Payload validation error: 'Missing required property: provider'.")
	}
	return provider + "|" + strings.TrimPrefix(id, provider+"|"), nil
}

// profileData is what a linked identity keeps of its account's profile.
func profileData(user storage.Document) storage.Document {
	data := storage.Document{}
	for _, name := range []string{"email", "email_verified", "name", "username", "given_name", "family_name", "phone_number", "phone_verified", "picture", "nickname"} {
		if value, ok := user[name]; ok {
			data[name] = value
		}
	}
	return data
}

var errNoIdentity = &apierr.Error{Status: http.StatusBadRequest, Message: "The identity does not exist or is the user's main one.", Extra: map[string]any{"errorCode": "inexistent_identity"}}

// unlinkIdentity makes an identity an account of its own again.
//
//auth0:operation DELETE /api/v2/users/{id}/identities/{provider}/{identity}
func unlinkIdentity(c *call) error {
	var left []any
	err := c.update(func(tx *storage.Tx) error {
		user, err := c.user(tx)
		if err != nil {
			return err
		}
		all, _ := user["identities"].([]any)
		i := slices.IndexFunc(all, func(item any) bool {
			identity, _ := item.(storage.Document)
			return text(identity, "provider") == c.param("provider") && text(identity, "user_id") == c.param("identity")
		})
		if i <= 0 { // the first is the user's own
			return errNoIdentity
		}
		identity, _ := all[i].(storage.Document)
		alone, ok := identity["profileData"].(storage.Document)
		if !ok {
			alone = storage.Document{}
		}
		delete(identity, "profileData")
		alone["user_id"] = c.param("provider") + "|" + c.param("identity")
		alone["identities"] = []any{identity}
		alone["created_at"], alone["updated_at"] = resource.Time(c.now), resource.Time(c.now)
		left = slices.Delete(all, i, i+1)
		user["identities"], user["updated_at"] = left, resource.Time(c.now)
		if err := tx.Users.Put(user); err != nil {
			return err
		}
		return account.Put(tx, alone, "")
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, left)
}

//auth0:operation POST /api/v2/users/{id}/revoke-access
func revokeAccess(c *call) error {
	err := c.update(func(tx *storage.Tx) error {
		if _, err := c.user(tx); err != nil {
			return err
		}
		return tx.EndSessions(c.param("id"))
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}
