package management

import (
	"net/url"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/storage"
)

// resourceServers serves the tenant's APIs, Auth0: api/management/v2/resource-servers.
//
//auth0:operation GET /api/v2/resource-servers
//auth0:operation POST /api/v2/resource-servers
//auth0:operation GET /api/v2/resource-servers/{id}
//auth0:operation PATCH /api/v2/resource-servers/{id}
//auth0:operation DELETE /api/v2/resource-servers/{id}
func resourceServers() collection {
	return collection{
		kind: objects.ResourceServers, path: "/resource-servers", scope: "resource_servers", verbs: "list create get patch delete",
		id:   identifierOf,
		list: listing{key: "resource_servers", filters: map[string]string{"identifiers": "identifier"}},
		show: showAPI,
	}
}

// identifierOf returns the API's id or identifier in the path. It decodes the value once more,
// since Terraform encodes an identifier twice.
func identifierOf(c *call) string {
	if plain, err := url.PathUnescape(c.param("id")); err == nil {
		return plain
	}
	return c.param("id")
}

// showAPI adds the client_id of the application that represents the API, if there is one.
func showAPI(_ *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
	for client, err := range tx.Clients.By("resource_server", storage.Text(doc, "identifier")) {
		if err != nil {
			return nil, err
		}
		doc["client_id"] = client.ClientID
	}
	return doc, nil
}

// clientGrants serves the client grants, Auth0: api/management/v2/client-grants.
//
//auth0:operation GET /api/v2/client-grants
//auth0:operation POST /api/v2/client-grants
//auth0:operation GET /api/v2/client-grants/{id}
//auth0:operation PATCH /api/v2/client-grants/{id}
//auth0:operation DELETE /api/v2/client-grants/{id}
func clientGrants() collection {
	return collection{
		kind: objects.ClientGrants, path: "/client-grants", scope: "client_grants", verbs: "list create get patch delete",
		list: listing{key: "client_grants", style: flexible, filters: map[string]string{
			"audience": "audience", "client_id": "client_id", "subject_type": "subject_type", "allow_any_organization": "allow_any_organization",
			"default_for": "default_for",
		}, indexes: map[string]string{"audience": "audience", "client_id": "client"}},
	}
}
