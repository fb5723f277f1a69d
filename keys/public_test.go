package keys_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tenant0/tenant0/keys"
)

// rsaKey returns the numbers of an RSA key with a modulus of so many bits. Nobody can sign with it.
func rsaKey(bits uint, e int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: e}
}

func TestUnfitKeys(t *testing.T) {
	even := rsaKey(2048, 65537)
	even.N.SetBit(even.N, 0, 0)
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	old, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	off := &ecdsa.PublicKey{Curve: elliptic.P256(), X: big.NewInt(1), Y: big.NewInt(1)} //nolint:staticcheck // no other way to make one
	for name, tt := range map[string]struct {
		key any
		fit bool
	}{
		"512 bits": {rsaKey(512, 65537), false}, "1024 bits": {rsaKey(1024, 65537), false}, "2047 bits": {rsaKey(2047, 65537), false},
		"2048 bits": {rsaKey(2048, 65537), true}, "3072 bits": {rsaKey(3072, 65537), true}, "4096 bits": {rsaKey(4096, 65537), true},
		"4097 bits": {rsaKey(4097, 65537), false}, "65536 bits": {rsaKey(65536, 65537), false},
		"exponent 1": {rsaKey(2048, 1), false}, "exponent 2": {rsaKey(2048, 2), false}, "exponent 3": {rsaKey(2048, 3), false},
		"exponent 65538": {rsaKey(2048, 65538), false}, "exponent 2^31-1": {rsaKey(2048, 1<<31-1), true}, "exponent 2^31+1": {rsaKey(2048, 1<<31+1), false},
		"an even modulus": {even, false}, "P-256": {curve.Public(), true}, "P-224": {old.Public(), false}, "off the curve": {off, false},
		"no key": {nil, false}, "a shared secret": {[]byte("a secret of thirty-two characters"), false},
	} {
		err := keys.CheckPublic(tt.key)
		if _, unfit := errors.AsType[keys.Unfit](err); unfit == tt.fit || (err == nil) != tt.fit {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// members returns a public key as the members of a JSON Web Key, with changes.
func members(t *testing.T, key any, changes map[string]any) []byte {
	t.Helper()
	raw, err := jose.JSONWebKey{Key: key}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	maps.Copy(all, changes)
	raw, err = json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestJSONWebKeysToPublish(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := rsaKey(2048, 65537)
	type object = map[string]any
	for name, tt := range map[string]struct {
		key     any
		changes object
		fit     bool
	}{
		"RSA": {good, nil, true}, "RSA for PS512": {good, object{"alg": "PS512"}, true}, "RSA for ES256": {good, object{"alg": "ES256"}, false},
		"EC": {curve.Public(), nil, true}, "EC for ES256": {curve.Public(), object{"alg": "ES256"}, true}, "EC for ES384": {curve.Public(), object{"alg": "ES384"}, false},
		"EC for RS256": {curve.Public(), object{"alg": "RS256"}, false}, "another curve": {curve.Public(), object{"crv": "P-384"}, false},
		"a point off the curve": {curve.Public(), object{"x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}, false},
		"1024 bits":             {rsaKey(1024, 65537), nil, false}, "exponent 1": {good, object{"e": "AQ"}, false}, "exponent 0": {good, object{"e": "AA"}, false},
		"no exponent": {good, object{"e": nil}, false}, "no modulus": {good, object{"n": ""}, false},
		"an exponent above 2^64":      {good, object{"e": "AQAAAAAAAQAB"}, false},
		"a number with a zero before": {good, object{"e": "AAEAAQ"}, false},
		"a certificate of nothing":    {good, object{"x5c": []string{"AAAA"}}, false},
	} {
		if err := keys.CheckJWK(members(t, tt.key, tt.changes)); (err == nil) != tt.fit {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTheSizeOfASignature: a signature is as long as its RSA key, which is seen before the key is looked for.
func TestTheSizeOfASignature(t *testing.T) {
	for bits, fit := range map[int]bool{1024: false, 2040: false, 2048: true, 4096: true, 4104: false, 65536: false} {
		_, err := keys.ParseForeign("eyJhbGciOiJSUzI1NiJ9.e30."+base64.RawURLEncoding.EncodeToString(make([]byte, bits/8)), []jose.SignatureAlgorithm{jose.RS256})
		if (err == nil) != fit {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
}
