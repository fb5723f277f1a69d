package registration_test

import (
	"encoding/json"
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

// TestKeysElsewhereReplaceTheSecret: an application with keys at its jwks_uri has a secret as all have, which the
// Management API shows, but it only authenticates by the keys.
func TestKeysElsewhereReplaceTheSecret(t *testing.T) {
	tn := start(t, "permissive")
	own := newKey(t)
	document := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: own.Public(), Algorithm: "RS256", Use: "sig", KeyID: "k"}}}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(document.Close)
	id, _ := tn.registered(map[string]any{"redirect_uris": []string{callbackURL}, "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": document.URL})
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
