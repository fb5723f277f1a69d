package objects

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// errKey is the error for a text that is not a public key.
var errKey = resource.InvalidBody("The pem property is not a PEM public key or certificate")

// readKey reads a PEM public key or certificate.
func readKey(text string) (key any, cert *x509.Certificate, err error) {
	key, cert, err = keys.ReadPublic(text)
	if err != nil {
		return nil, nil, errKey
	}
	return key, cert, nil
}

// keyThumbprint returns the thumbprint of a PEM public key, RFC 7638 with SHA-256.
func keyThumbprint(text string) (string, error) {
	key, _, err := readKey(text)
	if err != nil {
		return "", err
	}
	jwk := jose.JSONWebKey{Key: key}
	thumbprint, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", errKey
	}
	return base64.RawURLEncoding.EncodeToString(thumbprint), nil
}

// normalizeTime rewrites a time in the format of Auth0's responses.
func normalizeTime(doc storage.Document, name string) {
	if t, err := time.Parse(time.RFC3339, storage.Text(doc, name)); err == nil {
		doc[name] = resource.Time(t)
	}
}
