package federation_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	signedRequest = "urn:ietf:params:oauth:token-type:jwt"
	vaultToken    = "http://auth0.com/oauth/token-type/token-vault-access-token"
	calendar      = "https://www.googleapis.com/auth/calendar"
)

// worker is an application that asks for tokens of users who are not there.
type worker struct {
	tenant
	key  *rsa.PrivateKey
	user string
	now  time.Time
}

// newWorker gives the application app privileged access, with a key of its own.
func newWorker(t *testing.T, access object) worker {
	t.Helper()
	tn := vault(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	status, made := tn.Manage(tn.browser, http.MethodPost, "clients/app/credentials", object{"credential_type": "public_key", "name": "worker", "pem": public, "alg": "RS256"})
	if status != http.StatusCreated {
		t.Fatalf("%d %v", status, made)
	}
	settings := object{"credentials": []any{object{"id": made.(object)["id"]}}}
	maps.Copy(settings, access)
	if status, answer := tn.Manage(tn.browser, http.MethodPatch, "clients/app", object{"token_vault_privileged_access": settings}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	tn.tokens("google-oauth2")
	return worker{tn, key, "google-oauth2|1081", time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)}
}

var wholeAccess = object{
	"ip_allowlist": []any{"203.0.113.7", "127.0.0.0/8", "::1"},
	"grants":       []any{object{"connection": "google-oauth2", "scopes": []any{"email", "profile", calendar}}},
}

// signed is a request for a user's token, with changes; nil takes a claim out.
func (w worker) signed(changes object) string {
	w.t.Helper()
	claims := object{
		"iss": "app", "sub": w.user, "aud": w.URL, "iat": w.now.Unix(), "jti": rand.Text(), "audit_context": "the nightly report",
	}
	typ := "token-vault-req+jwt"
	for name, value := range changes {
		switch {
		case name == "typ":
			typ = value.(string)
		case value == nil:
			delete(claims, name)
		default:
			claims[name] = value
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: w.key}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

func (w worker) ask(subject string, changes ...string) (int, object) {
	w.t.Helper()
	return w.vaulted(subject, append([]string{"subject_token_type", signedRequest, "requested_token_type", vaultToken}, changes...)...)
}

// TestAWorkerGetsTheTokenOfAProvider for a request that it has signed, without a token of the user's, once.
func TestAWorkerGetsTheTokenOfAProvider(t *testing.T) {
	w := newWorker(t, wholeAccess)
	request := w.signed(nil)
	status, answer := w.ask(request)
	if token, _ := answer["access_token"].(string); status != http.StatusOK || !strings.HasPrefix(token, "simulated-") {
		t.Fatalf("%d %v", status, answer)
	}
	diff(t, "the answer", withoutToken(answer), object{
		"scope": "email profile " + calendar, "expires_in": 3599.0, "token_type": "Bearer", "issued_token_type": vaultToken,
	})
	if status, answer := w.ask(request); status != http.StatusUnauthorized || answer["error"] != "invalid_token" {
		t.Errorf("the same request a second time: %d %v", status, answer)
	}
	if status, answer := w.ask(w.signed(object{"aud": []any{"https://other.test", w.URL}})); status != http.StatusOK {
		t.Errorf("several audiences: %d %v", status, answer)
	}
	if _, events := w.Manage(w.browser, http.MethodGet, "logs?per_page=100", nil); !strings.Contains(fmt.Sprint(events), "the nightly report") {
		t.Error("the tenant's log does not say why the worker has asked")
	}
}

// TestWhatProvesNothingOfAWorker: what is signed otherwise, is old, is for others, or gives no reason.
func TestWhatProvesNothingOfAWorker(t *testing.T) {
	w := newWorker(t, wholeAccess)
	stranger := w
	stranger.key, _ = rsa.GenerateKey(rand.Reader, 2048)
	for name, subject := range map[string]string{
		"another key": stranger.signed(nil), "another type": w.signed(object{"typ": "JWT"}), "another application": w.signed(object{"iss": "other"}),
		"another tenant": w.signed(object{"aud": "https://other.test/"}), "no time": w.signed(object{"iat": nil}), "old": w.signed(object{"iat": w.now.Add(-2 * time.Minute).Unix(), "exp": w.now.Add(time.Hour).Unix()}),
		"over": w.signed(object{"exp": w.now.Unix()}), "to come": w.signed(object{"iat": w.now.Add(time.Hour).Unix()}), "no id": w.signed(object{"jti": nil}),
		"no reason": w.signed(object{"audit_context": nil}), "a long reason": w.signed(object{"audit_context": strings.Repeat("x", 257)}), "nobody": w.signed(object{"sub": ""}), "no JWT": "x",
	} {
		if status, answer := w.ask(subject); status != http.StatusUnauthorized || answer["error"] != "invalid_token" {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	for name, tt := range map[string]struct {
		claims  object
		changes []string
		status  int
		code    string
	}{
		"a user who is not there":      {object{"sub": "auth0|none"}, nil, 403, "invalid_grant"},
		"who is no member":             {object{"org_id": "org_none"}, nil, 403, "access_denied"},
		"a connection without a grant": {nil, []string{"connection", "github"}, 403, "unauthorized_client"},
		"a scope without a grant":      {nil, []string{"scope", "https://www.googleapis.com/auth/drive"}, 403, "unauthorized_client"},
		"a narrower scope":             {nil, []string{"scope", "email"}, 400, "invalid_scope"},
		"the other type of token":      {nil, []string{"requested_token_type", vaultType}, 400, "invalid_request"},
	} {
		if status, answer := w.ask(w.signed(tt.claims), tt.changes...); status != tt.status || answer["error"] != tt.code {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
}

// TestWorkersWithoutAllowance: the address and the connection have to be allowed, and the credential to be there.
func TestWorkersWithoutAllowance(t *testing.T) {
	for name, access := range map[string]object{
		"no address":      {"grants": wholeAccess["grants"]},
		"another address": {"grants": wholeAccess["grants"], "ip_allowlist": []any{"203.0.113.0/24"}},
		"no grants":       {"ip_allowlist": wholeAccess["ip_allowlist"]},
		"no credential":   {"grants": wholeAccess["grants"], "ip_allowlist": wholeAccess["ip_allowlist"], "credentials": []any{}},
	} {
		w := newWorker(t, access)
		if status, answer := w.ask(w.signed(nil)); status != http.StatusForbidden || answer["error"] != "unauthorized_client" {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
}
