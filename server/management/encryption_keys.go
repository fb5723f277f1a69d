package management

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/storage"
)

// encryptionKeys serves the tenant's encryption keys, Auth0:
// api/management/v2/keys/encryption. The keys are only records: tenant0 encrypts nothing
// with them.
//
//auth0:operation GET /api/v2/keys/encryption
//auth0:operation POST /api/v2/keys/encryption
//auth0:operation GET /api/v2/keys/encryption/{kid}
//auth0:operation DELETE /api/v2/keys/encryption/{kid}
func encryptionKeys() collection {
	return collection{
		kind: objects.EncryptionKeys, path: "/keys/encryption", param: "kid", scope: "encryption_keys", verbs: "list create get delete",
		list: listing{key: "keys"},
		show: func(_ *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			for _, name := range []string{"parent_kid", "public_key"} {
				if _, ok := doc[name]; !ok {
					doc[name] = nil
				}
			}
			return doc, nil
		},
	}
}

func encryptionKeyOperations() []operation {
	return []operation{
		{http.MethodPost, "/keys/encryption/rekey", []string{"create:encryption_keys", "update:encryption_keys"}, rekey},
		{http.MethodPost, "/keys/encryption/{kid}", []string{"create:encryption_keys", "update:encryption_keys"}, importEncryptionKey},
		{http.MethodPost, "/keys/encryption/{kid}/wrapping-key", []string{"create:encryption_keys"}, wrappingKey},
	}
}

// rekey replaces each active master key of the tenant by a new one.
//
//auth0:operation POST /api/v2/keys/encryption/rekey
func rekey(c *call) error {
	return c.emptyChange(http.StatusNoContent, objects.Rekey)
}

//auth0:operation POST /api/v2/keys/encryption/{kid}
func importEncryptionKey(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := objects.CheckWrappedKey(storage.Text(c.body, "wrapped_key")); err != nil {
		return err
	}
	return replyChange(c, http.StatusCreated, func(ch *objects.Change) (storage.Document, error) {
		doc, err := objects.ActivateEncryptionKey(ch, c.param("kid"))
		if err != nil {
			return nil, err
		}
		doc["parent_kid"] = nil
		return doc, nil
	})
}

//auth0:operation POST /api/v2/keys/encryption/{kid}/wrapping-key
func wrappingKey(c *call) error {
	err := c.view(func(tx *storage.Tx) error { return objects.EncryptionKeys.Require(tx, c.param("kid")) })
	if err != nil {
		return err
	}
	storage.Slow("making a key")
	key, err := rsa.GenerateKey(rand.Reader, 3072)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, storage.Document{
		"public_key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), "algorithm": "CKM_RSA_AES_KEY_WRAP",
	})
}
