// Package prompts keeps which logins show a form of the tenant's, as scripts would say by
// api.prompt.render.
package prompts

import (
	"cmp"

	"github.com/tenant0/tenant0/storage"
)

// kind is where it is kept, among the tenant's documents.
const kind = "prompts/renders"

// everyClient stands in the id of what holds for all applications.
const everyClient = "*"

// Render says which form the logins of an application show.
type Render struct {
	// ClientID is the application, "" for all that have none of their own.
	ClientID, FormID string
	// Fields are the first values of the form's fields, and Vars what only the server sees.
	Fields, Vars map[string]any
}

func read(doc storage.Document) Render {
	r := Render{ClientID: storage.Text(doc, "client_id"), FormID: storage.Text(doc, "form_id")}
	r.Fields, _ = doc["fields"].(map[string]any)
	r.Vars, _ = doc["vars"].(map[string]any)
	return r
}

// For returns which form the logins of an application show, by its own or by that of all applications,
// or an error that wraps storage.ErrNotFound.
func For(tx *storage.Tx, clientID string) (Render, error) {
	doc, err := tx.Documents(kind, "").Document(cmp.Or(clientID, everyClient))
	if storage.IsNotFound(err) && clientID != "" {
		doc, err = tx.Documents(kind, "").Document(everyClient)
	}
	return read(doc), err
}

// All returns all that was said.
func All(tx *storage.Tx) (all []Render, err error) {
	for doc, err := range tx.Documents(kind, "").All() {
		if err != nil {
			return nil, err
		}
		all = append(all, read(doc))
	}
	return all, nil
}

// Put has the logins of an application show a form.
func Put(tx *storage.Tx, r Render) error {
	return tx.Documents(kind, "").Put(storage.Write{ID: cmp.Or(r.ClientID, everyClient), Document: storage.Document{
		"client_id": r.ClientID, "form_id": r.FormID, "fields": r.Fields, "vars": r.Vars,
	}})
}

// Delete has the logins of an application, or with "" of those without a form of their own, show none.
// What is not there is no error.
func Delete(tx *storage.Tx, clientID string) error {
	return storage.Optional(tx.Documents(kind, "").Delete(cmp.Or(clientID, everyClient)))
}

// Forget has no login show a form that is gone.
func Forget(tx *storage.Tx, formID string) error {
	return tx.DeleteDocuments(kind, func(doc storage.Document) bool { return doc["form_id"] == formID })
}
