package objects

import (
	"encoding/base64"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// EncryptionKeys are the tenant's encryption keys, Auth0:
// api/management/v2/keys/encryption. They are only records: tenant0 encrypts nothing with
// them.
var EncryptionKeys = declare(&Kind{
	Kind: resource.EncryptionKeys, table: func(tx *storage.Tx) Store { return destroyed{DocumentStoreOf(tx, resource.EncryptionKeys, "")} },
})

// destroyed is a Store that marks a deleted key as destroyed and keeps its record.
type destroyed struct{ DocumentStore }

// Delete implements Store.
func (d destroyed) Delete(id string) error {
	doc, err := d.Document(id)
	if err != nil {
		return err
	}
	doc["state"] = "destroyed"
	return d.Put(doc)
}

var errWrappedKey = resource.InvalidBody("Invalid input. Wrapped key material is invalid or unsupported key type.")

// minWrappedKey is the length of the shortest key wrapped with RSA, in bytes.
const minWrappedKey = 256

// CheckWrappedKey returns an error if the material of an encryption key cannot be
// imported.
func CheckWrappedKey(material string) error {
	raw, err := base64.StdEncoding.DecodeString(material)
	if err != nil || len(raw) < minWrappedKey {
		return errWrappedKey
	}
	return nil
}

// ActivateEncryptionKey marks a key as active after its material was imported, and
// returns it.
func ActivateEncryptionKey(ch *Change, kid string) (storage.Document, error) {
	known, err := EncryptionKeys.In(ch, "")
	if err != nil {
		return nil, err
	}
	doc, err := known.Find(kid)
	if err != nil {
		return nil, err
	}
	doc["state"], doc["updated_at"] = "active", resource.Time(ch.Now)
	return doc, known.Put(doc)
}

// Rekey replaces each active master key of the tenant by a new one.
func Rekey(ch *Change) error {
	known := DocumentStoreOf(ch.Tx, resource.EncryptionKeys, "")
	all, err := collect(known.All())
	if err != nil {
		return err
	}
	for _, doc := range all {
		if storage.Text(doc, "type") != "tenant-master-key" || storage.Text(doc, "state") != "active" {
			continue
		}
		doc["state"], doc["updated_at"] = "deactivated", resource.Time(ch.Now)
		if err := known.Put(doc); err != nil {
			return err
		}
		next := storage.Document{"type": "tenant-master-key", "state": "active", "parent_kid": doc["parent_kid"]}
		resource.EncryptionKeys.Fill(next, ch.Now)
		if err := known.Put(next); err != nil {
			return err
		}
	}
	return nil
}
