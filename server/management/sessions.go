package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
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

// describeSession returns a session as the API shows it, Auth0:
// api/management/v2/sessions.
func describeSession(s storage.Session) storage.Document {
	clients := []any{}
	for _, id := range s.Clients {
		clients = append(clients, storage.Document{"client_id": id})
	}
	mode := "persistent"
	if s.Ephemeral {
		mode = "non-persistent"
	}
	doc := storage.Document{
		"id": s.ID, "user_id": s.UserID, "created_at": resource.Time(s.CreatedAt), "updated_at": resource.Time(s.LastUsedAt),
		"authenticated_at": resource.Time(s.AuthenticatedAt), "last_interacted_at": resource.Time(s.LastUsedAt),
		"expires_at": resource.Time(s.ExpiresAt), "idle_expires_at": resource.Time(s.IdleExpiresAt), "clients": clients,
		"authentication": storage.Document{"methods": signin.Methods(s)}, "cookie": storage.Document{"mode": mode},
	}
	if s.Device != nil {
		doc["device"] = s.Device
	}
	if len(s.Metadata) > 0 {
		doc["session_metadata"] = s.Metadata
	}
	return doc
}

//auth0:operation GET /api/v2/sessions/{id}
func getSession(c *call) error {
	return replyView(c, func(tx *storage.Tx) (storage.Document, error) {
		s, err := objects.GetSession(tx, c.param("id"))
		return describeSession(s), err
	})
}

// updateSession replaces the metadata of a session, Auth0:
// manage-users/sessions/session-metadata.
//
//auth0:operation PATCH /api/v2/sessions/{id}
func updateSession(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	err := c.check(resource.SessionMetadata, resource.Update, func(tx *storage.Tx) error {
		_, err := objects.GetSession(tx, c.param("id"))
		return err
	})
	if err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		s, err := objects.UpdateSession(ch.Tx, c.param("id"), c.body)
		return describeSession(s), err
	})
}

//auth0:operation DELETE /api/v2/sessions/{id}
func deleteSession(c *call) error {
	return c.emptyChange(http.StatusAccepted, func(ch *objects.Change) error { return objects.DeleteSession(ch.Tx, c.param("id")) })
}

//auth0:operation POST /api/v2/sessions/{id}/revoke
func revokeSession(c *call) error {
	return c.emptyChange(http.StatusAccepted, func(ch *objects.Change) error { return objects.RevokeSession(ch, c.param("id")) })
}

//auth0:operation GET /api/v2/users/{id}/sessions
func userSessions(c *call) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		if err := userAt(c, tx); err != nil {
			return err
		}
		all, err := tx.SessionsOf(c.param("id"))
		for _, s := range all {
			docs = append(docs, describeSession(s))
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: "sessions", style: checkpointed})
}

//auth0:operation DELETE /api/v2/users/{id}/sessions
func deleteUserSessions(c *call) error {
	return c.emptyChange(http.StatusAccepted, func(ch *objects.Change) error { return objects.DeleteSessionsOf(ch.Tx, c.param("id")) })
}

// grants lists the consents of users, Auth0: api/management/v2/grants.
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
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error { return ch.Tx.Grants.Delete(c.param("id")) })
}

//auth0:operation DELETE /api/v2/grants
func deleteUserGrants(c *call) error {
	user := c.query.Get("user_id")
	if user == "" {
		return invalidQuery("'Missing required property: user_id'")
	}
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error { return objects.DeleteGrantsOf(ch.Tx, user) })
}
