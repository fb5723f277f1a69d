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

// strategy has the connections of one strategy that Lock shows for an application.
type strategy struct {
	Name        string           `json:"name"`
	Connections []map[string]any `json:"connections"`
}

// client serves the script from which Lock learns an application's connections.
//
//auth0:operation GET /client/{client_id}.js
func (m *room) client(w http.ResponseWriter, r *http.Request) error {
	var app storage.Client
	var connections []storage.Connection
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if app, err = tx.Clients.Get(web.Param(r, "client_id")); err != nil {
			return err
		}
		connections, err = tx.ConnectionsOf(app)
		return err
	})
	if storage.IsNotFound(err) {
		return apierr.NotFound
	}
	if err != nil {
		return err
	}
	callback := ""
	if len(app.Callbacks) > 0 {
		callback = app.Callbacks[0]
	}
	// json.Marshal escapes <, > and &, so that they cannot end a script element.
	body, err := json.Marshal(map[string]any{
		"id": app.ClientID, "tenant": m.tenantName(), "subscription": "enterprise", "allowed": true, "callbackURL": callback,
		"hasAllowedOrigins": len(app.AllowedOrigins) > 0, "strategies": strategiesOf(connections),
	})
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.ReplyBytes(w, http.StatusOK, "application/javascript; charset=utf-8", slices.Concat([]byte("Auth0.setClient("), body, []byte(");")))
}

// tenantName is the first label of the tenant's host name.
func (m *room) tenantName() string {
	u, err := url.Parse(m.Issuer.URL)
	if err != nil {
		return "tenant0"
	}
	name, _, _ := strings.Cut(u.Hostname(), ".")
	return name
}

// strategiesOf returns connections as Lock reads them, grouped by strategy.
func strategiesOf(connections []storage.Connection) []strategy {
	all := []strategy{}
	for _, c := range connections {
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
	return all
}
