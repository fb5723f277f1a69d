package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// organizationClients serves the applications that are associated with an organization.
//
//auth0:operation GET /api/v2/organizations/{id}/clients
//auth0:operation GET /api/v2/organizations/{id}/clients/{client_id}
//auth0:operation PATCH /api/v2/organizations/{id}/clients/{client_id}
func organizationClients() collection {
	return collection{
		kind: objects.OrganizationClients, path: "/organizations/{id}/clients", parent: "id", param: "client_id",
		verbs: "list get patch", scope: "organization_clients",
		list: listing{key: "clients", style: checkpointed},
		show: showOrganizationClient,
	}
}

func showOrganizationClient(_ *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
	client, err := tx.Clients.Document(storage.Text(doc, "client_id"))
	if err != nil {
		return nil, err
	}
	brief := storage.Document{}
	for _, name := range []string{"name", "app_type", "is_first_party", "grant_types", "logo_uri"} {
		if value, ok := client[name]; ok {
			brief[name] = value
		}
	}
	doc["client"] = brief
	return doc, nil
}

//auth0:operation POST /api/v2/organizations/{id}/clients
func addOrganizationClients(c *call) error {
	if err := c.readAs(resource.AddedOrganizationClients, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusCreated, func(ch *objects.Change) ([]storage.Document, error) {
		added := objects.Items(c.body, "clients")
		if err := objects.AddOrganizationClients(ch, c.param("id"), added); err != nil {
			return nil, err
		}
		for _, doc := range added {
			if _, err := showOrganizationClient(c, ch.Tx, doc); err != nil {
				return nil, err
			}
		}
		return added, nil
	})
}

//auth0:operation DELETE /api/v2/organizations/{id}/clients
func removeOrganizationClients(c *call) error {
	ids, err := c.readList("clients", 0)
	if err != nil {
		return err
	}
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error {
		return objects.RemoveOrganizationClients(ch.Tx, c.param("id"), ids)
	})
}

// organizationGrants serves the client grants that are assigned to an organization.
//
//auth0:operation GET /api/v2/organizations/{id}/client-grants
//auth0:operation POST /api/v2/organizations/{id}/client-grants
//auth0:operation DELETE /api/v2/organizations/{id}/client-grants/{grant_id}
func organizationGrants() collection {
	return collection{
		kind: objects.OrganizationGrants, path: "/organizations/{id}/client-grants", parent: "id", param: "grant_id",
		verbs: "list create delete", strict: true, scope: "organization_client_grants",
		list: listing{key: "client_grants", filters: map[string]string{
			"audience": "audience", "client_id": "client_id", "grant_ids": "grant_id",
		}},
		show: showOrganizationGrant,
	}
}

// showOrganizationGrant returns a client grant as lists show it, or as the response to
// its assignment does.
func showOrganizationGrant(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
	grant, err := tx.ClientGrants.Document(storage.Text(doc, "grant_id"))
	if err != nil {
		return nil, err
	}
	shown := storage.Document{"organization_usage": "deny", "allow_any_organization": false}
	for _, name := range []string{"id", "client_id", "audience", "scope", "subject_type", "organization_usage", "allow_any_organization"} {
		if value, ok := grant[name]; ok && value != nil {
			shown[name] = value
		}
	}
	if c.method == http.MethodPost {
		shown["grant_id"] = shown["id"]
		delete(shown, "id")
		delete(shown, "subject_type")
	}
	return shown, nil
}
