package management

import (
	"compress/gzip"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// exportPath is where the files of exports are, below the issuer.
const exportPath = "user-exports/"

// exportLifetime is how long the link of an export is good.
const exportLifetime = 24 * time.Hour

// defaultFields are the members of an export that names none, Auth0:
// manage-users/user-migration/bulk-user-exports.
var defaultFields = []exportField{
	{"user_id", "Id"},
	{"given_name", "Given Name"},
	{"family_name", "Family Name"},
	{"nickname", "Nickname"},
	{"name", "Name"},
	{"email", "Email"},
	{"email_verified", "Email Verified"},
	{"picture", "Picture"},
	{"identities[0].connection", "Connection"},
	{"created_at", "Created At"},
	{"updated_at", "Updated At"},
}

// exportField is one member of an export, and how it is called there.
type exportField struct{ path, name string }

func exportFields(job storage.Document) []exportField {
	list, _ := job["fields"].([]any)
	var fields []exportField
	for _, item := range list {
		f, _ := item.(storage.Document)
		name := text(f, "export_as")
		if name == "" {
			name = text(f, "name")
		}
		fields = append(fields, exportField{text(f, "name"), name})
	}
	if fields == nil {
		return defaultFields
	}
	return fields
}

// download answers with the file of an export, compressed. Who has the link needs
// no token.
//
//auth0:operation GET /user-exports/{id}/{secret}
func (a *api) download(w http.ResponseWriter, r *http.Request) error {
	id, secret := web.Param(r, "id"), web.Param(r, "secret")
	return a.DB.View(func(tx *storage.Tx) error {
		job, err := tx.Documents(resource.Jobs.Name, "").Document(id)
		if err := storage.Optional(err); err != nil {
			return err
		}
		want := text(job, "secret")
		if want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(secret)) != 1 ||
			text(job, resource.Jobs.Created) < resource.Time(a.Now().Add(-exportLifetime)) {
			return apierr.NotFound
		}
		format := text(job, "format")
		w.Header().Set("Content-Type", "application/gzip")
		w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", id+"."+format+".gz"))
		web.NoStore(w)
		z := gzip.NewWriter(w)
		if err := writeExport(z, tx, job); err != nil {
			return err
		}
		return z.Close()
	})
}

// writeExport writes the users as the job asks.
func writeExport(w io.Writer, tx *storage.Tx, job storage.Document) error {
	fields := exportFields(job)
	csv := text(job, "format") == "csv"
	if csv {
		header := make([]any, len(fields))
		for i, f := range fields {
			header[i] = f.name
		}
		if err := writeCSV(w, header); err != nil {
			return err
		}
	}
	limit, _ := job["limit"].(float64)
	written := 0
	for row, err := range tx.Users.Rows() {
		if err != nil {
			return err
		}
		user, err := row.Document()
		if err != nil {
			return err
		}
		if name := text(job, "connection"); name != "" && member(user, "identities[0].connection") != name {
			continue
		}
		if err := writeExported(w, user, fields, csv); err != nil {
			return err
		}
		if written++; limit > 0 && written >= int(limit) {
			break
		}
	}
	return nil
}

// writeExported writes one user.
func writeExported(w io.Writer, user storage.Document, fields []exportField, csv bool) error {
	if csv {
		values := make([]any, len(fields))
		for i, f := range fields {
			values[i] = member(user, f.path)
		}
		return writeCSV(w, values)
	}
	line := storage.Document{}
	for _, f := range fields {
		if value := member(user, f.path); value != nil {
			line[f.name] = value
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(line)
}

// member is what a path such as user_metadata.color or identities[0].connection
// leads to, nil for nothing.
func member(value any, path string) any {
	for part := range strings.SplitSeq(strings.ReplaceAll(strings.ReplaceAll(path, "[", "."), "]", ""), ".") {
		switch v := value.(type) {
		case storage.Document:
			value = v[part]
		case []any:
			var i int
			if _, err := fmt.Sscanf(part, "%d", &i); err != nil || i < 0 || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// writeCSV writes one line. Texts are quoted and begin with a single quote, as
// Auth0 writes them, so that no spreadsheet takes them for a formula.
func writeCSV(w io.Writer, values []any) error {
	cells := make([]string, len(values))
	for i, value := range values {
		switch v := value.(type) {
		case nil:
		case string:
			cells[i] = `"'` + strings.ReplaceAll(v, `"`, `""`) + `"`
		default:
			raw, err := json.Marshal(v)
			if err != nil {
				return err
			}
			cells[i] = `"` + strings.ReplaceAll(string(raw), `"`, `""`) + `"`
		}
	}
	_, err := io.WriteString(w, strings.Join(cells, ",")+"\n")
	return err
}
