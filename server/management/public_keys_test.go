package management_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// jwk returns a public key as a JSON Web Key.
func jwk(t *testing.T, key any, kid string) object {
	t.Helper()
	raw, err := jose.JSONWebKey{Key: key, KeyID: kid}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var members object
	if err := json.Unmarshal(raw, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

func curveKey(t *testing.T) *ecdsa.PublicKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &key.PublicKey
}

// numbers returns an RSA key with a modulus of so many bits. Nobody can sign with it.
func numbers(bits, e int) *rsa.PublicKey {
	return &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), bits-1, 1), E: e}
}

const customKeys = "/keys/custom-signing"

func TestCustomSigningKeysAreReplacedWhole(t *testing.T) {
	c := newClient(t)
	c.must(404, http.MethodGet, customKeys, nil)
	key := jwk(t, curveKey(t), "one")
	key["use"], key["alg"] = "sig", "ES256"
	c.must(200, http.MethodPut, customKeys, object{"keys": []object{key, jwk(t, numbers(2048, 65537), "")}})
	c.must(200, http.MethodPut, customKeys, object{"keys": []object{key}})
	c.must(400, http.MethodPut, customKeys, object{"keys": []object{{"kty": "oct", "k": "c2VjcmV0"}}})
	keys, _ := c.must(200, http.MethodGet, customKeys, nil)["keys"].([]any)
	if len(keys) != 1 || keys[0].(object)["kid"] != "one" {
		t.Errorf("the keys are %v", keys)
	}
	c.must(204, http.MethodDelete, customKeys, nil)
	c.must(404, http.MethodGet, customKeys, nil)
}

// TestCustomSigningKeysThatAreRefused: what is published as a key is one, with which somebody may sign, and nobody takes
// it for another key.
func TestCustomSigningKeysThatAreRefused(t *testing.T) {
	c := newClient(t)
	with := func(key object, name string, value any) object { key[name] = value; return key }
	good := func() object { return jwk(t, numbers(2048, 65537), "good") }
	own := c.list("/keys/signing")[0]["kid"].(string)
	for name, set := range map[string][]object{
		"512 bits": {jwk(t, numbers(512, 65537), "")}, "65536 bits": {jwk(t, numbers(65536, 65537), "")}, "the exponent 3": {jwk(t, numbers(2048, 3), "")},
		"the exponent 1": {with(good(), "e", "AQ")}, "the exponent 0": {with(good(), "e", "AA")}, "no modulus": {{"kty": "RSA", "e": "AQAB"}},
		"an even modulus":       {with(good(), "n", base64.RawURLEncoding.EncodeToString(new(big.Int).Lsh(big.NewInt(1), 2047).Bytes()))},
		"a point off the curve": {with(jwk(t, curveKey(t), ""), "y", jwk(t, curveKey(t), "")["y"])}, "no point": {{"kty": "EC", "crv": "P-256"}},
		"another algorithm": {with(jwk(t, curveKey(t), ""), "alg", "RS256")}, "a private member": {with(good(), "d", "AQAB")},
		"the same kid twice": {good(), with(jwk(t, curveKey(t), ""), "kid", "good")}, "the kid of the tenant's key": {with(good(), "kid", own)},
	} {
		if status, answer := c.do(http.MethodPut, customKeys, object{"keys": set}); status != http.StatusBadRequest {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	c.must(404, http.MethodGet, customKeys, nil)
	c.must(200, http.MethodPut, customKeys, object{"keys": []object{jwk(t, numbers(2048, 65537), ""), jwk(t, curveKey(t), ""), good()}})
}

// TestPublicKeysThatAreRefused sends unfit keys to each place that takes a key as PEM.
func TestPublicKeysThatAreRefused(t *testing.T) {
	c := newClient(t)
	spki := func(key any) string {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	machine := c.must(201, http.MethodPost, "/clients", object{"name": "machine", "app_type": "non_interactive"})["client_id"].(string)
	for name, tt := range map[string]struct{ text, says string }{
		"1024 bits":       {spki(numbers(1024, 65537)), "it is an RSA key of 1024 bits, and must have 2048 to 4096 bits"},
		"PKCS #1":         {string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(numbers(512, 65537))})), "of 512 bits"},
		"16384 bits":      {spki(numbers(16384, 65537)), "of 16384 bits"},
		"an exponent":     {spki(numbers(2048, 3)), "its RSA exponent is 3"},
		"an even modulus": {spki(&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 65537}), "its RSA modulus is even"},
	} {
		key := object{"credential_type": "public_key", "name": "k", "pem": tt.text}
		for path, body := range map[string]object{
			"/clients/" + machine + "/credentials": key,
			"/clients":                             {"name": "second", "client_authentication_methods": object{"private_key_jwt": object{"credentials": []object{key}}}},
			"/resource-servers": {"name": "sealed", "identifier": "https://sealed.test", "token_encryption": object{
				"format": "compact-nested-jwe", "encryption_key": object{"alg": "RSA-OAEP-256", "pem": tt.text},
			}},
		} {
			status, answer := c.do(http.MethodPost, path, body)
			said, _ := answer.(object)["message"].(string)
			if status != http.StatusBadRequest || !strings.Contains(said, tt.says) {
				t.Errorf("%s to %s: %d %v", name, path, status, answer)
			}
		}
	}
	status, answer := c.do(http.MethodPost, "/clients/"+machine+"/credentials", object{"credential_type": "public_key", "pem": spki(curveKey(t))})
	if status != http.StatusBadRequest {
		t.Errorf("a key that RS256 cannot use: %d %v", status, answer)
	}
}
