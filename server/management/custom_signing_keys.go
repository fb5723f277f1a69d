package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// customSigningKeyOperations are those of the public keys that a customer provides, a set
// that is replaced whole. Auth0: api/management/v2/keys/put-custom-signing-keys.
func (a *api) customSigningKeyOperations() []operation {
	const path = "/keys/custom-signing"
	return []operation{
		{http.MethodGet, path, []string{"read:custom_signing_keys"}, customSigningKeys},
		{http.MethodPut, path, []string{"create:custom_signing_keys", "update:custom_signing_keys"}, setCustomSigningKeys},
		{http.MethodDelete, path, []string{"delete:custom_signing_keys"}, deleteCustomSigningKeys},
	}
}

func customSigningKeySet(tx *storage.Tx) storage.Documents {
	return tx.Documents(resource.CustomSigningKeys.Name, "")
}

//auth0:operation GET /api/v2/keys/custom-signing
func customSigningKeys(c *call) error {
	var set storage.Document
	err := c.view(func(tx *storage.Tx) (err error) {
		set, err = customSigningKeySet(tx).Document(storage.SettingsKey)
		return err
	})
	if storage.IsNotFound(err) {
		return resource.CustomSigningKeys.Missing
	}
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, set)
}

//auth0:operation PUT /api/v2/keys/custom-signing
func setCustomSigningKeys(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := resource.CustomSigningKeys.Check(c.body, resource.Create); err != nil {
		return err
	}
	err := c.update(func(tx *storage.Tx) error {
		return customSigningKeySet(tx).Put(storage.Write{ID: storage.SettingsKey, Document: c.body})
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, c.body)
}

//auth0:operation DELETE /api/v2/keys/custom-signing
func deleteCustomSigningKeys(c *call) error {
	err := c.update(func(tx *storage.Tx) error { return customSigningKeySet(tx).DeleteAll() })
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}
