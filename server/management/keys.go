package management

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/storage"
)

func keyOperations() []operation {
	read := []string{"read:signing_keys"}
	return []operation{
		{http.MethodGet, "/keys/signing", read, signingKeys},
		{http.MethodGet, "/keys/signing/{kid}", read, signingKey},
		{http.MethodPost, "/keys/signing/rotate", []string{"create:signing_keys update:signing_keys"}, rotateSigningKey},
		{http.MethodPut, "/keys/signing/{kid}/revoke", []string{"update:signing_keys"}, revokeSigningKey},
	}
}

//auth0:operation GET /api/v2/keys/signing
func signingKeys(c *call) error {
	docs := []storage.Document{}
	for _, k := range c.Ring.List() {
		docs = append(docs, objects.ShownSigningKey(k))
	}
	return c.reply(http.StatusOK, docs)
}

var errNoSigningKey = &apierr.Error{Status: http.StatusNotFound, Message: "The signing key does not exist.", Extra: map[string]any{"errorCode": "inexistent_signing_key"}}

//auth0:operation GET /api/v2/keys/signing/{kid}
func signingKey(c *call) error {
	for _, k := range c.Ring.List() {
		if k.KeyID == c.param("kid") {
			return c.reply(http.StatusOK, objects.ShownSigningKey(k))
		}
	}
	return errNoSigningKey
}

//auth0:operation POST /api/v2/keys/signing/rotate
func rotateSigningKey(c *call) error {
	if err := c.Ring.Rotate(c.now); err != nil {
		return err
	}
	for _, k := range c.Ring.List() {
		if k.CurrentSince.IsZero() {
			return c.reply(http.StatusCreated, storage.Document{"kid": k.KeyID, "cert": objects.ShownSigningKey(k)["cert"]})
		}
	}
	return fmt.Errorf("rotation left no next key")
}

//auth0:operation PUT /api/v2/keys/signing/{kid}/revoke
func revokeSigningKey(c *call) error {
	err := c.Ring.Revoke(c.param("kid"), c.now)
	switch {
	case errors.Is(err, keys.ErrUnknownKey):
		return errNoSigningKey
	case errors.Is(err, keys.ErrKeyInUse):
		return &apierr.Error{Status: http.StatusBadRequest, Message: "Only a previous signing key can be revoked.", Extra: map[string]any{"errorCode": "invalid_body"}}
	case err != nil:
		return err
	}
	return signingKey(c)
}
