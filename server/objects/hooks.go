package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Hooks are the tenant's hooks, Auth0: api/management/v2/hooks.
var Hooks = declare(&Kind{
	Kind: resource.Hooks,
	before: func(o Collection, doc, old storage.Document) error {
		if old == nil {
			doc["id"] = resource.ULID(o.Now)
		}
		return nil
	},
})

var _ = declare(&Kind{Kind: resource.HookSecrets, Owner: Hooks})

// HookSecrets returns the secrets of a hook.
func HookSecrets(tx *storage.Tx, hook string) (storage.Documents, error) {
	return tx.Documents(resource.HookSecrets.Name, hook), Hooks.Require(tx, hook)
}

// SetHookSecrets stores secrets of a hook by their names.
func SetHookSecrets(tx *storage.Tx, hook string, sent storage.Document) error {
	secrets, err := HookSecrets(tx, hook)
	if err != nil {
		return err
	}
	for name, value := range sent {
		if err := secrets.Put(storage.Write{ID: name, Document: storage.Document{"name": name, "value": value}}); err != nil {
			return err
		}
	}
	return nil
}

// DeleteHookSecrets deletes secrets of a hook. It is no error if one does not exist.
func DeleteHookSecrets(tx *storage.Tx, hook string, names []string) error {
	secrets, err := HookSecrets(tx, hook)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := secrets.Delete(name); err != nil {
			return err
		}
	}
	return nil
}
