package saml_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"testing"

	"github.com/tenant0/tenant0/server/saml"
)

// TestCertificatesWithUnfitKeys: a certificate of a provider is not used if its key is so large that each login would take
// long, or so small that others can sign with it. Old certificates with 1024 bits are still in use.
func TestCertificatesWithUnfitKeys(t *testing.T) {
	authority := newKeyPair(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(2)}
	for bits, fit := range map[int]bool{512: false, 1024: true, 2048: true, 4096: true, 8192: false, 65536: false} {
		key := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), bits-1, 1), E: 65537} // nobody can sign with it
		der, err := x509.CreateCertificate(rand.Reader, template, authority.cert, key, authority.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := saml.Certificate(base64.StdEncoding.EncodeToString(der)); (err == nil) != fit {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
}
