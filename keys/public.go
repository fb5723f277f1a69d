package keys

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
)

// ReadPublic reads a PEM public key, in SPKI or PKCS #1, or a certificate; it then
// returns the certificate as well as its key.
func ReadPublic(text string) (key any, cert *x509.Certificate, err error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, nil, errors.New("not PEM")
	}
	switch block.Type {
	case "CERTIFICATE":
		if cert, err = x509.ParseCertificate(block.Bytes); err != nil {
			return nil, nil, err
		}
		return cert.PublicKey, cert, nil
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	}
	return key, nil, err
}
