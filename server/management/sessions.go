package management

import (
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

func (a *api) sessionOperations() []operation {
	read, remove := []string{"read:sessions"}, []string{"delete:sessions"}
	return []operation{
		{http.MethodGet, "/sessions/{id}", read, getSession},
		{http.MethodDelete, "/sessions/{id}", remove, deleteSession},
		{http.MethodPost, "/sessions/{id}/revoke", []string{"delete:sessions", "delete:refresh_tokens"}, revokeSession},
		{http.MethodGet, "/users/{id}/sessions", read, userSessions},
		{http.MethodDelete, "/users/{id}/sessions", remove, deleteUserSessions},
		{http.MethodGet, "/refresh-tokens/{id}", []string{"read:refresh_tokens"}, getRefreshToken},
		{http.MethodDelete, "/refresh-tokens/{id}", []string{"delete:refresh_tokens"}, deleteRefreshToken},
		{http.MethodGet, "/users/{id}/refresh-tokens", []string{"read:refresh_tokens"}, userRefreshTokens},
		{http.MethodDelete, "/users/{id}/refresh-tokens", []string{"delete:refresh_tokens"}, deleteUserRefreshTokens},
		{http.MethodGet, "/grants", []string{"read:grants"}, grants},
		{http.MethodDelete, "/grants", []string{"delete:grants"}, deleteUserGrants},
		{http.MethodDelete, "/grants/{id}", []string{"delete:grants"}, deleteGrant},
	}
}

var (
	errNoSession      = &apierr.Error{Status: http.StatusNotFound, Message: "The session does not exist.", Extra: map[string]any{"errorCode": "inexistent_session"}}
	errNoRefreshToken = &apierr.Error{Status: http.StatusNotFound, Message: "The refresh token does not exist.", Extra: map[string]any{"errorCode": "inexistent_refresh_token"}}
)

// describeSession is a session as Auth0: api/management/v2/sessions shows it.
func describeSession(s storage.Session) storage.Document {
	clients := []any{}
	for _, id := range s.Clients {
		clients = append(clients, storage.Document{"client_id": id})
	}
	return storage.Document{
		"id": s.ID, "user_id": s.UserID, "created_at": resource.Time(s.CreatedAt), "updated_at": resource.Time(s.LastUsedAt),
		"authenticated_at": resource.Time(s.AuthenticatedAt), "last_interacted_at": resource.Time(s.LastUsedAt),
		"expires_at": resource.Time(s.ExpiresAt), "idle_expires_at": resource.Time(s.IdleExpiresAt), "clients": clients,
		"authentication": storage.Document{"methods": []any{storage.Document{"name": "pwd", "timestamp": resource.Time(s.AuthenticatedAt)}}},
		"cookie":         storage.Document{"mode": "persistent"},
	}
}

func (c *call) session(tx *storage.Tx) (storage.Session, error) {
	s, err := tx.Sessions.Find("id", c.param("id"))
	if storage.IsNotFound(err) {
		return s, errNoSession
	}
	return s, err
}

//auth0:operation GET /api/v2/sessions/{id}
func getSession(c *call) error {
	var s storage.Session
	err := c.view(func(tx *storage.Tx) (err error) {
		s, err = c.session(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, describeSession(s))
}

//auth0:operation DELETE /api/v2/sessions/{id}
func deleteSession(c *call) error {
	err := c.update(func(tx *storage.Tx) error {
		s, err := c.session(tx)
		if err != nil {
			return err
		}
		return tx.Sessions.Delete(s.CookieHash)
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusAccepted)
}

// revokeSession ends a session with the refresh tokens that it brought.
//
//auth0:operation POST /api/v2/sessions/{id}/revoke
func revokeSession(c *call) error {
	err := c.update(func(tx *storage.Tx) error {
		s, err := c.session(tx)
		if err != nil {
			return err
		}
		for t, err := range tx.RefreshTokens.By("session", s.ID) {
			if err != nil {
				return err
			}
			if err := tx.RevokeGrant(t.ID, c.now); err != nil {
				return err
			}
		}
		return tx.Sessions.Delete(s.CookieHash)
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusAccepted)
}

//auth0:operation GET /api/v2/users/{id}/sessions
func userSessions(c *call) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if _, err := c.user(tx); err != nil {
			return err
		}
		for s, err := range tx.Sessions.By("user", c.param("id")) {
			if err != nil {
				return err
			}
			docs = append(docs, describeSession(s))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: "sessions", style: checkpointed})
}

//auth0:operation DELETE /api/v2/users/{id}/sessions
func deleteUserSessions(c *call) error {
	err := c.update(func(tx *storage.Tx) error {
		if _, err := c.user(tx); err != nil {
			return err
		}
		return tx.DeleteSessions(c.param("id"))
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusAccepted)
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
	return doc
}

func (c *call) refreshToken(tx *storage.Tx) (storage.RefreshToken, error) {
	t, err := tx.RefreshTokens.Get(c.param("id"))
	if storage.IsNotFound(err) {
		return t, errNoRefreshToken
	}
	return t, err
}

//auth0:operation GET /api/v2/refresh-tokens/{id}
func getRefreshToken(c *call) error {
	var t storage.RefreshToken
	err := c.view(func(tx *storage.Tx) (err error) {
		t, err = c.refreshToken(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, describeRefreshToken(t))
}

//auth0:operation DELETE /api/v2/refresh-tokens/{id}
func deleteRefreshToken(c *call) error {
	err := c.update(func(tx *storage.Tx) error {
		t, err := c.refreshToken(tx)
		if err != nil {
			return err
		}
		return tx.RevokeGrant(t.ID, c.now)
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

//auth0:operation GET /api/v2/users/{id}/refresh-tokens
func userRefreshTokens(c *call) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if _, err := c.user(tx); err != nil {
			return err
		}
		for t, err := range tx.RefreshTokens.By("user", c.param("id")) {
			if err != nil {
				return err
			}
			docs = append(docs, describeRefreshToken(t))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: "tokens", style: checkpointed})
}

//auth0:operation DELETE /api/v2/users/{id}/refresh-tokens
func deleteUserRefreshTokens(c *call) error {
	err := c.update(func(tx *storage.Tx) error {
		if _, err := c.user(tx); err != nil {
			return err
		}
		return tx.DeleteRefreshTokens(c.param("id"))
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusAccepted)
}

// grants is Auth0: api/management/v2/grants.
//
//auth0:operation GET /api/v2/grants
func grants(c *call) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) (err error) {
		docs, err = c.collect(tx.Grants.Documents(), listing{filters: map[string]string{
			"user_id": "user_id", "client_id": "clientID", "audience": "audience",
		}})
		return err
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: "grants"})
}

//auth0:operation DELETE /api/v2/grants/{id}
func deleteGrant(c *call) error {
	err := c.update(func(tx *storage.Tx) error { return tx.Grants.Delete(c.param("id")) })
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

//auth0:operation DELETE /api/v2/grants
func deleteUserGrants(c *call) error {
	user := c.query.Get("user_id")
	if user == "" {
		return invalidQuery("'Missing required property: user_id'")
	}
	err := c.update(func(tx *storage.Tx) error {
		return deleteBy(tx.Grants, "user", user, func(g storage.Grant) string { return g.ID })
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}
