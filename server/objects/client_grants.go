package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// ClientGrants are the client grants, Auth0: api/management/v2/client-grants.
var ClientGrants = declare(&Kind{
	Kind: resource.ClientGrants, table: func(tx *storage.Tx) Store { return TableStore[storage.ClientGrant]{Resources: tx.ClientGrants} },
	refers: []reference{
		{to: Clients, value: memberValue("client_id"), index: "client"},
		{to: ResourceServers, value: memberValue("audience"), as: "identifier", index: "audience"},
	},
	before: checkClientGrant,
})

// checkClientGrant returns an error if the application or the API of a new grant does not
// exist, or if a grant allows all scopes of a system API.
func checkClientGrant(o Collection, doc, old storage.Document) error {
	if id := storage.Text(doc, "client_id"); old == nil && id != "" {
		if err := Clients.Require(o.Tx, id); err != nil {
			return err
		}
	} else if old == nil && storage.Text(doc, "default_for") == "" {
		return resource.InvalidBody("Payload validation error: 'Missing required property: client_id'.")
	}
	api, err := o.Tx.API(storage.Text(doc, "audience"))
	switch {
	case err != nil:
		return err
	case api == nil && old == nil:
		return resource.ResourceServers.Missing
	case api != nil && api.IsSystem && sentAllScopes(o.sent):
		return resource.InvalidBody("`allow_all_scopes` cannot be provided when `audience` is a system API")
	}
	return nil
}

// sentAllScopes reports whether a request body contains allow_all_scopes. Auth0 refuses it for a system API even if it is
// false.
func sentAllScopes(sent storage.Document) bool {
	_, there := sent["allow_all_scopes"]
	return there
}
