package objects

import (
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
