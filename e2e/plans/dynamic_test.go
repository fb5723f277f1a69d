package plans_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// dynamic is a module of the plan Dynamic: what its client registers, the expected status, and what follows.
type dynamic struct {
	name   string
	change func(*provider) map[string]any
	status int
	run    func(*provider, variant)
}

func members(pairs ...any) func(*provider) map[string]any {
	return func(*provider) map[string]any {
		all := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			all[pairs[i].(string)] = pairs[i+1]
		}
		return all
	}
}

// published returns members of which one is the address of a document: JSON, or a text.
func published(member string, document func(*provider) any, pairs ...any) func(*provider) map[string]any {
	return func(p *provider) map[string]any {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			content := document(p)
			if text, isText := content.(string); isText {
				_, _ = io.WriteString(w, text)
			} else if err := json.NewEncoder(w).Encode(content); err != nil {
				p.t.Error(err)
			}
		}))
		p.t.Cleanup(server.Close)
		all := members(pairs...)(p)
		all[member] = server.URL
		if strings.HasSuffix(member, "uris") {
			all[member] = []string{server.URL}
		}
		return all
	}
}

// keysOf returns the current keys of the module's client.
func keysOf(p *provider) any {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "suite", Algorithm: "RS256", Use: "sig"}}}
}

var dynamics = []dynamic{
	{"oidcc-server", nil, 201, accepted()},
	{"oidcc-idtoken-rs256", members("id_token_signed_response_alg", "RS256"), 201, accepted()},
	{"oidcc-idtoken-signature", nil, 201, accepted()},
	{"oidcc-idtoken-unsigned", members("id_token_signed_response_alg", "none"), 400, nil},
	{"oidcc-userinfo-rs256", members("userinfo_signed_response_alg", "RS256"), 201, (*provider).signedUserinfo},
	{"oidcc-redirect-uri-query-OK", members("redirect_uris", []string{callback + "?foo=bar"}), 201, func(p *provider, v variant) {
		if r := p.ask(v, "redirect_uri", callback+"?foo=bar"); r.Get("code") == "" || r.Get("foo") != "bar" {
			p.t.Errorf("%v %s", r.Values, r.page.Body)
		}
	}},
	{"oidcc-redirect-uri-query-mismatch", members("redirect_uris", []string{callback + "?foo=bar"}), 201, notThere(callback + "?foo=baz")},
	{"oidcc-redirect-uri-query-added", nil, 201, notThere(callback + "?foo=bar")},
	{"oidcc-redirect-uri-regfrag", members("redirect_uris", []string{callback + "#foo"}), 400, nil},
	{"oidcc-ensure-redirect-uri-in-authorization-request", nil, 201, notThere("")},
	{"oidcc-registration-logo-uri", members("logo_uri", "https://suite.example.com/logo.png"), 201, onLogin(`src="https://suite.example.com/logo.png"`)},
	{"oidcc-registration-policy-uri", members("policy_uri", "https://suite.example.com/policy"), 201, onLogin(`href="https://suite.example.com/policy"`)},
	{"oidcc-registration-tos-uri", members("tos_uri", "https://suite.example.com/tos"), 201, onLogin(`href="https://suite.example.com/tos"`)},
	{"oidcc-registration-jwks-uri", published("jwks_uri", keysOf, "jwks", nil), 201, accepted()},
	{"keys in two places", published("jwks_uri", keysOf), 400, nil},
	{"oidcc-registration-sector-uri", published("sector_identifier_uri", func(*provider) any { return []string{callback} }), 201, accepted()},
	{"oidcc-registration-sector-bad", published("sector_identifier_uri", func(*provider) any { return []string{callback + "/other"} }), 400, nil},
	{"a sector that is no list", published("sector_identifier_uri", func(*provider) any { return "none" }), 400, nil},
	{"a sector that is not to be asked", members("sector_identifier_uri", "https://suite.example.com/sector"), 400, nil},
	{"keys that are not to be asked for", members("jwks", nil, "jwks_uri", "https://suite.example.com/jwks"), 400, nil},
	{"oidcc-refresh-token", members("grant_types", []string{"authorization_code", "refresh_token"}), 201, (*provider).refreshed},
	{"oidcc-refresh-token-rp-key-rotation", published("jwks_uri", keysOf, "jwks", nil, "grant_types", []string{"authorization_code", "refresh_token"}), 201, (*provider).refreshedWithNewKeys},
	{"oidcc-server-rotate-keys", nil, 201, (*provider).keysRotated},
	{"oidcc-ensure-client-assertion-with-iss-aud-succeeds", nil, 201, func(p *provider, v variant) {
		form := url.Values{
			"grant_type": {"authorization_code"}, "client_id": {v.client}, "redirect_uri": {callback}, "code": {p.ask(v).Get("code")},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {p.assertion(v.client, map[string]any{"aud": p.URL})},
		}
		if status, answer := p.Token(p.browser, form); status != http.StatusOK {
			p.t.Errorf("%d %v", status, answer)
		}
	}},
	// The suite skips the modules with unsigned request objects if the discovery document lists only signed ones.
	{"oidcc-request-uri-unsigned", nil, 201, (*provider).onlySignedObjects},
	{"oidcc-ensure-request-object-with-redirect-uri", nil, 201, (*provider).onlySignedObjects},
	{"oidcc-request-uri-signed-rs256", published("request_uris", func(p *provider) any { return p.object }, "request_object_signing_alg", "RS256"), 201, (*provider).requestByReference},
}

// TestDynamicPlan registers the client of each module with the module's metadata, and goes
// through a login.
func TestDynamicPlan(t *testing.T) {
	p := begin(t, `, flags: {enable_dynamic_client_registration: true, tenant0_standard_answers: true}, dynamic_client_registration_security_mode: permissive`)
	for _, m := range dynamics {
		t.Run(m.name, func(t *testing.T) {
			p := p.in(t)
			metadata := map[string]any{
				"client_name": "Suite " + rand.Text(), "redirect_uris": []string{callback}, "response_types": []string{"code"}, "grant_types": []string{"authorization_code"},
				"token_endpoint_auth_method": "private_key_jwt", "contacts": []string{"suite@example.com"}, "jwks": keysOf(p),
			}
			if m.change != nil {
				maps.Copy(metadata, m.change(p))
			}
			maps.DeleteFunc(metadata, func(_ string, value any) bool { return value == nil })
			raw, err := json.Marshal(metadata)
			if err != nil {
				t.Fatal(err)
			}
			rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.document()["registration_endpoint"].(string), strings.NewReader(string(raw)))
			if err != nil {
				t.Fatal(err)
			}
			rq.Header.Set("Content-Type", "application/json")
			status, _, body := p.do(rq)
			var answer map[string]any
			if err := json.Unmarshal(body, &answer); err != nil || status != m.status {
				t.Fatalf("%d %s", status, body)
			}
			if m.run != nil {
				m.run(p, variant{"code", "", answer["client_id"].(string)})
			}
		})
	}
}

// signedUserinfo checks that /userinfo answers with a JWT for the client, signed with the tenant's keys, OIDC
// Core section 5.3.2.
func (p *provider) signedUserinfo(v variant) {
	p.t.Helper()
	answer, claims := p.tokens(v, "", p.ask(v, "scope", "openid profile"))
	rq, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.URL+"userinfo", http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+answer["access_token"].(string))
	status, header, body := p.do(rq)
	if status != http.StatusOK || header.Get("Content-Type") != "application/jwt" {
		p.t.Fatalf("%d %v %s", status, header, body)
	}
	if shown := p.signed(v.client, string(body), ""); shown["sub"] != claims["sub"] || shown["name"] != "Ada Lovelace" {
		p.t.Errorf("%v of %v", shown, claims)
	}
}

// refreshedWithNewKeys has the client publish another key instead of its first one, after which only the new key
// is accepted.
func (p *provider) refreshedWithNewKeys(v variant) {
	p.t.Helper()
	answer, _ := p.tokens(v, "", p.ask(v, "scope", "openid offline_access"))
	old := p.key
	var err error
	if p.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		p.t.Fatal(err)
	}
	p.wait(2 * time.Second) // for keys that were read a moment ago are not read again
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {answer["refresh_token"].(string)}}
	status, again := p.call(v.client, refresh)
	if status != http.StatusOK {
		p.t.Fatalf("with the new key: %d %v", status, again)
	}
	if next, rotated := again["refresh_token"].(string); rotated {
		refresh.Set("refresh_token", next)
	}
	p.wait(2 * time.Second)
	before := *p
	before.key = old
	if status, answer := before.call(v.client, refresh); status != http.StatusUnauthorized {
		p.t.Errorf("with the old key: %d %v", status, answer)
	}
}

// keysRotated checks that after a rotation of the tenant's keys a login is signed with a published key.
func (p *provider) keysRotated(v variant) {
	p.t.Helper()
	before, _ := p.tokens(v, "", p.ask(v))
	p.manager(http.MethodPost, "keys/signing/rotate", map[string]any{})
	after, _ := p.tokens(v, "", p.ask(v))
	id := func(answer map[string]any) string {
		jws, err := jose.ParseSignedCompact(answer["id_token"].(string), []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			p.t.Fatal(err)
		}
		return jws.Signatures[0].Header.KeyID
	}
	if id(before) == id(after) {
		p.t.Error("the key is the one before the rotation")
	}
	p.idToken(v.client, before["id_token"].(string), "") // is good with the keys that are there now
}

// onlySignedObjects checks what the discovery document says of request objects.
func (p *provider) onlySignedObjects(variant) {
	p.t.Helper()
	doc := p.document()
	algs, _ := doc["request_object_signing_alg_values_supported"].([]any)
	if doc["request_uri_parameter_supported"] != true || doc["request_parameter_supported"] != true || !slices.Contains(algs, any("RS256")) || slices.Contains(algs, any("none")) {
		p.t.Errorf("%v", doc)
	}
}

// requestByReference logs in with parameters that are only in a signed request object at the client's request_uri;
// outside are those that OIDC Core section 6.1 demands there.
func (p *provider) requestByReference(v variant) {
	p.t.Helper()
	p.onlySignedObjects(v)
	status, client := p.Manage(p.browser, http.MethodGet, "clients/"+v.client, nil)
	shown, _ := client.(map[string]any)
	objects, _ := shown["tenant0_request_objects"].(map[string]any)
	uris, _ := objects["request_uris"].([]any)
	if status != http.StatusOK || len(uris) != 1 {
		p.t.Fatalf("%d %v", status, client)
	}
	p.object = p.jws(map[string]any{
		"iss": v.client, "aud": p.URL, "client_id": v.client, "response_type": "code", "redirect_uri": callback, "scope": "openid email", "state": "in the object", "nonce": "n",
	})
	params := url.Values{"client_id": {v.client}, "response_type": {"code"}, "redirect_uri": {callback}, "scope": {"openid email"}, "request_uri": {uris[0].(string)}}
	r := p.follow(p.Visit(p.browser, p.URL+"authorize?"+params.Encode()))
	if r.Get("state") != "in the object" {
		p.t.Errorf("%v %s", r.Values, r.page.Body)
	}
	p.tokens(v, "n", r)
}

// onLogin is a module that looks at the login page.
func onLogin(shows string) func(*provider, variant) {
	return func(p *provider, v variant) {
		p.t.Helper()
		params := url.Values{"client_id": {v.client}, "redirect_uri": {callback}, "response_type": {v.types}, "scope": {"openid"}}
		left, page := p.Visit(p.browser, p.URL+"authorize?"+params.Encode())
		if left != nil || page.URL.Path != "/u/login" || !strings.Contains(page.Body, shows) {
			p.t.Errorf("%v: the page has no %s: %s", left, shows, page.Body)
		}
	}
}

// notThere is a module whose redirect URI is refused on a page.
func notThere(uri string) func(*provider, variant) {
	return func(p *provider, v variant) {
		p.t.Helper()
		if r := p.ask(v, "redirect_uri", uri); r.via != "" || r.page.Status < http.StatusBadRequest {
			p.t.Errorf("%v %d", r.Values, r.page.Status)
		}
	}
}
