package registration_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// TestASectorListsTheCallbacks: the document of the sector_identifier_uri has to list all redirect_uris.
func TestASectorListsTheCallbacks(t *testing.T) {
	tn := start(t, "permissive")
	const other = "https://partner.example.com/other"
	document := ""
	sector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(document))
	}))
	t.Cleanup(sector.Close)
	for name, tt := range map[string]struct{ document, said string }{
		"all of them":    {`["` + callbackURL + `", "` + other + `"]`, ""},
		"one of them":    {`["` + callbackURL + `"]`, "does not list " + other},
		"none of them":   {`[]`, "does not list " + callbackURL},
		"another kind":   {`{"redirect_uris": ["` + callbackURL + `"]}`, "does not lead to a list"},
		"nothing at all": {``, "does not lead to a list"},
	} {
		document = tt.document
		status, answer := tn.register(map[string]any{"redirect_uris": []string{callbackURL, other}, "sector_identifier_uri": sector.URL + "/sector"})
		if said, _ := answer["error_description"].(string); (status == http.StatusCreated) != (tt.said == "") || !strings.Contains(said, tt.said) {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
}

// TestWhatOnlyTheStandardHas: metadata that Auth0 does not know is left out, as unknown metadata is, unless the tenant
// gives the standard's answers.
func TestWhatOnlyTheStandardHas(t *testing.T) {
	metadata := map[string]any{
		"redirect_uris": []string{callbackURL}, "policy_uri": "https://partner.example.com/policy", "tos_uri": "https://partner.example.com/tos",
		"request_uris": []string{"https://partner.example.com/object"}, "request_object_signing_alg": "RS256",
	}
	_, answer := start(t, "permissive").register(metadata)
	for name := range metadata {
		if _, there := answer[name]; there != (name == "redirect_uris") {
			t.Errorf("%s in the answer: %v", name, answer)
		}
	}
}

// withKeysElsewhere returns the metadata of an application whose keys are at its jwks_uri.
func withKeysElsewhere(t *testing.T, list ...jose.JSONWebKey) map[string]any {
	t.Helper()
	document := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: list}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(document.Close)
	return map[string]any{"redirect_uris": []string{callbackURL}, "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": document.URL}
}

// TestUnfitKeysElsewhere: the keys at a jwks_uri can change at any time, so that each use of one looks whether it is fit.
// An exponent of 3 leaves the signature as long as it has to be.
func TestUnfitKeysElsewhere(t *testing.T) {
	tn := start(t, "permissive")
	own := newKey(t)
	unfit := withExponent3(t)
	id, _ := tn.registered(withKeysElsewhere(t, jose.JSONWebKey{Key: own.Public(), KeyID: "fit"}, jose.JSONWebKey{Key: unfit.Public(), KeyID: "unfit"}))
	form := tn.login(id, "audience", "").Form()
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	for _, one := range []struct {
		key    *rsa.PrivateKey
		status int
	}{{unfit, http.StatusUnauthorized}, {own, http.StatusOK}} {
		form.Set("client_assertion", tn.assertion(one.key, id))
		if status, answer := tn.Token(tn.browser, form); status != one.status {
			t.Errorf("with the exponent %d: %d %v", one.key.E, status, answer)
		}
	}
}

// withExponent3 returns a key of 2048 bits with the exponent 3.
func withExponent3(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	one, e := big.NewInt(1), big.NewInt(3)
	for {
		p, err := rand.Prime(rand.Reader, 1024)
		if err != nil {
			t.Fatal(err)
		}
		q, err := rand.Prime(rand.Reader, 1024)
		if err != nil {
			t.Fatal(err)
		}
		totient := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(e, totient)
		if d == nil {
			continue // 3 divides p-1 or q-1
		}
		key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 3}, D: d, Primes: []*big.Int{p, q}}
		key.Precompute()
		return key
	}
}

// TestKeysElsewhereReplaceTheSecret: an application with keys at its jwks_uri has a secret as all have, which the
// Management API shows, but it only authenticates by the keys.
func TestKeysElsewhereReplaceTheSecret(t *testing.T) {
	tn := start(t, "permissive")
	own := newKey(t)
	id, _ := tn.registered(withKeysElsewhere(t, jose.JSONWebKey{Key: own.Public(), Algorithm: "RS256", Use: "sig", KeyID: "k"}))
	_, client := tn.manage("clients/" + id)
	secret, _ := client["client_secret"].(string)
	if secret == "" {
		t.Fatalf("the application has no secret: %v", client)
	}
	form := tn.login(id, "audience", "").Form()
	form.Set("client_secret", secret)
	if status, answer := tn.Token(tn.browser, form); status != http.StatusUnauthorized {
		t.Errorf("with the secret: %d %v", status, answer)
	}
	form.Del("client_secret")
	form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
	form.Set("client_assertion", tn.assertion(own, id))
	if status, answer := tn.Token(tn.browser, form); status != http.StatusOK {
		t.Errorf("with the key: %d %v", status, answer)
	}
}
