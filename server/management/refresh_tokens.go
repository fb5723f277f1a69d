package management

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

func refreshTokenOperations() []operation {
	read, update, remove := []string{"read:refresh_tokens"}, []string{"update:refresh_tokens"}, []string{"delete:refresh_tokens"}
	return []operation{
		{http.MethodGet, "/refresh-tokens", read, listRefreshTokens},
		{http.MethodPost, "/refresh-tokens/revoke", remove, revokeRefreshTokens},
		{http.MethodGet, "/refresh-tokens/{id}", read, getRefreshToken},
		{http.MethodPatch, "/refresh-tokens/{id}", update, updateRefreshToken},
		{http.MethodDelete, "/refresh-tokens/{id}", remove, deleteRefreshToken},
		{http.MethodGet, "/users/{id}/refresh-tokens", read, userRefreshTokens},
		{http.MethodDelete, "/users/{id}/refresh-tokens", remove, deleteUserRefreshTokens},
	}
}

// describeRefreshToken is a refresh token as Auth0:
// api/management/v2/refresh-tokens shows it.
func describeRefreshToken(t storage.RefreshToken) storage.Document {
	doc := storage.Document{
		"id": t.ID, "user_id": t.Issue.UserID, "client_id": t.Issue.ClientID, "rotating": t.Rotating, "session_id": nil,
		"created_at": resource.Time(t.CreatedAt), "last_exchanged_at": resource.Time(t.LastExchangedAt),
		"resource_servers": []any{storage.Document{"audience": t.Issue.Audience, "scopes": strings.Join(t.Issue.Scope, " ")}},
	}
	if t.Issue.SessionID != "" {
		doc["session_id"] = t.Issue.SessionID
	}
	if !t.ExpiresAt.IsZero() {
		doc["expires_at"] = resource.Time(t.ExpiresAt)
	}
	if !t.IdleExpiresAt.IsZero() {
		doc["idle_expires_at"] = resource.Time(t.IdleExpiresAt)
	}
	if len(t.Metadata) > 0 {
		doc["refresh_token_metadata"] = t.Metadata
	}
	return doc
}

//auth0:operation GET /api/v2/refresh-tokens/{id}
func getRefreshToken(c *call) error {
	return replyView(c, func(tx *storage.Tx) (storage.Document, error) {
		t, err := objects.GetRefreshToken(tx, c.param("id"))
		return describeRefreshToken(t), err
	})
}

//auth0:operation DELETE /api/v2/refresh-tokens/{id}
func deleteRefreshToken(c *call) error {
	return c.emptyChange(http.StatusAccepted, func(ch *objects.Change) error { return objects.DeleteRefreshToken(ch, c.param("id")) })
}

// updateRefreshToken replaces the metadata of a refresh token, Auth0:
// secure/tokens/refresh-tokens/refresh-token-metadata.
//
//auth0:operation PATCH /api/v2/refresh-tokens/{id}
func updateRefreshToken(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	err := c.check(refreshTokenBody, resource.Update, func(tx *storage.Tx) error {
		_, err := objects.GetRefreshToken(tx, c.param("id"))
		return err
	})
	if err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		t, err := objects.UpdateRefreshToken(ch.Tx, c.param("id"), c.body)
		return describeRefreshToken(t), err
	})
}

//auth0:operation GET /api/v2/refresh-tokens
func listRefreshTokens(c *call) error {
	user := c.query.Get("user_id")
	if user == "" {
		return invalidPart("Missing required 'user_id' parameter.", "invalid_query_string")
	}
	return c.refreshTokensOf(user, "refresh_tokens", nil)
}

//auth0:operation GET /api/v2/users/{id}/refresh-tokens
func userRefreshTokens(c *call) error {
	return c.refreshTokensOf(c.param("id"), "tokens", []check{userAt})
}

// refreshTokensOf lists those of a user, in the application that the query names.
func (c *call) refreshTokensOf(user, key string, checks []check) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		for _, check := range checks {
			if err := check(c, tx); err != nil {
				return err
			}
		}
		all, err := tx.RefreshTokensOf(user)
		for _, t := range all {
			if client := c.query.Get("client_id"); client == "" || client == t.Issue.ClientID {
				docs = append(docs, describeRefreshToken(t))
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: key, style: checkpointed})
}

var revokeBody = &resource.Kind{Fields: resource.Fields{
	"ids":     {Type: resource.Array, Min: 1, Max: 100, Item: &resource.Field{Type: resource.String, Min: 1, Max: 30}},
	"user_id": {Type: resource.String, Min: 1, Max: 300}, "client_id": {Type: resource.String, Min: 1, Max: 64},
	"audience": {Type: resource.String, Min: 1, Max: 600},
}}

// revokeRefreshTokens ends the tokens with ids, or those of a user, an application,
// or of both and one API.
//
//auth0:operation POST /api/v2/refresh-tokens/revoke
func revokeRefreshTokens(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	revoked, err := c.toRevoke()
	if err != nil {
		return err
	}
	return c.emptyChange(http.StatusAccepted, func(ch *objects.Change) error { return objects.RevokeRefreshTokens(ch, revoked) })
}

// invalidCombination is Auth0's answer to parameters that do not go together.
var invalidCombination = resource.InvalidBody("Invalid combination of parameters.")

// toRevoke reads which tokens the body means.
func (c *call) toRevoke() (func(storage.RefreshToken) bool, error) {
	if err := revokeBody.Check(c.body, resource.Create); err != nil {
		return nil, err
	}
	ids, byID := c.body["ids"].([]any)
	user, client, audience := storage.Text(c.body, "user_id"), storage.Text(c.body, "client_id"), storage.Text(c.body, "audience")
	switch {
	case byID && user+client+audience != "":
		return nil, invalidCombination
	case audience != "" && (user == "" || client == ""):
		return nil, invalidCombination
	case byID:
		return func(t storage.RefreshToken) bool { return slices.Contains(ids, any(t.ID)) }, nil
	case user+client == "":
		return nil, resource.InvalidBody("One of ids, user_id or client_id is required.")
	}
	fits := func(wanted, have string) bool { return wanted == "" || wanted == have }
	return func(t storage.RefreshToken) bool {
		return fits(user, t.Issue.UserID) && fits(client, t.Issue.ClientID) && fits(audience, t.Issue.Audience)
	}, nil
}

//auth0:operation DELETE /api/v2/users/{id}/refresh-tokens
func deleteUserRefreshTokens(c *call) error {
	return c.emptyChange(http.StatusAccepted, func(ch *objects.Change) error { return objects.DeleteRefreshTokensOf(ch.Tx, c.param("id")) })
}
