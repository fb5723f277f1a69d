package registration_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// TestASecretReplacesNoKey: an application that authenticates with a key or a certificate cannot use a client secret in place
// of it, even if it has one.
func TestASecretReplacesNoKey(t *testing.T) {
	tn := start(t, "permissive")
	change := func(id string, changes map[string]any) {
		t.Helper()
		if status, answer := tn.Manage(tn.browser, http.MethodPatch, "clients/"+id, changes); status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
	}
	key := jose.JSONWebKey{Key: newKey(t).Public(), Algorithm: "RS256", Use: "sig", KeyID: "k"}
	published, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key}})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(published) }))
	t.Cleanup(elsewhere.Close)
	register := func(metadata map[string]any) string {
		id, _ := tn.registered(with(metadata, "redirect_uris", []string{callbackURL}))
		return id
	}
	for _, tt := range []struct {
		name   string
		make   func() string
		status int
	}{
		{"an application with a secret", func() string { return "own" }, http.StatusOK},
		{"with a key", func() string { return register(withKeys(key)) }, http.StatusUnauthorized},
		{"with a key that is published elsewhere", func() string {
			return register(map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": elsewhere.URL})
		}, http.StatusUnauthorized},
		{"whose keys were removed", func() string {
			id := register(withKeys(key))
			change(id, map[string]any{"client_authentication_methods": nil})
			return id
		}, http.StatusUnauthorized},
		{"with a certificate", func() string {
			_, made := tn.Manage(tn.browser, http.MethodPost, "clients/own/credentials", map[string]any{"credential_type": "cert_subject_dn", "subject_dn": "CN=own"})
			credential, _ := made.(map[string]any)
			change("own", map[string]any{"token_endpoint_auth_method": nil, "client_authentication_methods": map[string]any{
				"tls_client_auth": map[string]any{"credentials": []any{map[string]any{"id": credential["id"]}}},
			}})
			return "own"
		}, http.StatusUnauthorized},
	} {
		id := tt.make()
		status, answer := tn.Manage(tn.browser, http.MethodPost, "clients/"+id+"/rotate-secret", nil)
		rotated, _ := answer.(map[string]any)
		secret, _ := rotated["client_secret"].(string)
		if status != http.StatusOK || secret == "" {
			t.Errorf("%s: the new secret: %d %v", tt.name, status, answer)
			continue
		}
		form := url.Values{"client_id": {id}, "client_secret": {secret}, "token": {"none"}}
		if status, answer := tn.Post(tn.browser, "oauth/revoke", form); status != tt.status {
			t.Errorf("%s: %d %v", tt.name, status, answer)
		}
	}
}
