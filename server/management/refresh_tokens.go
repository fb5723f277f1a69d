package management

import (
	"net/http"

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

//auth0:operation GET /api/v2/refresh-tokens/{id}
func getRefreshToken(c *call) error {
	return replyView(c, func(tx *storage.Tx) (storage.Document, error) {
		t, err := objects.GetRefreshToken(tx, c.param("id"))
		return objects.ShownRefreshToken(t), err
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
	err := c.check(resource.RefreshTokenMetadata, resource.Update, func(tx *storage.Tx) error {
		_, err := objects.GetRefreshToken(tx, c.param("id"))
		return err
	})
	if err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		t, err := objects.UpdateRefreshToken(ch.Tx, c.param("id"), c.body)
		return objects.ShownRefreshToken(t), err
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

// refreshTokensOf lists the refresh tokens of a user, only those of one application if
// the query names it.
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
				docs = append(docs, objects.ShownRefreshToken(t))
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: key, style: checkpointed})
}

// revokeRefreshTokens revokes the refresh tokens with ids, or those of a user, of an
// application, or of a user, an application and an API.
//
//auth0:operation POST /api/v2/refresh-tokens/revoke
func revokeRefreshTokens(c *call) error {
	if err := c.readAs(resource.RefreshTokensToRevoke, resource.Create); err != nil {
		return err
	}
	revoke, err := objects.RevokeRefreshTokens(c.body)
	if err != nil {
		return err
	}
	return c.emptyChange(http.StatusAccepted, revoke)
}

//auth0:operation DELETE /api/v2/users/{id}/refresh-tokens
func deleteUserRefreshTokens(c *call) error {
	return c.emptyChange(http.StatusAccepted, func(ch *objects.Change) error { return objects.DeleteRefreshTokensOf(ch.Tx, c.param("id")) })
}
