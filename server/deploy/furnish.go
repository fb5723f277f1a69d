package deploy

import (
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Furnish gives a new tenant what every tenant has from the start: the global
// client, which pages belong to, and the encryption keys.
func Furnish(tx *storage.Tx, secrets *keys.Secrets, now time.Time) error {
	global := storage.Document{
		"name": "All Applications", "global": true, "callbacks": []any{}, "owners": []any{}, "oidc_conformant": true, "sso": false,
		"jwt_configuration": storage.Document{"alg": "RS256", "lifetime_in_seconds": 36000}, "grant_types": []any{},
	}
	resource.Clients.Fill(global, now)
	if err := tx.Clients.Put(global); err != nil {
		return err
	}
	secret := secrets.NewClientSecret(text(global, "client_id"), resource.ClientSecret())
	if err := tx.ClientSecrets.Put(secret); err != nil {
		return err
	}
	root := storage.Document{"type": "environment-root-key", "state": "active"}
	resource.EncryptionKeys.Fill(root, now)
	master := storage.Document{"type": "tenant-master-key", "state": "active", "parent_kid": root["kid"]}
	resource.EncryptionKeys.Fill(master, now)
	for _, doc := range []storage.Document{root, master} {
		docs := objects.PlainOf(tx, resource.EncryptionKeys, "")
		if err := docs.Put(doc); err != nil {
			return err
		}
	}
	return nil
}
