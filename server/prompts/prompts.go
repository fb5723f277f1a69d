// Package prompts stores which of the tenant's forms is shown during a login. At Auth0 an Action says
// this by calling api.prompt.render.
package prompts

import (
	"cmp"

	"github.com/tenant0/tenant0/storage"
)

// kind is the kind of the tenant's documents that hold these settings.
const kind = "prompts/renders"

// everyClient is the document id of the setting for all applications.
const everyClient = "*"

// Render says which form is shown in the logins of an application.
type Render struct {
	// ClientID is the application; "" is every application that has no setting of its own.
	ClientID, FormID string
	// Fields are the initial values of the form's fields. Vars are values that only the server sees.
	Fields, Vars map[string]any
}

func read(doc storage.Document) Render {
	r := Render{ClientID: storage.Text(doc, "client_id"), FormID: storage.Text(doc, "form_id")}
	r.Fields, _ = doc["fields"].(map[string]any)
	r.Vars, _ = doc["vars"].(map[string]any)
	return r
}

// For returns the form that is shown in the logins of an application: the application's own setting,
// or else the setting for all applications. If there is neither, the error wraps storage.ErrNotFound.
func For(tx *storage.Tx, clientID string) (Render, error) {
	doc, err := tx.Documents(kind, "").Document(cmp.Or(clientID, everyClient))
	if storage.IsNotFound(err) && clientID != "" {
		doc, err = tx.Documents(kind, "").Document(everyClient)
	}
	return read(doc), err
}

// All returns all settings.
func All(tx *storage.Tx) (all []Render, err error) {
	for doc, err := range tx.Documents(kind, "").All() {
		if err != nil {
			return nil, err
		}
		all = append(all, read(doc))
	}
	return all, nil
}

// Put stores which form is shown in the logins of r.ClientID, in place of an earlier setting.
func Put(tx *storage.Tx, r Render) error {
	return tx.Documents(kind, "").Put(storage.Write{ID: cmp.Or(r.ClientID, everyClient), Document: storage.Document{
		"client_id": r.ClientID, "form_id": r.FormID, "fields": r.Fields, "vars": r.Vars,
	}})
}

// Delete removes the setting of an application, or the setting for all applications if clientID is "".
// It is no error if there is none.
func Delete(tx *storage.Tx, clientID string) error {
	return storage.Optional(tx.Documents(kind, "").Delete(cmp.Or(clientID, everyClient)))
}

// Forget removes all settings that name a deleted form.
func Forget(tx *storage.Tx, formID string) error {
	return tx.DeleteDocuments(kind, formID, func(doc storage.Document) bool { return doc["form_id"] == formID })
}
