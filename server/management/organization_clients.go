package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// organizationClients serves the applications of an organization.
//
//auth0:operation GET /api/v2/organizations/{id}/clients
//auth0:operation GET /api/v2/organizations/{id}/clients/{client_id}
//auth0:operation PATCH /api/v2/organizations/{id}/clients/{client_id}
func organizationClients() served {
	return served{
		kind: resource.OrganizationClients, path: "/organizations/{id}/clients", param: "client_id",
		verbs: "list get patch", scope: "organization_clients",
		keep: ofOrganization(resource.OrganizationClients), list: listing{key: "clients", style: checkpointed},
		show: showOrganizationClient,
	}
}

func showOrganizationClient(_ *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
	client, err := tx.Clients.Document(text(doc, "client_id"))
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

var organizationClientsBody = &resource.Kind{Fields: resource.Fields{
	"clients": {Type: resource.Array, Required: true, Min: 1, Item: &resource.Field{
		Type: resource.Object, Fields: resource.OrganizationClients.Fields,
	}},
}}

//auth0:operation POST /api/v2/organizations/{id}/clients
func addOrganizationClients(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := organizationClientsBody.Check(c.body, resource.Create); err != nil {
		return err
	}
	var added []storage.Document
	err := c.update(func(tx *storage.Tx) error {
		added = []storage.Document{}
		if err := c.organization(tx); err != nil {
			return err
		}
		for _, item := range c.body["clients"].([]any) {
			doc, _ := item.(storage.Document)
			if known, err := tx.Clients.Has(text(doc, "client_id")); err != nil || !known {
				return orMissing(err, resource.Clients)
			}
			if err := c.child(tx, resource.OrganizationClients, c.param("id")).Put(doc); err != nil {
				return err
			}
			shown, err := showOrganizationClient(c, tx, doc)
			if err != nil {
				return err
			}
			added = append(added, shown)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, added)
}

//auth0:operation DELETE /api/v2/organizations/{id}/clients
func removeOrganizationClients(c *call) error {
	ids, err := c.readList("clients", 0)
	if err != nil {
		return err
	}
	err = c.update(func(tx *storage.Tx) error {
		if err := c.organization(tx); err != nil {
			return err
		}
		for _, id := range ids {
			if err := tx.Documents(organizationClientKind, c.param("id")).Delete(id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

// organizationGrants serves the client grants of an organization.
//
//auth0:operation GET /api/v2/organizations/{id}/client-grants
//auth0:operation POST /api/v2/organizations/{id}/client-grants
//auth0:operation DELETE /api/v2/organizations/{id}/client-grants/{grant_id}
func organizationGrants() served {
	return served{
		kind: resource.OrganizationGrants, path: "/organizations/{id}/client-grants", param: "grant_id",
		verbs: "list create delete", strict: true, scope: "organization_client_grants",
		keep: ofOrganization(resource.OrganizationGrants),
		list: listing{key: "client_grants", filters: map[string]string{
			"audience": "audience", "client_id": "client_id", "grant_ids": "grant_id",
		}},
		before: func(_ *call, tx *storage.Tx, doc, _ storage.Document) error {
			grant, err := tx.ClientGrants.Document(text(doc, "grant_id"))
			if err != nil {
				return orMissing(err, resource.ClientGrants)
			}
			doc["client_id"], doc["audience"] = grant["client_id"], grant["audience"] // what lists are filtered by
			return nil
		},
		show: showOrganizationGrant,
	}
}

// showOrganizationGrant is a client grant as the list shows it, or as the answer to
// its addition does.
func showOrganizationGrant(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
	grant, err := tx.ClientGrants.Document(text(doc, "grant_id"))
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
