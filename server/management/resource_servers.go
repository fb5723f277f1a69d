package management

import (
	"maps"
	"net/url"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// resourceServers is Auth0: api/management/v2/resource-servers.
//
//auth0:operation GET /api/v2/resource-servers
//auth0:operation POST /api/v2/resource-servers
//auth0:operation GET /api/v2/resource-servers/{id}
//auth0:operation PATCH /api/v2/resource-servers/{id}
//auth0:operation DELETE /api/v2/resource-servers/{id}
func resourceServers() served {
	return served{
		kind: resource.ResourceServers, path: "/resource-servers", scope: "resource_servers", verbs: "list create get patch delete",
		keep: func(_ *call, tx *storage.Tx) (store, error) {
			return apis{acted[storage.ResourceServer]{Resources: tx.ResourceServers}, tx}, nil
		},
		list:   listing{key: "resource_servers", filters: map[string]string{"identifiers": "identifier"}},
		before: checkAPI, deleted: deleteAPI, show: showAPI,
	}
}

// apis finds an API by its id or its identifier.
type apis struct {
	acted[storage.ResourceServer]
	tx *storage.Tx
}

func (a apis) id(idOrIdentifier string) (string, error) {
	// Terraform escapes an identifier twice.
	if plain, err := url.PathUnescape(idOrIdentifier); err == nil {
		idOrIdentifier = plain
	}
	api, err := a.tx.API(idOrIdentifier)
	if err != nil || api == nil {
		return idOrIdentifier, err
	}
	return api.ID, nil
}

// Document implements store.
func (a apis) Document(idOrIdentifier string) (storage.Document, error) {
	id, err := a.id(idOrIdentifier)
	if err != nil {
		return nil, err
	}
	return a.acted.Document(id)
}

// Delete implements store.
func (a apis) Delete(idOrIdentifier string) error {
	id, err := a.id(idOrIdentifier)
	if err != nil {
		return err
	}
	return a.acted.Delete(id)
}

// showAPI names the application that the API is, where there is one.
func showAPI(_ *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
	for client, err := range tx.Clients.By("resource_server", text(doc, "identifier")) {
		if err != nil {
			return nil, err
		}
		doc["client_id"] = client.ClientID
	}
	return doc, nil
}

// checkAPI keeps the scopes of Auth0's own APIs as they are.
func checkAPI(c *call, _ *storage.Tx, doc, old storage.Document) error {
	if old == nil {
		maps.Copy(doc, resource.SystemAPI(c.Issuer.URL, text(doc, "identifier")))
	}
	if _, changes := c.body["scopes"]; old != nil && old["is_system"] == true && changes {
		doc["scopes"] = old["scopes"]
		return resource.InvalidBody("Payload validation error: 'Additional properties not allowed: scopes'.")
	}
	encryption, _ := doc["token_encryption"].(storage.Document)
	if key, ok := encryption["encryption_key"].(storage.Document); ok {
		thumbprint, err := keyThumbprint(text(key, "pem"))
		if err != nil {
			return err
		}
		key["thumbprint_sha256"] = thumbprint
	}
	return nil
}

// deleteAPI takes along what was granted for the API.
func deleteAPI(c *call, tx *storage.Tx, doc storage.Document) error {
	identifier := text(doc, "identifier")
	if err := deleteClientGrants(tx, "audience", identifier); err != nil {
		return err
	}
	var consents []string
	for g, err := range tx.Grants.All() {
		if err != nil {
			return err
		}
		if g.Audience == identifier {
			consents = append(consents, g.ID)
		}
	}
	for _, id := range consents {
		if err := tx.Grants.Delete(id); err != nil {
			return err
		}
	}
	return tx.ForgetAPI(identifier, c.now)
}

// deleteClientGrants removes the client grants that an index has for a value, and
// what organizations have of them.
func deleteClientGrants(tx *storage.Tx, index, value string) error {
	for grant, err := range tx.ClientGrants.By(index, value) {
		if err != nil {
			return err
		}
		if err := tx.DeleteLinked(grant.ID, organizationGrantKind); err != nil {
			return err
		}
	}
	return deleteBy(tx.ClientGrants, index, value, func(g storage.ClientGrant) string { return g.ID })
}

// clientGrants is Auth0: api/management/v2/client-grants.
//
//auth0:operation GET /api/v2/client-grants
//auth0:operation POST /api/v2/client-grants
//auth0:operation GET /api/v2/client-grants/{id}
//auth0:operation PATCH /api/v2/client-grants/{id}
//auth0:operation DELETE /api/v2/client-grants/{id}
func clientGrants() served {
	return served{
		kind: resource.ClientGrants, path: "/client-grants", scope: "client_grants", verbs: "list create get patch delete",
		keep: func(_ *call, tx *storage.Tx) (store, error) {
			return acted[storage.ClientGrant]{Resources: tx.ClientGrants}, nil
		},
		list: listing{key: "client_grants", style: flexible, filters: map[string]string{
			"audience": "audience", "client_id": "client_id", "subject_type": "subject_type", "allow_any_organization": "allow_any_organization",
			"default_for": "default_for",
		}, indexes: map[string]string{"audience": "audience", "client_id": "client"}},
		before: checkClientGrant,
		deleted: func(_ *call, tx *storage.Tx, doc storage.Document) error {
			return tx.DeleteLinked(text(doc, "id"), organizationGrantKind)
		},
	}
}

// organizationGrantKind is the kind of an organization's client grants.
const organizationGrantKind = "organization-client-grants"

// checkClientGrant sees that a new grant is for an application and an API that
// there are, and that no grant is for whatever a system API has.
func checkClientGrant(c *call, tx *storage.Tx, doc, old storage.Document) error {
	if id := text(doc, "client_id"); old == nil && id != "" {
		if known, err := tx.Clients.Has(id); err != nil || !known {
			return orMissing(err, resource.Clients)
		}
	} else if old == nil && text(doc, "default_for") == "" {
		return resource.InvalidBody("Payload validation error: 'Missing required property: client_id'.")
	}
	api, err := tx.API(text(doc, "audience"))
	switch {
	case err != nil:
		return err
	case api == nil && old == nil:
		return resource.ResourceServers.Missing
	case api != nil && api.IsSystem && c.body["allow_all_scopes"] == true:
		return resource.InvalidBody("`allow_all_scopes` cannot be provided when `audience` is a system API")
	}
	return nil
}
