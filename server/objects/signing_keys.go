package objects

import (
	"encoding/json"
	"fmt"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// ShownSigningKey returns a signing key as the API shows it, Auth0:
// api/management/v2/keys.
func ShownSigningKey(k storage.SigningKey) storage.Document {
	fingerprint, thumbprint := keys.Thumbprints(k.Certificate)
	doc := storage.Document{
		"kid":     k.KeyID,
		"cert":    keys.PEM(k.Certificate),
		"pkcs7":   keys.PKCS7(k.Certificate),
		"current": !k.CurrentSince.IsZero() && k.CurrentUntil.IsZero(), "next": k.CurrentSince.IsZero(),
		"previous": !k.CurrentUntil.IsZero(), "revoked": !k.RevokedAt.IsZero(),
		"thumbprint": thumbprint, "fingerprint": fingerprint,
	}
	if !k.CurrentSince.IsZero() {
		doc["current_since"] = resource.Time(k.CurrentSince)
	}
	if !k.CurrentUntil.IsZero() {
		doc["current_until"] = resource.Time(k.CurrentUntil)
	}
	if !k.RevokedAt.IsZero() {
		doc["revoked_at"] = resource.Time(k.RevokedAt)
	}
	return doc
}

// CheckSigningKeys checks the public keys that a customer provides, Auth0:
// get-started/tenant-settings/signing-keys/customer-signing-keys. Auth0 publishes them beside the tenant's own keys, so
// each needs a kid of its own, if it has one.
func CheckSigningKeys(set storage.Document, ring *keys.Ring) error {
	taken := map[any]bool{}
	for _, own := range ring.List() {
		taken[own.KeyID] = true
	}
	all, _ := set["keys"].([]any)
	for i, key := range all {
		raw, err := json.Marshal(key)
		if err != nil {
			return err
		}
		if err := keys.CheckJWK(raw); err != nil {
			return resource.InvalidBody(fmt.Sprintf("The key keys[%d] cannot be used: %v", i, err))
		}
		jwk, _ := key.(storage.Document)
		kid, named := jwk["kid"]
		if taken[kid] {
			return resource.InvalidBody(fmt.Sprintf("The key keys[%d] has the kid of another key", i))
		}
		taken[kid] = named
	}
	return nil
}
