package keys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// ReadPublic reads a PEM public key, in SPKI or PKCS #1, or a certificate; it then
// returns the certificate as well as its key. It returns an error for a key that
// CheckPublic refuses.
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
		key = cert.PublicKey
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	default:
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	}
	if err != nil {
		return nil, nil, err
	}
	return key, cert, CheckPublic(key)
}

// The sizes of RSA keys in bits. Auth0: secure/application-credentials/generate-rsa-key-pair. "Auth0
// enforces a minimum RSA key size of 2048 bits and a maximum key size of 4096 bits." Certificates of
// SAML and WS-Federation may have older keys.
const (
	minRSA    = 2048
	minOldRSA = 1024
	maxRSA    = 4096
)

// Unfit is the error for a public key with which nobody should sign. It says why, in a sentence about the key.
type Unfit string

// Error implements error.
func (u Unfit) Error() string { return string(u) }

func unfit(format string, args ...any) error { return Unfit(fmt.Sprintf(format, args...)) }

// CheckPublic returns Unfit for a key that is not RSA, Ed25519 or on one of the curves of RFC 7518, for an RSA key that
// is too small, or so large that verifying takes too long, for numbers that are no RSA key, and for a point that is not
// on its curve.
func CheckPublic(key any) error { return checkPublic(key, minRSA) }

// CheckOld is CheckPublic for the keys of SAML and WS-Federation, which may be older.
func CheckOld(key any) error { return checkPublic(key, minOldRSA) }

func checkPublic(key any, least int) error {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return checkRSA(k, least)
	case *ecdsa.PublicKey:
		if !slices.Contains([]elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()}, k.Curve) {
			return unfit("its curve is not P-256, P-384 or P-521")
		}
		if _, err := k.ECDH(); err != nil {
			return unfit("its point is not on its curve")
		}
		return nil
	case ed25519.PublicKey:
		return nil
	}
	return unfit("it is neither an RSA key nor on an elliptic curve")
}

// checkRSA demands a public exponent as in FIPS 186-5 section 5.1, odd and above 2^16, that fits into 31 bits.
func checkRSA(k *rsa.PublicKey, least int) error {
	bits := k.N.BitLen()
	switch {
	case bits < least || bits > maxRSA:
		return unfit("it is an RSA key of %d bits, and must have %d to %d bits", bits, least, maxRSA)
	case k.N.Bit(0) == 0:
		return unfit("its RSA modulus is even")
	case k.E <= 1<<16 || k.E%2 == 0 || k.E > math.MaxInt32:
		return unfit("its RSA exponent is %d, and must be odd and from 65537 to 2147483647", k.E)
	}
	return nil
}

// checkSize returns an error for a signature by an RSA key that is too small or too large: the signature is as long
// as the key.
func checkSize(s jose.Signature) error {
	alg := s.Header.Algorithm
	if bits := 8 * len(s.Signature); (alg[:1] == "R" || alg[:1] == "P") && (bits < minRSA || bits > maxRSA) {
		return unfit("the signature has %d bits, and RSA keys must have %d to %d bits", bits, minRSA, maxRSA)
	}
	return nil
}

// CheckJWK checks a JSON Web Key, RFC 7517, that somebody wants to publish: it is public, its numbers are written as
// RFC 7518 section 6 demands, the algorithm that it names is one for keys of its kind, and CheckPublic accepts it.
func CheckJWK(raw []byte) error {
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(raw); err != nil {
		return unfit("it cannot be read: %s", strings.TrimPrefix(err.Error(), "go-jose/go-jose: "))
	}
	if !key.IsPublic() || !key.Valid() {
		return unfit("it is not a public key")
	}
	if err := CheckPublic(key.Key); err != nil {
		return err
	}
	if key.Algorithm != "" && !slices.Contains(algorithmsOf(key.Key), key.Algorithm) {
		return unfit("it cannot be used with %s", key.Algorithm)
	}
	return checkNumbers(raw, key.Key)
}

// algorithmsOf returns the algorithms that a key can sign with, RFC 7518 section 3.1.
func algorithmsOf(key any) []string {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case *ecdsa.PublicKey:
		return []string{map[elliptic.Curve]string{elliptic.P256(): "ES256", elliptic.P384(): "ES384", elliptic.P521(): "ES512"}[k.Curve]}
	}
	return nil
}

// checkNumbers compares the numbers in a JSON Web Key with those of the key that was read from it. The library that
// reads it cuts long exponents off.
func checkNumbers(raw []byte, key any) error {
	canonical, err := jose.JSONWebKey{Key: key}.MarshalJSON()
	if err != nil {
		return err
	}
	type numbers struct {
		N, E, X, Y string
	}
	var sent, read numbers
	if err := errors.Join(json.Unmarshal(raw, &sent), json.Unmarshal(canonical, &read)); err != nil {
		return err
	}
	if sent != read {
		return unfit("its numbers are not written as RFC 7518 section 6 demands")
	}
	return nil
}
