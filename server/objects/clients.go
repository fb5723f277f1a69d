package objects

import (
	"reflect"
	"slices"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Clients are the tenant's applications, Auth0: api/management/v2/clients.
var Clients = declare(&Kind{
	Kind: resource.Clients, table: func(tx *storage.Tx) Store { return TableStore[storage.Client]{Resources: tx.Clients} },
	before: completeClient, after: keepClient, deleted: deleteClient,
})

// completeClient checks and completes an application. It removes the secret from the
// document, since secrets are stored separately, and copies the keys of the application's
// credentials into it.
func completeClient(o Collection, doc, old storage.Document) error {
	if err := checkGrantTypes(o.Tx, doc, old); err != nil {
		return err
	}
	if err := checkThirdParty(doc, old); err != nil {
		return err
	}
	delete(doc, "client_secret")
	if old == nil {
		doc["tenant"] = o.TenantName()
		if isStrict(doc) {
			doc["client_id"] = resource.Prefixed("tpc_", 22)()
		}
	}
	resource.CompleteClientParts(doc)
	if old == nil && !o.Restored {
		if err := createCredentials(o.Change, doc); err != nil {
			return err
		}
	}
	tellNeglected(o, "clients", "The application "+storage.Text(doc, "name"), doc, old)
	return embedCredentials(o.Tx, doc)
}

func isStrict(doc storage.Document) bool {
	return doc["third_party_security_mode"] == "strict" && doc["is_first_party"] == false
}

// checkThirdParty returns an error if a change turns a strict third-party application into
// another kind, or if such an application has a grant type that it may not use. Auth0:
// get-started/applications/third-party-applications/security-controls.
func checkThirdParty(doc, old storage.Document) error {
	for _, name := range []string{"is_first_party", "third_party_security_mode"} {
		if old != nil && isStrict(old) && doc[name] != old[name] {
			return resource.InvalidBody("The property " + name + " of a third-party application in strict mode cannot be changed")
		}
	}
	if !isStrict(doc) {
		return nil
	}
	all, _ := doc["grant_types"].([]any)
	for _, item := range all {
		if name, _ := item.(string); !slices.Contains(storage.StrictGrantTypes(), name) {
			return resource.InvalidBody("Invalid grant types for a third-party application in strict mode: " + name)
		}
	}
	return nil
}

// checkGrantTypes checks grant types that change. Unchanged ones are not checked, since they
// were allowed when they were set.
func checkGrantTypes(tx *storage.Tx, doc, old storage.Document) error {
	if old != nil && reflect.DeepEqual(doc["grant_types"], old["grant_types"]) {
		return nil
	}
	tenant, err := tx.Tenant.Document(storage.TenantKey)
	if err := storage.Optional(err); err != nil {
		return err
	}
	flags, _ := tenant["flags"].(storage.Document)
	return resource.CheckGrantTypes(doc, flags)
}

// keepClient stores the client secret that was sent, or a generated one for a new
// application. It also enables the connections for a new application.
func keepClient(o Collection, doc, old storage.Document) error {
	secret := storage.Text(o.sent, "client_secret")
	if secret == "" && old == nil {
		secret = resource.ClientSecret()
	}
	if secret != "" {
		if err := keepSecret(o.Change, doc, secret); err != nil {
			return err
		}
	}
	if old != nil {
		return nil
	}
	if doc["is_first_party"] == false {
		return nil // third-party applications use the domain-level connections
	}
	id := storage.Text(doc, "client_id")
	if o.Bulk != nil {
		o.Bulk.clients = append(o.Bulk.clients, id)
		return nil
	}
	return enableAllConnections(o.Tx, id)
}

// enableAllConnections enables all connections for new applications, unless the tenant's flag
// enable_client_connections is false. Auth0: get-started/tenant-settings, Enable Application
// Connections; a new tenant has this setting on.
func enableAllConnections(tx *storage.Tx, clientIDs ...string) error {
	tenant, err := tx.Tenant.Get(storage.TenantKey)
	if err := storage.Optional(err); err != nil {
		return err
	}
	if on := tenant.Flags.EnableClientConnections; on != nil && !*on {
		return nil
	}
	var ids []string
	for connection, err := range tx.Connections.All() {
		if err != nil {
			return err
		}
		ids = append(ids, connection.ID)
	}
	var changes []Enablement
	for _, id := range clientIDs {
		changes = append(changes, Enablement{id, true})
	}
	for _, id := range ids {
		if err := enableClients(tx, id, changes); err != nil {
			return err
		}
	}
	return nil
}

func keepSecret(ch *Change, client storage.Document, secret string) error {
	return ch.Tx.ClientSecrets.Put(ch.Secrets.NewClientSecret(storage.Text(client, "client_id"), secret))
}

// RotateSecret gives an application a new client secret, and returns the application.
func RotateSecret(ch *Change, id string) (storage.Document, error) {
	doc, err := Clients.Find(ch.Tx, id)
	if err != nil {
		return nil, err
	}
	return doc, keepSecret(ch, doc, resource.ClientSecret())
}

// deleteClient removes what belongs to a deleted application, and its id from the objects
// that name it.
func deleteClient(o Collection, doc storage.Document) error {
	if doc["global"] == true {
		return resource.InvalidBody("Global client cannot be deleted.")
	}
	id := storage.Text(doc, "client_id")
	if err := o.Tx.ClientSecrets.Delete(id); err != nil {
		return err
	}
	if err := deleteBy(o.Tx.Grants, "client", id, func(g storage.Grant) string { return g.ID }); err != nil {
		return err
	}
	if err := o.Tx.ForgetClient(id, o.Now); err != nil {
		return err
	}
	for connection, err := range o.Tx.Connections.By("client", id) {
		if err != nil {
			return err
		}
		if err := enableClients(o.Tx, connection.ID, []Enablement{{id, false}}); err != nil {
			return err
		}
	}
	return nil
}

// deleteBy deletes the resources that an index finds for a value.
func deleteBy[T any](table storage.Resources[T], index, value string, key func(T) string) error {
	for v, err := range table.By(index, value) {
		if err != nil {
			return err
		}
		if err := table.Delete(key(v)); err != nil {
			return err
		}
	}
	return nil
}
