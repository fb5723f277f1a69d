package control

import (
	"net/http"

	"github.com/tenant0/tenant0/server/web"
)

// ExportRequest says what of the tenant an export has.
type ExportRequest struct {
	// Configuration is for sections in the form of auth0-deploy-cli, and IDs for the
	// ids in them.
	Configuration, IDs bool
	// Users is for the users, with the hashes of their passwords.
	Users bool
}

// exportConfiguration answers with the configuration, unless users=only, and with
// the users if users is set; ids=true is for a configuration with ids.
//
//auth0:operation GET /export
func (m *room) exportConfiguration(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	exported, err := m.Export(r.Context(), ExportRequest{
		Configuration: query.Get("users") != "only", IDs: query.Get("ids") == "true", Users: query.Get("users") != "",
	})
	if err != nil {
		return err
	}
	return web.Reply(w, http.StatusOK, exported)
}
