package federation_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
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

// worker is an application that requests provider tokens of users who are not present (privileged access).
type worker struct {
	tenant
	key  *rsa.PrivateKey
	user string
	now  time.Time
}

// newWorker gives the application app privileged access, with a new key.
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

// signed returns a signed request for a user's token, with changed claims; nil removes a claim, and typ and alg are
// those of the header.
func (w worker) signed(changes object) string {
	w.t.Helper()
	claims := object{
		"iss": "app", "sub": w.user, "aud": w.URL, "iat": w.now.Unix(), "jti": rand.Text(), "audit_context": "the nightly report",
	}
	typ, alg := "token-vault-req+jwt", jose.RS256
	for name, value := range changes {
		switch {
		case name == "typ":
			typ = value.(string)
		case name == "alg":
			alg = value.(jose.SignatureAlgorithm)
		case value == nil:
			delete(claims, name)
		default:
			claims[name] = value
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: w.key}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
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

// TestAWorkerGetsTheTokenOfAProvider once for each request that it signs, without a token of the user.
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

// TestWhatProvesNothingOfAWorker: requests with a wrong signature, that are old, meant for others, or give no reason.
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

// TestSignaturesThatProveNothingOfAWorker also covers requests at the limits of what is accepted.
func TestSignaturesThatProveNothingOfAWorker(t *testing.T) {
	w := newWorker(t, wholeAccess)
	for name, claims := range map[string]object{
		"a minute old": {"iat": w.now.Add(-time.Minute).Unix()}, "a long reason": {"audit_context": strings.Repeat("é", 256)}, "ten seconds ahead": {"iat": w.now.Add(10 * time.Second).Unix()},
	} {
		if status, answer := w.ask(w.signed(claims)); status != http.StatusOK {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	part := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	parts := strings.Split(w.signed(nil), ".")
	der, err := x509.MarshalPKIXPublicKey(&w.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	input := part(`{"alg":"HS256","typ":"token-vault-req+jwt"}`) + "." + parts[1]
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	mac.Write([]byte(input))
	for name, subject := range map[string]string{
		"a second too old":         w.signed(object{"iat": w.now.Add(-61 * time.Second).Unix()}),
		"eleven seconds ahead":     w.signed(object{"iat": w.now.Add(11 * time.Second).Unix()}),
		"another algorithm":        w.signed(object{"alg": jose.PS256}),
		"no algorithm":             part(`{"alg":"none","typ":"token-vault-req+jwt"}`) + "." + parts[1] + ".",
		"the public key as secret": input + "." + part(string(mac.Sum(nil))),
		"claims of another":        parts[0] + "." + strings.Split(w.signed(object{"sub": "auth0|other"}), ".")[1] + "." + parts[2],
		"a changed signature":      parts[0] + "." + parts[1] + "." + part("x") + parts[2][2:],
		"no signature":             parts[0] + "." + parts[1] + ".",
	} {
		if status, answer := w.ask(subject); status != http.StatusUnauthorized || answer["error"] != "invalid_token" {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	_, listed := w.Manage(w.browser, http.MethodGet, "clients/app/credentials", nil)
	id := listed.([]any)[0].(object)["id"].(string)
	if status, answer := w.Manage(w.browser, http.MethodPatch, "clients/app/credentials/"+id, object{"expires_at": w.now.Add(time.Hour).Format(time.RFC3339)}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	if status, answer := w.ask(w.signed(nil)); status != http.StatusOK {
		t.Errorf("a key whose time is to end: %d %v", status, answer)
	}
	w.now = w.now.Add(time.Hour + time.Second)
	w.Freeze(w.now)
	if status, answer := w.ask(w.signed(nil)); status != http.StatusUnauthorized {
		t.Errorf("a key whose time is over: %d %v", status, answer)
	}
}

// TestWorkersWithoutAllowance: the IP address and the connection must be allowed, and the credential must exist.
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
