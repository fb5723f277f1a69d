package storage

import (
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// SigningKey is a key pair that signs tokens, with its certificate.
type SigningKey struct {
	KeyID       string    `json:"kid"`
	PrivateKey  []byte    `json:"private_key"` // PKCS #8 DER
	Certificate []byte    `json:"certificate"` // DER
	CreatedAt   time.Time `json:"created_at"`
	// CurrentSince is when the key began to sign; zero for the next key, which
	// does not sign yet.
	CurrentSince time.Time `json:"current_since,omitzero"`
	CurrentUntil time.Time `json:"current_until,omitzero"`
	RevokedAt    time.Time `json:"revoked_at,omitzero"`
}

var signingKeys = table.Declare(table.Spec[SigningKey]{
	Name: "signing_keys",
	Key:  func(k SigningKey) string { return k.KeyID },
})

// Secret is a random value that only the server knows, such as the key of its
// MACs.
type Secret struct {
	Name  string `json:"name"`
	Value []byte `json:"value"`
}

var secrets = table.Declare(table.Spec[Secret]{
	Name: "secrets",
	Key:  func(s Secret) string { return s.Name },
})
