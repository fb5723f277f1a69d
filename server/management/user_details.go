package management

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// authenticationMethods serves the authentication methods of a user, Auth0: api/management/v2/users. Logins ask
// for those that the MFA API supports if the tenant's policies require it.
//
//auth0:operation GET /api/v2/users/{user}/authentication-methods
//auth0:operation POST /api/v2/users/{user}/authentication-methods
//auth0:operation GET /api/v2/users/{user}/authentication-methods/{id}
//auth0:operation PATCH /api/v2/users/{user}/authentication-methods/{id}
//auth0:operation DELETE /api/v2/users/{user}/authentication-methods/{id}
func authenticationMethods() collection {
	return collection{
		kind: objects.AuthenticationMethods, path: "/users/{user}/authentication-methods", parent: "user", scope: "authentication_methods",
		verbs: "list create get patch delete", strict: true,
		list: listing{key: "authenticators", empty: true},
		show: func(_ *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			factors.Hide(doc)
			return doc, nil
		},
	}
}

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
		{http.MethodPost, "/users/{id}/recovery-code-regeneration", []string{"update:users"}, regenerateRecoveryCode},
		{http.MethodPost, "/users/{id}/risk-assessments/clear", []string{"update:users"}, clearAssessors},
		{http.MethodPost, "/users/{id}/revoke-access", []string{"delete:sessions", "delete:refresh_tokens"}, revokeAccess},
	}
}

// setAuthenticationMethods replaces all authentication methods of a user.
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
	return replyChange(c, http.StatusOK, func(ch *objects.Change) ([]storage.Document, error) {
		return list, objects.SetFactors(ch, c.param("user"), list)
	})
}

//auth0:operation DELETE /api/v2/users/{user}/authentication-methods
func deleteAuthenticationMethods(c *call) error {
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error { return objects.DeleteFactors(ch.Tx, c.param("user")) })
}

// enrollments lists a user's confirmed authentication methods in the format of Guardian enrollments.
//
//auth0:operation GET /api/v2/users/{id}/enrollments
func enrollments(c *call) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if err := userAt(c, tx); err != nil {
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
	return c.page(docs, listing{style: alwaysArray})
}

// deleteAuthenticators deletes all authentication methods of a user.
//
//auth0:operation DELETE /api/v2/users/{id}/authenticators
//auth0:operation DELETE /api/v2/users/{id}/multifactor/{provider}
func deleteAuthenticators(c *call) error {
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error { return objects.DeleteFactors(ch.Tx, c.param("id")) })
}

// invalidateRememberBrowser makes logins ask for MFA again in all browsers of a user.
//
//auth0:operation POST /api/v2/users/{id}/multifactor/actions/invalidate-remember-browser
func invalidateRememberBrowser(c *call) error {
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error {
		if err := objects.Users.Require(ch.Tx, c.param("id")); err != nil {
			return err
		}
		return ch.Tx.ForgetBrowsers(c.param("id"))
	})
}

// connectedAccounts lists the accounts at providers that a user has connected.
//
//auth0:operation GET /api/v2/users/{id}/connected-accounts
func connectedAccounts(c *call) error {
	shown := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if err := userAt(c, tx); err != nil {
			return err
		}
		all, err := objects.ConnectedAccountsOf(tx, c.param("id"))
		for _, a := range all {
			shown = append(shown, a.Shown())
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.page(shown, listing{key: "connected_accounts", style: checkpointed})
}

// federatedTokens describes the provider tokens of a user's accounts that applications may get, without the tokens
// themselves.
//
//auth0:operation GET /api/v2/users/{id}/federated-connections-tokensets
func federatedTokens(c *call) error {
	return replyView(c, func(tx *storage.Tx) ([]storage.Document, error) { return objects.TokensetsOf(tx, c.param("id")) })
}

// deleteFederatedTokens deletes the provider tokens of one of a user's accounts.
//
//auth0:operation DELETE /api/v2/users/{id}/federated-connections-tokensets/{tokenset_id}
func deleteFederatedTokens(c *call) error {
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error {
		return objects.DeleteTokenset(ch.Tx, c.param("id"), c.param("tokenset"))
	})
}

var linkScopes = []string{"update:users", "update:current_user_identities"}

// linkIdentity makes another account an identity of this user, Auth0:
// manage-users/user-accounts/user-account-linking, and deletes the other user. Users who link their own accounts
// must prove that the other account is theirs, by an ID token for it that was issued to the calling application.
//
//auth0:operation POST /api/v2/users/{id}/identities
func linkIdentity(c *call) error {
	if err := c.readAs(resource.LinkedIdentity, resource.Create); err != nil {
		return err
	}
	if c.caller.own && storage.Text(c.body, "link_with") == "" {
		return c.caller.lacks(linkScopes)
	}
	secondary, err := c.secondary()
	if err != nil {
		return err
	}
	return replyChange(c, http.StatusCreated, func(ch *objects.Change) ([]any, error) {
		return objects.LinkUsers(ch, c.param("id"), secondary)
	})
}

// secondary returns the id of the user to link.
func (c *call) secondary() (string, error) {
	if token := storage.Text(c.body, "link_with"); token != "" {
		subject, err := c.Issuer.Prove(token, c.caller.ClientID, c.now)
		if err != nil {
			return "", resource.InvalidBody("Payload validation error: 'link_with does not prove that the account is yours: " + err.Error() + "'.")
		}
		return subject, nil
	}
	provider, id := storage.Text(c.body, "provider"), storage.Text(c.body, "user_id")
	if number, ok := c.body["user_id"].(float64); ok {
		id = strconv.FormatFloat(number, 'f', -1, 64)
	}
	if provider == "" || id == "" {
		return "", resource.InvalidBody("Payload validation error: 'Missing required property: provider'.")
	}
	return provider + "|" + strings.TrimPrefix(id, provider+"|"), nil
}

// unlinkIdentity makes an identity a separate user again.
//
//auth0:operation DELETE /api/v2/users/{id}/identities/{provider}/{identity}
func unlinkIdentity(c *call) error {
	return replyChange(c, http.StatusOK, func(ch *objects.Change) ([]any, error) {
		return objects.UnlinkIdentity(ch, c.param("id"), c.param("provider"), c.param("identity"))
	})
}

//auth0:operation POST /api/v2/users/{id}/revoke-access
func revokeAccess(c *call) error {
	if err := c.readAs(resource.AccessToRevoke, resource.Create); err != nil {
		return err
	}
	session, keep := storage.Text(c.body, "session_id"), c.body["preserve_refresh_tokens"] == true
	return c.emptyChange(http.StatusAccepted, func(ch *objects.Change) error { return objects.RevokeAccess(ch, c.param("id"), session, keep) })
}

// clearAssessors would delete what risk assessors have stored about a user of a connection. tenant0 assesses no
// risks, so there is nothing to delete.
//
//auth0:operation POST /api/v2/users/{id}/risk-assessments/clear
func clearAssessors(c *call) error {
	if err := c.readAs(resource.AssessorsToClear, resource.Create); err != nil {
		return err
	}
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error {
		return objects.RequireUserOf(ch.Tx, c.param("id"), storage.Text(c.body, "connection"))
	})
}

// regenerateRecoveryCode gives a user a new recovery code, Auth0:
// api/management/v2/users/post-recovery-code-regeneration.
//
//auth0:operation POST /api/v2/users/{id}/recovery-code-regeneration
func regenerateRecoveryCode(c *call) error {
	code := factors.NewRecoveryCode()
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		if err := objects.Users.Require(ch.Tx, c.param("id")); err != nil {
			return nil, err
		}
		err := factors.SetRecoveryCode(ch.Tx, c.Issuer.Secrets, c.param("id"), code, c.now)
		return storage.Document{"recovery_code": code}, err
	})
}
