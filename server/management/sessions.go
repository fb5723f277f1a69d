package management

import (
	"errors"
	"net/http"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/storage"
)

func sessionOperations() []operation {
	read, remove := []string{"read:sessions"}, []string{"delete:sessions"}
	return []operation{
		{http.MethodGet, "/sessions/{id}", read, getSession},
		{http.MethodPatch, "/sessions/{id}", []string{"update:sessions"}, updateSession},
		{http.MethodDelete, "/sessions/{id}", remove, deleteSession},
		{http.MethodPost, "/sessions/{id}/revoke", []string{"delete:sessions", "delete:refresh_tokens"}, revokeSession},
		{http.MethodGet, "/users/{id}/sessions", read, userSessions},
		{http.MethodDelete, "/users/{id}/sessions", remove, deleteUserSessions},
		{http.MethodGet, "/grants", []string{"read:grants"}, grants},
		{http.MethodDelete, "/grants", []string{"delete:grants"}, deleteUserGrants},
		{http.MethodDelete, "/grants/{id}", []string{"delete:grants"}, deleteGrant},
	}
}

var errNoSession = &apierr.Error{Status: http.StatusNotFound, Message: "The session does not exist.", Extra: map[string]any{"errorCode": "inexistent_session"}}

// describeSession is a session as Auth0: api/management/v2/sessions shows it.
func describeSession(s storage.Session) storage.Document {
	clients := []any{}
	for _, id := range s.Clients {
		clients = append(clients, storage.Document{"client_id": id})
	}
	doc := storage.Document{
		"id": s.ID, "user_id": s.UserID, "created_at": resource.Time(s.CreatedAt), "updated_at": resource.Time(s.LastUsedAt),
		"authenticated_at": resource.Time(s.AuthenticatedAt), "last_interacted_at": resource.Time(s.LastUsedAt),
		"expires_at": resource.Time(s.ExpiresAt), "idle_expires_at": resource.Time(s.IdleExpiresAt), "clients": clients,
		"authentication": storage.Document{"methods": signin.Methods(s)}, "cookie": storage.Document{"mode": "persistent"},
	}
	if len(s.Metadata) > 0 {
		doc["session_metadata"] = s.Metadata
	}
	return doc
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

// updateSession replaces the metadata of a session, Auth0:
// manage-users/sessions/session-metadata.
//
//auth0:operation PATCH /api/v2/sessions/{id}
func updateSession(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	err := c.check(sessionBody, resource.Update, func(tx *storage.Tx) error {
		_, err := c.session(tx)
		return err
	})
	if err != nil {
		return err
	}
	var s storage.Session
	err = c.update(func(tx *storage.Tx) (err error) {
		if s, err = c.session(tx); err != nil {
			return err
		}
		if sent, ok := c.body["session_metadata"]; ok {
			s.Metadata, _ = sent.(storage.Document)
		}
		return tx.Sessions.Put(s)
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, describeSession(s))
}

var (
	sessionBody      = resource.MetadataOf("session_metadata")
	refreshTokenBody = resource.MetadataOf("refresh_token_metadata")
)

//auth0:operation DELETE /api/v2/sessions/{id}
func deleteSession(c *call) error {
	err := c.update(func(tx *storage.Tx) error {
		s, err := c.session(tx)
		if errors.Is(err, errNoSession) {
			return nil // what was asked for is so
		}
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

// grants is Auth0: api/management/v2/grants.
//
//auth0:operation GET /api/v2/grants
func grants(c *call) error {
	l := listing{
		key: "grants", filters: map[string]string{"user_id": "user_id", "client_id": "clientID", "audience": "audience"},
		indexes: map[string]string{"user_id": "user", "client_id": "client"},
	}
	return c.listed(l, func(tx *storage.Tx, w *window) error {
		list, sifts := l.of(c, tx.Grants)
		return w.fill(list, sifts, c.taker(w, sifts))
	})
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
