package logout

import (
	"net/http"

	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// simulatedPath is where simulated identity providers log people out.
const simulatedPath = "/simulated/{connection}/logout"

// atProvider is where the browser goes so that its session at an identity provider ends as well, ""
// where that is nowhere, Auth0: authenticate/login/logout/log-users-out-of-idps. The tenant's own session
// has ended by then: a provider that cannot be found is told of in the log alone.
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

// simulated is where a simulated provider ends its session. It keeps none, so that it sends the browser
// straight on, and without a target says that it is done.
//
//auth0:operation GET /simulated/{connection}/logout
func (m *room) simulated(w http.ResponseWriter, r *http.Request) error {
	t, client, err := m.question(r)
	if err != nil {
		return err
	}
	return m.goOn(w, r, t.Logout.Target, client)
}
