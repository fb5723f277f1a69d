package control

import (
	"net/http"

	"github.com/tenant0/tenant0/server/web"
)

// ExportRequest says what an export contains.
type ExportRequest struct {
	// Configuration includes the configuration, as sections in the format of
	// auth0-deploy-cli, and IDs includes ids in the sections.
	Configuration, IDs bool
	// Users includes the users, with the hashes of their passwords.
	Users bool
}

// exportConfiguration exports the configuration, unless the query has users=only, and the
// users, if the query has users. With ids=true the configuration contains ids.
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
