package jobs

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// defaultFields are the fields of an export that names no fields, Auth0:
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

// exportField is a field of an export: the path of a member of the user, and the name in the
// export.
type exportField struct{ path, name string }

func exportFields(job storage.Document) []exportField {
	list, _ := job["fields"].([]any)
	var fields []exportField
	for _, item := range list {
		f, _ := item.(storage.Document)
		fields = append(fields, exportField{storage.Text(f, "name"), cmp.Or(storage.Text(f, "export_as"), storage.Text(f, "name"))})
	}
	if fields == nil {
		return defaultFields
	}
	return fields
}

// exportStep is how many users are read in one transaction. They are written to the client between
// transactions, because the client may read slowly.
const exportStep = 500

// WriteUsers writes the file of a user export in the format that its job names: a JSON object on
// each line, or CSV. It must not be called within a transaction.
func WriteUsers(ctx context.Context, db *storage.DB, w io.Writer, job storage.Document) error {
	e := export{fields: exportFields(job), csv: storage.Text(job, "format") == "csv", connection: storage.Text(job, "connection"), left: math.MaxInt}
	if limit, _ := job["limit"].(float64); limit > 0 {
		e.left = int(limit)
	}
	if e.csv {
		header := make([]any, len(e.fields))
		for i, f := range e.fields {
			header[i] = f.name
		}
		if err := writeCSV(w, header); err != nil {
			return err
		}
	}
	for more := true; more && e.left > 0; {
		var part bytes.Buffer
		err := db.View(ctx, func(tx *storage.Tx) (err error) {
			more, err = e.write(&part, tx.Users.RowsAfter(e.place))
			return err
		})
		if err != nil {
			return err
		}
		if _, err := part.WriteTo(w); err != nil {
			return err
		}
	}
	return nil
}

// export is the state of an export: what to write, and the position in the users.
type export struct {
	fields     []exportField
	csv        bool
	connection string // the name of the connection, or "" for all users
	left       int    // how many more users may be written
	place      string // the place of the last user that was read
}

// write writes up to exportStep users, and reports whether there are more.
func (e *export) write(w io.Writer, rows iter.Seq2[storage.Row, error]) (more bool, err error) {
	seen := 0
	for row, err := range rows {
		if err != nil {
			return false, err
		}
		if seen++; seen > exportStep || e.left == 0 {
			return true, nil
		}
		e.place = row.Place
		user, err := row.Document()
		if err != nil {
			return false, err
		}
		if e.connection != "" && member(user, "identities[0].connection") != e.connection {
			continue
		}
		if err := writeExported(w, user, e.fields, e.csv); err != nil {
			return false, err
		}
		e.left--
	}
	return false, nil
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

// member returns the value at a path such as user_metadata.color or identities[0].connection, or
// nil.
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

// writeCSV writes one line. Strings are quoted and begin with a single quote, as in Auth0's files,
// so that spreadsheets do not interpret them as formulas.
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
