package objects

import (
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Organizations are the tenant's organizations, Auth0: api/management/v2/organizations.
var Organizations = declare(&Kind{
	Kind: resource.Organizations,
	before: func(_ Collection, doc, _ storage.Document) error {
		delete(doc, "enabled_connections") // they are stored separately
		return nil
	},
	after: enableConnections, deleted: deleteOrganization,
})

// DiscoveryDomains are the e-mail domains by which an organization is found.
var DiscoveryDomains = declare(&Kind{
	Kind: resource.DiscoveryDomains, Owner: Organizations,
	before: func(o Collection, doc, old storage.Document) error {
		if old == nil {
			doc["domain"] = strings.ToLower(storage.Text(doc, "domain"))
			doc["verification_host"] = "_ss-verification." + o.Parent + "." + storage.Text(doc, "domain")
		}
		return nil
	},
})

// deleteOrganization removes what depends on a deleted organization.
func deleteOrganization(o Collection, doc storage.Document) error {
	id := storage.Text(doc, "id")
	if err := forgetDefaultOrganization(o.Tx, id); err != nil {
		return err
	}
	return o.Tx.ForgetOrganization(id, o.Now)
}

// forgetDefaultOrganization removes a deleted organization from the applications that
// have it as their default organization.
func forgetDefaultOrganization(tx *storage.Tx, id string) error {
	var named []string
	for client, err := range tx.Clients.All() {
		if err != nil {
			return err
		}
		if client.DefaultOrganization.OrganizationID == id {
			named = append(named, client.ClientID)
		}
	}
	for _, client := range named {
		doc, err := tx.Clients.Document(client)
		if err != nil {
			return err
		}
		delete(doc, "default_organization")
		if err := tx.Clients.Put(doc); err != nil {
			return err
		}
	}
	return nil
}
