package keys

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"

	"github.com/tenant0/tenant0/storage"
)

// Signer is one key of the ring with its certificate, for signatures in other forms than JWS, such as
// XML. It remains the same key when the ring rotates. It implements crypto.Signer.
type Signer struct{ key *signingKey }

// Signer returns the current key.
func (r *Ring) Signer() Signer { return Signer{r.set.Load().current} }

// Certificate is the certificate of the key, in DER.
func (s Signer) Certificate() []byte { return s.key.Certificate }

// Public is the public key, an *rsa.PublicKey.
func (s Signer) Public() crypto.PublicKey { return s.key.private.Public() }

// Sign signs a digest by PKCS #1 v1.5, RFC 8017 section 8.2.
func (s Signer) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	storage.Slow("signing")
	if _, pss := opts.(*rsa.PSSOptions); pss {
		return nil, errors.New("a signer of the ring has no PSS")
	}
	return rsa.SignPKCS1v15(rand.Reader, s.key.private, opts.HashFunc(), digest)
}

// GetKeyPair returns the key with its certificate, for a library that decrypts messages to the tenant.
// It implements goxmldsig's X509KeyStore.
func (s Signer) GetKeyPair() (key *rsa.PrivateKey, certificate []byte, err error) {
	return s.key.private, s.key.Certificate, nil
}
