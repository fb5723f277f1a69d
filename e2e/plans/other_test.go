package plans_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// document returns the discovery document.
func (p *provider) document() (doc map[string]any) {
	p.t.Helper()
	rq, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.URL+".well-known/openid-configuration", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	status, header, body := p.do(rq)
	if err := json.Unmarshal(body, &doc); err != nil || status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), "application/json") {
		p.t.Fatalf("%d %v %s", status, header, body)
	}
	return doc
}

var (
	scopeToken = regexp.MustCompile(`^[!#-\[\]-~]+$`)                                      // RFC 6749 section 3.3
	locale5646 = regexp.MustCompile("^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2}|-[0-9]{3})?$") // RFC 5646, in canonical case
)

// TestConfigPlan is oidcc-discovery-endpoint-verification, with the further checks that both logout plans have
// for the document.
func TestConfigPlan(t *testing.T) {
	p := begin(t, "")
	doc := p.document()
	holds := func(name string, wanted ...string) {
		t.Helper()
		list, _ := doc[name].([]any)
		for _, want := range wanted {
			if !slices.Contains(list, any(want)) {
				t.Errorf("%s is %v, without %s", name, list, want)
			}
		}
	}
	for name, value := range doc {
		text, isText := value.(string)
		if (strings.HasSuffix(name, "_endpoint") || strings.HasSuffix(name, "_uri")) && (!isText || !strings.HasPrefix(text, p.URL)) {
			t.Errorf("%s is %v", name, value)
		}
	}
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "registration_endpoint", "end_session_endpoint"} {
		if doc[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
	if doc["issuer"] != p.URL || !strings.HasPrefix(p.URL, "https://") {
		t.Errorf("issuer is %v", doc["issuer"])
	}
	holds("response_types_supported", "code", "id_token", "token id_token") // what the plan Dynamic wants
	holds("subject_types_supported", "public")
	holds("id_token_signing_alg_values_supported", "RS256")
	holds("token_endpoint_auth_methods_supported", "client_secret_basic", "client_secret_post", "private_key_jwt")
	holds("token_endpoint_auth_signing_alg_values_supported", "RS256")
	holds("scopes_supported", "openid", "profile", "email", "address", "phone", "offline_access")
	holds("grant_types_supported", "authorization_code", "implicit", "refresh_token")
	holds("claims_supported", "sub")
	holds("code_challenge_methods_supported", "S256")
	for _, scope := range doc["scopes_supported"].([]any) {
		if text, _ := scope.(string); !scopeToken.MatchString(text) {
			t.Errorf("scopes_supported has %v", scope)
		}
	}
	for _, name := range []string{"ui_locales_supported", "claims_locales_supported"} {
		locales, _ := doc[name].([]any)
		for _, locale := range locales {
			if text, _ := locale.(string); !locale5646.MatchString(text) {
				t.Errorf("%s has %v", name, locale)
			}
		}
	}
	for _, name := range []string{"backchannel_logout_supported", "backchannel_logout_session_supported"} {
		if doc[name] != true {
			t.Errorf("%s is %v", name, doc[name])
		}
	}
	var ids []string
	for _, key := range p.keySet().Keys {
		if key.KeyID == "" || slices.Contains(ids, key.KeyID) || !key.IsPublic() || !key.Valid() {
			t.Errorf("key %q", key.KeyID)
		}
		ids = append(ids, key.KeyID)
	}
}

// leaving is a logout module: sent returns the request's parameters, given the ID token of a login, and comes
// tells whether the browser returns to the client.
type leaving struct {
	name  string
	sent  func(p *provider, hint string) url.Values
	comes bool
}

func forged(p *provider, hint string, change func(parts []string)) string {
	p.t.Helper()
	parts := strings.Split(hint, ".")
	change(parts)
	return strings.Join(parts, ".")
}

// otherKey signs the claims of an ID token with a key that is not the tenant's.
func (p *provider) otherKey(hint string) string {
	p.t.Helper()
	jws, err := jose.ParseSignedCompact(hint, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		p.t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.key, KeyID: jws.Signatures[0].Header.KeyID}}, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	signed, err := signer.Sign(jws.UnsafePayloadWithoutVerification())
	if err != nil {
		p.t.Fatal(err)
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		p.t.Fatal(err)
	}
	return raw
}

var leavings = []leaving{
	{"oidcc-rp-initiated-logout", func(_ *provider, hint string) url.Values {
		return url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {postLogout}, "state": {strings.Repeat("s", 128)}}
	}, true},
	{"oidcc-rp-initiated-logout-no-state", func(_ *provider, hint string) url.Values {
		return url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {postLogout}}
	}, true},
	{"oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", func(_ *provider, hint string) url.Values {
		return url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {postLogout + "/other"}, "state": {"s"}}
	}, false},
	{"oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", func(_ *provider, hint string) url.Values {
		return url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {postLogout + "?foo=bar"}, "state": {"s"}}
	}, false},
	{"oidcc-rp-initiated-logout-modified-id-token-hint", func(p *provider, hint string) url.Values {
		none := forged(p, hint, func(parts []string) { parts[0], parts[2] = encoded(`{"alg":"none"}`), "" })
		return url.Values{"id_token_hint": {none}, "post_logout_redirect_uri": {postLogout}, "state": {"s"}}
	}, false},
	{"oidcc-rp-initiated-logout-bad-id-token-hint", func(p *provider, hint string) url.Values {
		return url.Values{"id_token_hint": {p.otherKey(hint)}, "post_logout_redirect_uri": {postLogout}, "state": {"s"}}
	}, false},
	{"oidcc-rp-initiated-logout-no-id-token-hint", func(*provider, string) url.Values {
		return url.Values{"post_logout_redirect_uri": {postLogout}, "state": {"s"}}
	}, false},
	{"oidcc-rp-initiated-logout-no-params", func(*provider, string) url.Values { return url.Values{} }, false},
	{"oidcc-rp-initiated-logout-no-post-logout-redirect-uri", func(_ *provider, hint string) url.Values {
		return url.Values{"id_token_hint": {hint}}
	}, false},
	{"oidcc-rp-initiated-logout-only-state", func(*provider, string) url.Values { return url.Values{"state": {"s"}} }, false},
}

// TestLogoutPlan goes through the plan RP-Initiated Logout.
func TestLogoutPlan(t *testing.T) {
	p := begin(t, "")
	v := variant{"code", "", "one"}
	for _, m := range leavings {
		t.Run(m.name, func(t *testing.T) {
			p := p.in(t)
			answer, _ := p.tokens(v, "", p.ask(v))
			sent := m.sent(p, answer["id_token"].(string))
			left, page := p.Visit(p.browser, p.URL+"oidc/logout?"+sent.Encode())
			asked := page.URL != nil && page.URL.Path == "/u/logout"
			if asked {
				form := page.Form()
				form.Set("action", "accept")
				left, page = p.Submit(p.browser, page, form)
			}
			if !m.comes {
				if left != nil || page.Body == "" {
					t.Fatalf("the browser is sent to %s", left)
				}
				if sent.Has("post_logout_redirect_uri") {
					return
				}
				// The request named no address to return to: the user is logged out, and the page says so.
				if r := p.ask(v, "prompt", "none"); r.Get("error") != "login_required" || page.Status != http.StatusOK {
					t.Errorf("after the logout: %d %v", page.Status, r.Values)
				}
				return
			}
			want := url.Values{}
			if sent.Has("state") {
				want.Set("state", sent.Get("state"))
			}
			if left == nil || strings.TrimSuffix(left.String(), "?"+left.RawQuery) != postLogout || left.RawQuery != want.Encode() {
				t.Fatalf("the browser is at %v: %d %s", left, page.Status, page.Body)
			}
			if r := p.ask(v, "prompt", "none"); r.Get("error") != "login_required" {
				t.Errorf("after the logout: %v", r.Values)
			}
		})
	}
}

// TestBackchannelPlan is oidcc-backchannel-rp-initiated-logout: the client gets the logout token
// before the browser returns.
func TestBackchannelPlan(t *testing.T) {
	p := begin(t, "")
	told := make(chan url.Values, 1)
	client := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		told <- r.PostForm
	}))
	defer client.Close()
	p.manager(http.MethodPatch, "clients/one", map[string]any{"oidc_logout": map[string]any{"backchannel_logout_urls": []string{client.URL + "/logout"}}})
	v := variant{"code", "", "one"}
	answer, claims := p.tokens(v, "", p.ask(v))
	left, _ := p.Visit(p.browser, p.URL+"oidc/logout?"+url.Values{"id_token_hint": {answer["id_token"].(string)}, "post_logout_redirect_uri": {postLogout}, "state": {"s"}}.Encode())
	if left == nil || left.Query().Get("state") != "s" {
		t.Errorf("the browser is at %v", left)
	}
	form := <-told
	if len(form) != 1 {
		t.Errorf("%v", form)
	}
	logout := p.idToken("one", form.Get("logout_token"), "")
	events, _ := logout["events"].(map[string]any)
	event, _ := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any)
	if len(events) != 1 || event == nil || len(event) != 0 || logout["jti"] == nil || logout["nonce"] != nil || logout["sub"] != claims["sub"] || logout["sid"] != claims["sid"] {
		t.Errorf("%v of %v", logout, claims)
	}
	if r := p.ask(v, "prompt", "none"); r.Get("error") != "login_required" {
		t.Errorf("%v", r.Values)
	}
}

func (p *provider) manager(method, path string, body any) any {
	p.t.Helper()
	status, answer := p.Manage(p.browser, method, path, body)
	if status >= http.StatusBadRequest {
		p.t.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
	return answer
}

// TestPrivateKeyPlan checks what the comprehensive plan demands of private_key_jwt: assertions of another client,
// for another server, outside their time, or used before are refused.
func TestPrivateKeyPlan(t *testing.T) {
	p := begin(t, "")
	v := variant{"code", "", "signed"}
	once := p.assertion("signed", map[string]any{"jti": "once"})
	for _, tt := range []struct {
		name      string
		assertion string
		works     bool
	}{
		{"oidcc-server", p.assertion("signed", nil), true},
		{"oidcc-ensure-client-assertion-with-iss-aud-succeeds", p.assertion("signed", map[string]any{"aud": p.URL}), true},
		{"an aud that is a list", p.assertion("signed", map[string]any{"aud": []string{p.URL + "oauth/token"}}), true},
		{"an aud of another server", p.assertion("signed", map[string]any{"aud": "https://other.example.com/"}), false},
		{"an iss that is another client", p.assertion("signed", map[string]any{"iss": "one"}), false},
		{"a sub that is another client", p.assertion("signed", map[string]any{"sub": "one"}), false},
		{"an assertion that is over", p.assertion("signed", map[string]any{"exp": 1000}), false},
		{"an assertion without an end", p.assertion("signed", map[string]any{"exp": nil}), false},
		{"an assertion without an id", p.assertion("signed", map[string]any{"jti": ""}), false},
		{"an assertion that is used once", once, true},
		{"an assertion that is used twice", once, false},
		{"an assertion that nobody signed", forged(p, p.assertion("signed", nil), func(parts []string) { parts[0], parts[2] = encoded(`{"alg":"none"}`), "" }), false},
		{"an assertion with another's signature", forged(p, p.assertion("signed", nil), func(parts []string) { parts[2] = strings.Split(p.assertion("signed", nil), ".")[2] }), false},
		{"no assertion", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := p.in(t)
			form := url.Values{
				"grant_type": {"authorization_code"}, "client_id": {"signed"}, "redirect_uri": {callback}, "code": {p.ask(v).Get("code")},
				"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {tt.assertion},
			}
			status, answer := p.Token(p.browser, form)
			if tt.works != (status == http.StatusOK) || !tt.works && answer["error"] == nil {
				t.Errorf("%d %v", status, answer)
			}
		})
	}
}
