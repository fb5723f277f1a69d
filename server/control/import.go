package control

import (
	"errors"
	"net/http"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/deploy"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// maxImport is the limit of the body of an import, in bytes.
const maxImport = 256 << 20

// ImportRequest is a configuration to import: sections in the format of auth0-deploy-cli,
// and users in the format of Auth0's user exports.
type ImportRequest struct {
	Sections storage.Document `json:"sections"`
	Users    []any            `json:"users"`
	// Connection is the name of the connection that the users are imported into. Upsert
	// says that existing users are updated.
	Connection string `json:"connection"`
	Upsert     bool   `json:"upsert"`
	// DryRun reports what would change, without changing anything.
	DryRun bool `json:"dry_run"`
}

// importConfiguration imports a configuration completely or, if there is an error, not at
// all.
//
//auth0:operation POST /import
func (m *room) importConfiguration(w http.ResponseWriter, r *http.Request) error {
	var rq ImportRequest
	if err := read(w, r, maxImport, &rq); err != nil {
		return err
	}
	report, err := m.Import(r.Context(), rq)
	if err != nil {
		refusal := &apierr.Error{Status: http.StatusUnprocessableEntity, Code: "import_refused", Message: err.Error(), Cause: err}
		if e, ok := errors.AsType[*deploy.Refused](err); ok {
			refusal.Extra = map[string]any{"section": e.Section, "name": e.Name}
		}
		return refusal
	}
	return web.Reply(w, http.StatusOK, report)
}
