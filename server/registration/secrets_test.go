package registration_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
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
	// own gives the application own, which has a secret, one credential in place of it.
	own := func(method string, credential map[string]any) (id, secret string) {
		t.Helper()
		_, made := tn.Manage(tn.browser, http.MethodPost, "clients/own/credentials", credential)
		created, _ := made.(map[string]any)
		change("own", map[string]any{"token_endpoint_auth_method": nil, "client_authentication_methods": map[string]any{
			method: map[string]any{"credentials": []any{map[string]any{"id": created["id"]}}},
		}})
		return "own", "own-secret"
	}
	for _, tt := range []struct {
		name   string
		make   func() (id, secret string)
		status int
	}{
		{"an application with a secret", func() (string, string) { return "own", "own-secret" }, http.StatusOK},
		{"with a key", func() (string, string) {
			der, err := x509.MarshalPKIXPublicKey(key.Key)
			if err != nil {
				t.Fatal(err)
			}
			public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
			return own("private_key_jwt", map[string]any{"credential_type": "public_key", "pem": string(public)})
		}, http.StatusUnauthorized},
		{"with a certificate", func() (string, string) {
			return own("tls_client_auth", map[string]any{"credential_type": "cert_subject_dn", "subject_dn": "CN=own"})
		}, http.StatusUnauthorized},
		{"with a key that is published elsewhere", func() (string, string) {
			id, _ := tn.registered(map[string]any{
				"redirect_uris": []string{callbackURL}, "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": elsewhere.URL,
			})
			_, answer := tn.Manage(tn.browser, http.MethodPost, "clients/"+id+"/rotate-secret", nil)
			rotated, _ := answer.(map[string]any)
			secret, _ := rotated["client_secret"].(string)
			if secret == "" {
				t.Errorf("there is no new secret: %v", answer)
			}
			return id, secret
		}, http.StatusUnauthorized},
	} {
		id, secret := tt.make()
		resp, err := tn.browser.PostForm(tn.URL+"oauth/revoke", url.Values{"client_id": {id}, "client_secret": {secret}, "token": {"none"}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.status {
			t.Errorf("%s: %d", tt.name, resp.StatusCode)
		}
	}
	change("own", map[string]any{"client_authentication_methods": nil, "token_endpoint_auth_method": "client_secret_post"})
	if status, answer := tn.Token(tn.browser, url.Values{"client_id": {"own"}, "client_secret": {"own-secret"}}); status != http.StatusBadRequest {
		t.Errorf("the secret is refused after the certificate was removed: %d %v", status, answer)
	}
}
