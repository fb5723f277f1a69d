package federation_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// revocation returns the JWT with which the liar requests a logout, with a given type and changed claims.
func (tn tenant) revocation(l *liar, key *rsa.PrivateKey, typ string, change object) string {
	tn.t.Helper()
	now := time.Now().Unix()
	claims := object{
		"iss": l.URL, "sub": "fed", "aud": tn.URL + "oauth/global-token-revocation/connection/up", "jti": rand.Text(), "iat": now, "nbf": now, "exp": now + 300,
	}
	maps.Copy(claims, change)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "k"}}, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		tn.t.Fatal(err)
	}
	raw, err := jwt.Signed(signer).Claims(map[string]any(claims)).Serialize()
	if err != nil {
		tn.t.Fatal(err)
	}
	return raw
}

const revocationJWT = "global-token-revocation+jwt"

// revoke requests a logout, and returns the status and the error.
func (tn tenant) revoke(connection, authorization string, body any) (int, any) {
	tn.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		tn.t.Fatal(err)
	}
	rq, err := http.NewRequestWithContext(tn.t.Context(), http.MethodPost, tn.URL+"oauth/global-token-revocation/connection/"+connection, strings.NewReader(string(raw)))
	if err != nil {
		tn.t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/json")
	rq.Header.Set("Authorization", authorization)
	resp, err := tn.browser.Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		tn.t.Fatal(err)
	}
	answer := object{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer); err != nil {
			tn.t.Fatalf("%d %s", resp.StatusCode, text)
		}
	}
	return resp.StatusCode, answer["error"]
}

// goesOn reports whether the browser still has its session.
func (tn tenant) goesOn() bool {
	tn.t.Helper()
	left, _ := tn.come("prompt", "none")
	return left != nil && left.Query().Get("code") != ""
}

// TestAProviderLogsSomebodyOut of all sessions of the user, and nobody else can.
func TestAProviderLogsSomebodyOut(t *testing.T) {
	l := newLiar(t)
	tn := ofLiar(t, l, "")
	told := make(chan string, 9)
	application := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.PostFormValue("logout_token") }))
	defer application.Close()
	tn.patch("clients/app", object{"oidc_logout": object{"backchannel_logout_urls": []string{application.URL}}})
	state := tn.ask(l)
	if said := tn.answer("state", state, "code", "c"); said != "logged in" {
		t.Fatal(said)
	}
	lou := object{"sub_id": object{"format": "iss_sub", "iss": l.URL, "sub": "lou"}}
	now := time.Now().Unix()
	proof := func(change object) string { return "Bearer " + tn.revocation(l, l.key, revocationJWT, change) }
	once := proof(nil)
	if status, code := tn.revoke("up", once, object{"sub_id": object{"format": "iss_sub", "iss": l.URL, "sub": "nobody"}}); status != http.StatusNotFound {
		t.Errorf("of nobody: %d %v", status, code)
	}
	for name, authorization := range map[string]string{
		"no token": "", "no JWT": "Bearer none", "another scheme": strings.Replace(proof(nil), "Bearer", "Basic", 1),
		"another key":         "Bearer " + tn.revocation(l, l.other, revocationJWT, nil),
		"an ID token":         "Bearer " + tn.revocation(l, l.key, "JWT", nil),
		"nobody's signature":  "Bearer " + unsigned(l, object{"iss": l.URL, "sub": "fed"}),
		"another issuer":      proof(object{"iss": "https://other.example.com"}),
		"another application": proof(object{"sub": "lou"}), "no application": proof(object{"sub": nil}),
		"another endpoint": proof(object{"aud": tn.URL + "oauth/token"}), "no audience": proof(object{"aud": nil}),
		"a token that is over": proof(object{"exp": now - 100}), "a token without an end": proof(object{"exp": nil}),
		"a token of the future": proof(object{"nbf": now + 1000}), "a token made tomorrow": proof(object{"iat": now + 86400}),
		"a token without an id": proof(object{"jti": nil}), "a token that was used": once,
	} {
		if status, code := tn.revoke("up", authorization, lou); status != http.StatusUnauthorized || code != "invalid_token" {
			t.Errorf("%s: %d %v", name, status, code)
		}
	}
	for name, body := range map[string]any{
		"no subject": object{}, "an address": object{"sub_id": object{"format": "email", "email": "lou@liar.example"}}, "a list": []string{"lou"},
		"another provider's": object{"sub_id": object{"format": "iss_sub", "iss": "https://other.example.com", "sub": "lou"}},
		"another format":     object{"sub_id": object{"format": "opaque", "iss": l.URL, "sub": "lou"}},
		"no sub":             object{"sub_id": object{"format": "iss_sub", "iss": l.URL}},
	} {
		if status, code := tn.revoke("up", proof(nil), body); status != http.StatusBadRequest || code != "invalid_request" {
			t.Errorf("%s: %d %v", name, status, code)
		}
	}
	if status, code := tn.revoke("none", proof(nil), lou); status != http.StatusBadRequest {
		t.Errorf("an unknown connection: %d %v", status, code)
	}
	if !tn.goesOn() {
		t.Fatal("what proves nothing has ended the session")
	}
	if status, code := tn.revoke("up", proof(nil), lou); status != http.StatusNoContent {
		t.Fatalf("%d %v", status, code)
	}
	if tn.goesOn() {
		t.Error("the session goes on")
	}
	if claims := payload(t, <-told); claims["sub"] != "oidc|up|lou" || claims["aud"] != "app" {
		t.Errorf("the application is told %v", claims)
	}
	_, events := tn.Manage(tn.browser, http.MethodGet, "logs?q=type:universal_logout_succeeded", nil)
	all, _ := events.([]any)
	if len(all) != 1 || all[0].(object)["user_id"] != "oidc|up|lou" || all[0].(object)["connection"] != "up" {
		t.Errorf("the events are %v", events)
	}
}

// TestTheMetadataForADirectory is only there for connections to one.
func TestTheMetadataForADirectory(t *testing.T) {
	tn := start(t)
	for _, name := range []string{"shown", "people", "none", ""} {
		if left, page := tn.Visit(tn.browser, tn.URL+"samlp/metadata?connection="+name); left != nil || page.Status != http.StatusNotFound {
			t.Errorf("of %q: %v %d %s", name, left, page.Status, page.Body)
		}
	}
}

// TestASimulatedProviderHasNoKeys with which it could prove a request for a logout.
func TestASimulatedProviderHasNoKeys(t *testing.T) {
	l := newLiar(t)
	tn := start(t)
	if status, code := tn.revoke("shown", "Bearer "+tn.revocation(l, l.key, revocationJWT, nil), object{}); status != http.StatusNotImplemented || code != "not_emulated" {
		t.Errorf("%d %v", status, code)
	}
}

// TestADirectoryLogsSomebodyOut with its SAML key, if the connection's settings name the issuer and the
// subject of the requests.
func TestADirectoryLogsSomebodyOut(t *testing.T) {
	d := newDirectory(t)
	tn := ofDirectory(t, d, `global_token_revocation_jwt_iss: "http://www.okta.com/exk", global_token_revocation_jwt_sub: "0oa1"`)
	relay, request := tn.request()
	if said := tn.post(relay, response(d.signed(d.assertion(tn.honest(request))))); said != "logged in" {
		t.Fatal(said)
	}
	proof := func(key *rsa.PrivateKey, change object) string {
		claims := object{"iss": "http://www.okta.com/exk", "sub": "0oa1"}
		maps.Copy(claims, change)
		return "Bearer " + tn.revocation(&liar{Server: &httptest.Server{}}, key, revocationJWT, claims)
	}
	body := object{"sub_id": object{"format": "iss_sub", "iss": "http://www.okta.com/exk", "sub": "sam"}}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, authorization := range map[string]string{
		"another key": proof(other, nil), "another issuer": proof(d.key, object{"iss": "http://www.okta.com/other"}), "another application": proof(d.key, object{"sub": "0oa2"}),
	} {
		if status, code := tn.revoke("up", authorization, body); status != http.StatusUnauthorized {
			t.Errorf("%s: %d %v", name, status, code)
		}
	}
	if status, code := tn.revoke("up", proof(d.key, nil), body); status != http.StatusNoContent || tn.goesOn() {
		t.Errorf("%d %v", status, code)
	}
	tn = ofDirectory(t, d, `global_token_revocation_jwt_iss: "http://www.okta.com/exk"`)
	for name, change := range map[string]object{"any application": nil, "no application": {"sub": nil}, "an empty one": {"sub": ""}} {
		if status, code := tn.revoke("up", proof(d.key, change), body); status != http.StatusUnauthorized {
			t.Errorf("without the setting of the application, %s: %d %v", name, status, code)
		}
	}
	tn = ofDirectory(t, d) // whose settings name nobody: a request that names nobody is not from them either
	for name, change := range map[string]object{"nobody": {"iss": nil, "sub": nil}, "no issuer": {"iss": nil}, "no application": {"sub": nil}} {
		if status, code := tn.revoke("up", proof(d.key, change), body); status != http.StatusUnauthorized {
			t.Errorf("without settings, %s: %d %v", name, status, code)
		}
	}
}
