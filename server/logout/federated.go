package logout

import (
	"net/http"

	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// simulatedPath is the path of the logout of simulated identity providers.
const simulatedPath = "/simulated/{connection}/logout"

// atProvider returns the URL to which the browser is sent to end its session at the identity provider
// too, or "" if there is none, Auth0: authenticate/login/logout/log-users-out-of-idps. The tenant's own
// session has already ended, so an error about the provider is only written to the log.
func (m *room) atProvider(w http.ResponseWriter, r *http.Request, connection string, asked storage.LogoutRequest) (string, error) {
	address, simulated, err := m.Providers.Logout(r.Context(), connection, asked.Target)
	if err != nil {
		m.Log.Record(r, tenantlog.Event{Type: tenantlog.FailedLogout, Description: tenantlog.Reason(err), ClientID: asked.ClientID, Connection: connection})
		return "", nil
	}
	if !simulated {
		return address, nil
	}
	now := m.Now()
	state, err := m.Cookies.Start(w, r, m.DB, storage.Transaction{
		CreatedAt: now, ExpiresAt: now.Add(confirmLifetime), Logout: &asked,
	})
	return address + "?state=" + state, err
}

// simulated is the logout of a simulated provider. A simulated provider has no sessions, so it
// redirects the browser to the target or, without a target, shows that the user has logged out.
//
//auth0:operation GET /simulated/{connection}/logout
func (m *room) simulated(w http.ResponseWriter, r *http.Request) error {
	t, client, err := m.question(r)
	if err != nil {
		return err
	}
	return m.goOn(w, r, t.Logout.Target, client)
}
