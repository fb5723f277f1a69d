package management

import (
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/storage"
)

// credentials serves the credentials of applications, Auth0:
// api/management/v2/clients/credentials.
//
//auth0:operation GET /api/v2/clients/{client_id}/credentials
//auth0:operation POST /api/v2/clients/{client_id}/credentials
//auth0:operation GET /api/v2/clients/{client_id}/credentials/{id}
//auth0:operation PATCH /api/v2/clients/{client_id}/credentials/{id}
//auth0:operation DELETE /api/v2/clients/{client_id}/credentials/{id}
func credentials() collection {
	return collection{
		kind: objects.Credentials, path: "/clients/{client_id}/credentials", parent: "client_id", scope: "client_credentials",
		verbs: "list create get patch delete",
		list:  listing{style: alwaysArray},
		show: func(_ *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			delete(doc, "pem")
			return doc, nil
		},
	}
}

// withoutKeys returns authentication methods as the API shows them, with only the ids of
// the credentials.
func withoutKeys(methods storage.Document) storage.Document {
	for _, method := range methods {
		m, _ := method.(storage.Document)
		refs, _ := m["credentials"].([]any)
		for _, ref := range refs {
			if r, ok := ref.(storage.Document); ok {
				for _, name := range objects.EmbeddedMembers {
					delete(r, name)
				}
			}
		}
	}
	return methods
}
