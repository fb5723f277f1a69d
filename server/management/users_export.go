package management

import (
	"compress/gzip"
	"crypto/subtle"
	"fmt"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/jobs"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// exportPath is the path of exported files, below the issuer.
const exportPath = "user-exports/"

// exportLifetime is how long the link to an exported file is valid.
const exportLifetime = 24 * time.Hour

// download responds with an exported file, compressed with gzip. Anybody who has the link
// can download it without an access token.
//
//auth0:operation GET /user-exports/{id}/{secret}
func (a *api) download(w http.ResponseWriter, r *http.Request) error {
	id, secret := web.Param(r, "id"), web.Param(r, "secret")
	var job storage.Document
	err := a.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		job, err = tx.Documents(resource.Jobs.Name, "").Document(id)
		return storage.Optional(err)
	})
	if err != nil {
		return err
	}
	want := storage.Text(job, "secret")
	if want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(secret)) != 1 ||
		storage.Text(job, resource.Jobs.Created) < resource.Time(a.Now().Add(-exportLifetime)) {
		return apierr.NotFound
	}
	w.Header().Set("Content-Type", "application/gzip")
	w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", id+"."+storage.Text(job, "format")+".gz"))
	web.NoStore(w)
	z := gzip.NewWriter(w)
	if err := jobs.WriteUsers(r.Context(), a.DB, z, job); err != nil {
		return err
	}
	return z.Close()
}
