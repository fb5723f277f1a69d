package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// customSigningKeyOperations are the operations of the public keys that a customer
// provides. They are one key set, which is always replaced as a whole. Auth0:
// api/management/v2/keys/put-custom-signing-keys.
func customSigningKeyOperations() []operation {
	const path = "/keys/custom-signing"
	return []operation{
		{http.MethodGet, path, []string{"read:custom_signing_keys"}, customSigningKeys},
		{http.MethodPut, path, []string{"create:custom_signing_keys", "update:custom_signing_keys"}, setCustomSigningKeys},
		{http.MethodDelete, path, []string{"delete:custom_signing_keys"}, deleteSingleton(resource.CustomSigningKeys)},
	}
}

//auth0:operation GET /api/v2/keys/custom-signing
func customSigningKeys(c *call) error {
	set, err := c.readSingleton(resource.CustomSigningKeys)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, set)
}

//auth0:operation PUT /api/v2/keys/custom-signing
func setCustomSigningKeys(c *call) error {
	if err := c.readAs(resource.CustomSigningKeys, resource.Create); err != nil {
		return err
	}
	if err := objects.CheckSigningKeys(c.body, c.Ring); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		return c.body, objects.PutSingleton(ch.Tx, resource.CustomSigningKeys, c.body)
	})
}
