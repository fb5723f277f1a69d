package objects

import (
	"maps"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// ResourceServers are the APIs of the tenant, Auth0: api/management/v2/resource-servers.
var ResourceServers = declare(&Kind{
	Kind: resource.ResourceServers,
	table: func(tx *storage.Tx) Store {
		return apis{TableStore[storage.ResourceServer]{Resources: tx.ResourceServers}, tx}
	},
	before: checkAPI, deleted: deleteAPI,
})

// apis is a Store that finds an API by its id or by its identifier.
type apis struct {
	TableStore[storage.ResourceServer]
	tx *storage.Tx
}

func (a apis) id(idOrIdentifier string) (string, error) {
	api, err := a.tx.API(idOrIdentifier)
	if err != nil || api == nil {
		return idOrIdentifier, err
	}
	return api.ID, nil
}

// Document implements Store.
func (a apis) Document(idOrIdentifier string) (storage.Document, error) {
	id, err := a.id(idOrIdentifier)
	if err != nil {
		return nil, err
	}
	return a.TableStore.Document(id)
}

// Delete implements Store.
func (a apis) Delete(idOrIdentifier string) error {
	id, err := a.id(idOrIdentifier)
	if err != nil {
		return err
	}
	return a.TableStore.Delete(id)
}

// checkAPI returns an error if a change names the scopes of a system API, which are
// fixed, or lifetimes that do not fit. It fills in the members of a new system API, and the thumbprint of an encryption
// key.
func checkAPI(o Collection, doc, old storage.Document) error {
	if old == nil {
		maps.Copy(doc, resource.SystemAPI(o.Issuer, storage.Text(doc, "identifier")))
	}
	if _, changes := o.sent["scopes"]; old != nil && old["is_system"] == true && changes {
		return resource.InvalidBody("Payload validation error: 'Additional properties not allowed: scopes'.")
	}
	if o.sent["token_lifetime_for_web"] != nil && old != nil {
		if err := resource.CheckLifetimes(doc); err != nil {
			return err
		}
	}
	encryption, _ := doc["token_encryption"].(storage.Document)
	if key, ok := encryption["encryption_key"].(storage.Document); ok {
		thumbprint, err := keyThumbprint(storage.Text(key, "pem"))
		if err != nil {
			return err
		}
		key["thumbprint_sha256"] = thumbprint
	}
	tellNeglected(o, "resourceServers", "The API "+storage.Text(doc, "identifier"), doc, old)
	return nil
}

// deleteAPI deletes the users' consents to a deleted API, and what else depends on it.
func deleteAPI(o Collection, doc storage.Document) error {
	identifier := storage.Text(doc, "identifier")
	if doc["is_system"] == true && resource.SystemAPI(o.Issuer, identifier) == nil { // the others were activated by the tenant, and may be deleted
		return resource.InvalidBody("System resource servers cannot be deleted.")
	}
	var consents []string
	for g, err := range o.Tx.Grants.Mentioning(identifier) {
		if err != nil {
			return err
		}
		if g.Audience == identifier {
			consents = append(consents, g.ID)
		}
	}
	for _, id := range consents {
		if err := o.Tx.Grants.Delete(id); err != nil {
			return err
		}
	}
	return o.Tx.ForgetAPI(identifier, o.Now)
}
