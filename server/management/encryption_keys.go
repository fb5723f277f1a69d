package management

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// encryptionKeys is Auth0: api/management/v2/keys/encryption. The keys are
// records: nothing in this server is encrypted by them.
//
//auth0:operation GET /api/v2/keys/encryption
//auth0:operation POST /api/v2/keys/encryption
//auth0:operation GET /api/v2/keys/encryption/{kid}
//auth0:operation DELETE /api/v2/keys/encryption/{kid}
func encryptionKeys() served {
	return served{
		kind: resource.EncryptionKeys, path: "/keys/encryption", param: "kid", scope: "encryption_keys", verbs: "list create get delete",
		keep: func(c *call, tx *storage.Tx) (store, error) {
			return destroyed{c.plain(tx, resource.EncryptionKeys, "")}, nil
		},
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

// destroyed keeps a deleted key's record and marks it.
type destroyed struct{ plain }

// Delete implements store.
func (d destroyed) Delete(id string) error {
	doc, err := d.Document(id)
	if err != nil {
		return err
	}
	doc["state"] = "destroyed"
	return d.Put(doc)
}

func keepEncryptionKeys(c *call, tx *storage.Tx) store {
	return c.plain(tx, resource.EncryptionKeys, "")
}

func encryptionKeyOperations() []operation {
	return []operation{
		{http.MethodPost, "/keys/encryption/rekey", []string{"create:encryption_keys", "update:encryption_keys"}, rekey},
		{http.MethodPost, "/keys/encryption/{kid}", []string{"create:encryption_keys", "update:encryption_keys"}, importEncryptionKey},
		{http.MethodPost, "/keys/encryption/{kid}/wrapping-key", []string{"create:encryption_keys"}, wrappingKey},
	}
}

// rekey replaces the tenant's own keys, as many generations as there are.
//
//auth0:operation POST /api/v2/keys/encryption/rekey
func rekey(c *call) error {
	err := c.update(func(tx *storage.Tx) error {
		docs := c.plain(tx, resource.EncryptionKeys, "")
		var all []storage.Document
		for doc, err := range docs.All() {
			if err != nil {
				return err
			}
			all = append(all, doc)
		}
		for _, doc := range all {
			if text(doc, "type") != "tenant-master-key" || text(doc, "state") != "active" {
				continue
			}
			doc["state"], doc["updated_at"] = "deactivated", resource.Time(c.now)
			if err := docs.Put(doc); err != nil {
				return err
			}
			next := storage.Document{"type": "tenant-master-key", "state": "active", "parent_kid": doc["parent_kid"]}
			resource.EncryptionKeys.Fill(next, c.now)
			if err := docs.Put(next); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

var errWrappedKey = resource.InvalidBody("Invalid input. Wrapped key material is invalid or unsupported key type.")

// minWrappedKey is the length, in bytes, of the shortest key wrapped by RSA.
const minWrappedKey = 256

//auth0:operation POST /api/v2/keys/encryption/{kid}
func importEncryptionKey(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(text(c.body, "wrapped_key"))
	if err != nil || len(raw) < minWrappedKey {
		return errWrappedKey
	}
	var doc storage.Document
	err = c.update(func(tx *storage.Tx) error {
		st := keepEncryptionKeys(c, tx)
		if doc, err = encryptionKeys().find(c, st); err != nil {
			return err
		}
		doc["state"], doc["updated_at"] = "active", resource.Time(c.now)
		return st.Put(doc)
	})
	if err != nil {
		return err
	}
	doc["parent_kid"] = nil
	return c.reply(http.StatusCreated, doc)
}

//auth0:operation POST /api/v2/keys/encryption/{kid}/wrapping-key
func wrappingKey(c *call) error {
	err := c.view(func(tx *storage.Tx) error {
		_, err := encryptionKeys().find(c, keepEncryptionKeys(c, tx))
		return err
	})
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
