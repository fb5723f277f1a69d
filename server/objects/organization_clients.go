package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// OrganizationClients are the applications that are associated with an organization.
var OrganizationClients = declare(&Kind{
	Kind: resource.OrganizationClients, Owner: Organizations,
	refers: []reference{by("client_id", Clients)},
})

// AddOrganizationClients adds applications to an organization.
func AddOrganizationClients(ch *Change, organization string, added []storage.Document) error {
	clients, err := OrganizationClients.In(ch, organization)
	if err != nil {
		return err
	}
	for _, doc := range added {
		if err := Clients.Require(ch.Tx, storage.Text(doc, "client_id")); err != nil {
			return err
		}
		if err := clients.Put(doc); err != nil {
			return err
		}
	}
	return nil
}

// RemoveOrganizationClients removes applications from an organization. It is no error if
// one is not in it.
func RemoveOrganizationClients(tx *storage.Tx, organization string, ids []string) error {
	clients, err := OrganizationClients.Open(tx, organization)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := clients.Delete(id); err != nil {
			return err
		}
	}
	return nil
}

// OrganizationGrants are the client grants that are assigned to an organization.
var OrganizationGrants = declare(&Kind{
	Kind: resource.OrganizationGrants, Owner: Organizations,
	refers: []reference{by("grant_id", ClientGrants)},
	before: describeOrganizationGrant,
})

// describeOrganizationGrant copies the members by which lists are filtered from the client
// grant that is assigned.
func describeOrganizationGrant(o Collection, doc, _ storage.Document) error {
	if _, err := o.Store.Document(storage.Text(doc, "grant_id")); err == nil {
		return resource.OrganizationGrants.Taken
	}
	grant, err := o.Tx.ClientGrants.Document(storage.Text(doc, "grant_id"))
	if storage.IsNotFound(err) {
		return resource.ClientGrants.Missing
	}
	if err != nil {
		return err
	}
	doc["client_id"], doc["audience"] = grant["client_id"], grant["audience"]
	return nil
}
