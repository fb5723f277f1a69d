package objects

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
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
	if unfit, ok := errors.AsType[keys.Unfit](err); ok {
		return nil, nil, resource.InvalidBody("The key in the pem property cannot be used: " + unfit.Error())
	}
	if err != nil {
		return nil, nil, errKey
	}
	return key, cert, nil
}

// readRSA is readKey for keys of algorithms that are all RSA's.
func readRSA(text string) (cert *x509.Certificate, err error) {
	key, cert, err := readKey(text)
	if _, ok := key.(*rsa.PublicKey); err == nil && !ok {
		err = resource.InvalidBody("The key in the pem property cannot be used: it is not an RSA key")
	}
	return cert, err
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
