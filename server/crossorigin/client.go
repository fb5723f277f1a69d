package crossorigin

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// strategy is the connections of one kind that Lock shows for an application.
type strategy struct {
	Name        string           `json:"name"`
	Connections []map[string]any `json:"connections"`
}

// client is the script from which Lock learns an application's connections.
//
//auth0:operation GET /client/{client_id}.js
func (m *room) client(w http.ResponseWriter, r *http.Request) error {
	var app storage.Client
	var strategies []strategy
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if app, err = tx.Clients.Get(web.Param(r, "client_id")); err != nil {
			return err
		}
		strategies, err = strategiesOf(tx, app.ClientID)
		return err
	})
	if storage.IsNotFound(err) {
		return apierr.NotFound
	}
	if err != nil {
		return err
	}
	tenant := "tenant0"
	if u, err := url.Parse(m.Issuer.URL); err == nil {
		tenant, _, _ = strings.Cut(u.Hostname(), ".")
	}
	callback := ""
	if len(app.Callbacks) > 0 {
		callback = app.Callbacks[0]
	}
	// json.Marshal writes <, > and & so that they end no script.
	body, err := json.Marshal(map[string]any{
		"id": app.ClientID, "tenant": tenant, "subscription": "enterprise", "allowed": true, "callbackURL": callback,
		"hasAllowedOrigins": len(app.AllowedOrigins) > 0, "strategies": strategies,
	})
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.ReplyBytes(w, http.StatusOK, "application/javascript; charset=utf-8", slices.Concat([]byte("Auth0.setClient("), body, []byte(");")))
}

func strategiesOf(tx *storage.Tx, clientID string) (all []strategy, err error) {
	all = []strategy{}
	for c, err := range tx.Connections.By("client", clientID) {
		if err != nil {
			return nil, err
		}
		shown := map[string]any{"name": c.Name}
		if c.Strategy == storage.DatabaseStrategy {
			shown["showSignup"], shown["showForgot"] = account.SignupAllowed(c), c.Options["disable_self_service_change_password"] != true
			shown["requires_username"] = account.HasUsernames(c)
			if policy, ok := c.Options["passwordPolicy"].(string); ok {
				shown["passwordPolicy"] = policy
			}
		}
		i := slices.IndexFunc(all, func(s strategy) bool { return s.Name == c.Strategy })
		if i < 0 {
			all, i = append(all, strategy{Name: c.Strategy}), len(all)
		}
		all[i].Connections = append(all[i].Connections, shown)
	}
	return all, nil
}
