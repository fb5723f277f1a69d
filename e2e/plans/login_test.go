package plans_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// module is a module of the suite. fits reports whether a variant's plan has the module; nil means that all have it.
type module struct {
	name string
	fits func(variant) bool
	run  func(*provider, variant)
}

func hasCode(v variant) bool    { return v.has("code") }
func onlyCode(v variant) bool   { return v.types == "code" }
func brings(v variant) bool     { return v.has("id_token") }
func withoutID(v variant) bool  { return !v.has("id_token") && v.types != "code" }
func accessible(v variant) bool { return v.has("code") || v.has("token") }

// TestLoginPlans goes through the plans Basic, Implicit and Hybrid, each with answers by redirect and by form
// post, and Basic also with each client authentication method.
func TestLoginPlans(t *testing.T) {
	p := begin(t, "")
	var all []variant
	for _, types := range []string{"code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"} {
		all = append(all, variant{types, "", "one"}, variant{types, "form_post", "one"})
	}
	all = append(all, variant{"code", "", "two"}, variant{"code", "", "signed"})
	for _, v := range all {
		t.Run(strings.Trim(v.types+" "+v.mode+" "+v.client, " "), func(t *testing.T) {
			for _, m := range modules {
				if m.fits != nil && !m.fits(v) {
					continue
				}
				t.Run(m.name, func(t *testing.T) {
					m.run(p.in(t), v)
				})
			}
		})
	}
}

// accepted is a module with further parameters, with which the login must still succeed.
func accepted(pairs ...string) func(*provider, variant) {
	return func(p *provider, v variant) {
		p.t.Helper()
		p.tokens(v, "", p.ask(v, pairs...))
	}
}

// shows is a module that checks that the claims of a scope are there, as far as the server has values for them.
func shows(scope string, names ...string) func(*provider, variant) {
	return func(p *provider, v variant) {
		p.t.Helper()
		answer, claims := p.tokens(v, "", p.ask(v, "scope", "openid "+scope))
		if accessible(v) {
			_, claims = p.userinfo(http.MethodGet, "header", answer["access_token"])
		}
		for _, name := range names {
			if _, there := claims[name]; !there {
				p.t.Errorf("%s is missing: %v", name, claims)
			}
		}
	}
}

var modules = []module{
	{"oidcc-server", nil, func(p *provider, v variant) {
		answer, claims := p.tokens(v, "the nonce", p.ask(v, "nonce", "the nonce"))
		if code, there := answer["code"].(string); there && len(code) < 22 {
			p.t.Errorf("the code %s has less than 128 bits", code)
		}
		for name := range claims {
			if !slices.Contains(strings.Fields("iss sub aud exp iat auth_time nonce acr amr azp at_hash c_hash s_hash nbf jti sid txn"), name) {
				p.t.Errorf("scope openid alone brings %s", name)
			}
		}
		if !accessible(v) {
			return
		}
		if status, shown := p.userinfo(http.MethodGet, "header", answer["access_token"]); status != http.StatusOK || claims != nil && shown["sub"] != claims["sub"] {
			p.t.Errorf("%d %v", status, shown)
		}
	}},
	{"oidcc-response-type-missing", nil, func(p *provider, v variant) {
		r := p.ask(variant{"", "", v.client}, "response_type", "")
		if r.via != "" && r.Get("error") != "invalid_request" && r.Get("error") != "unsupported_response_type" {
			p.t.Errorf("%v", r.Values)
		}
	}},
	{"oidcc-userinfo-get", accessible, func(p *provider, v variant) { p.shown(v, http.MethodGet, "header") }},
	{"oidcc-userinfo-post-header", accessible, func(p *provider, v variant) { p.shown(v, http.MethodPost, "header") }},
	{"oidcc-userinfo-post-body", accessible, func(p *provider, v variant) { p.shown(v, http.MethodPost, "body") }},
	{"oidcc-ensure-request-without-nonce-succeeds-for-code-flow", onlyCode, accepted("nonce", "")},
	{"oidcc-ensure-request-without-nonce-fails", brings, func(p *provider, v variant) {
		if r := p.ask(v, "nonce", ""); r.Get("error") != "invalid_request" {
			p.t.Errorf("%v", r.Values)
		}
	}},
	{"oidcc-ensure-request-without-nonce-succeeds", withoutID, accepted("nonce", "")},
	{"oidcc-scope-profile", nil, shows("profile", "name", "given_name", "family_name", "nickname", "picture", "updated_at")},
	{"oidcc-scope-email", nil, shows("email", "email", "email_verified")},
	{"oidcc-scope-address", nil, shows("address")},
	{"oidcc-scope-phone", nil, shows("phone", "phone_number", "phone_number_verified")},
	{"oidcc-scope-all", nil, shows("profile email address phone", "name", "email", "phone_number")},
	{"oidcc-alternate-happy-flow", nil, accepted("scope", "phone email profile openid")},
	{"oidcc-display-page", nil, accepted("display", "page")},
	{"oidcc-display-popup", nil, accepted("display", "popup")},
	{"oidcc-prompt-login", nil, func(p *provider, v variant) {
		_, first := p.tokens(v, "", p.ask(v, "max_age", "1000"))
		p.wait(2 * time.Second)
		r := p.ask(v, "prompt", "login", "max_age", "1000")
		_, second := p.tokens(v, "", r)
		if !slices.Contains(r.pages, "/u/login") || brings1(v) && second["auth_time"].(float64) <= first["auth_time"].(float64) {
			p.t.Errorf("the second login showed %v: %v, then %v", r.pages, first, second)
		}
	}},
	{"oidcc-prompt-none-not-logged-in", nil, func(p *provider, v variant) {
		r := p.ask(v, "prompt", "none", "state", strings.Repeat("s", 128))
		if r.Get("error") != "login_required" {
			p.t.Errorf("%v", r.Values)
		}
	}},
	{"oidcc-prompt-none-logged-in", nil, func(p *provider, v variant) { p.silently(v, func(map[string]any) []string { return nil }) }},
	{"oidcc-max-age-1", brings1, func(p *provider, v variant) {
		_, first := p.tokens(v, "", p.ask(v, "max_age", "1000"))
		p.wait(2 * time.Second)
		r := p.ask(v, "max_age", "1")
		_, second := p.tokens(v, "", r)
		if !slices.Contains(r.pages, "/u/login") || second["auth_time"].(float64) <= first["auth_time"].(float64) {
			p.t.Errorf("%v, %v then %v", r.pages, first["auth_time"], second["auth_time"])
		}
	}},
	{"oidcc-max-age-10000", brings1, func(p *provider, v variant) {
		_, first := p.tokens(v, "", p.ask(v, "max_age", "15000"))
		r := p.ask(v, "max_age", "10000")
		_, second := p.tokens(v, "", r)
		if len(r.pages) > 0 || first["auth_time"] == nil || second["auth_time"] != first["auth_time"] || second["sub"] != first["sub"] {
			p.t.Errorf("%v, %v then %v", r.pages, first, second)
		}
	}},
	{"oidcc-ensure-request-with-unknown-parameter-succeeds", nil, accepted("extra", "foobar")},
	{"oidcc-id-token-hint", brings1, func(p *provider, v variant) {
		p.silently(v, func(answer map[string]any) []string { return []string{"id_token_hint", answer["id_token"].(string)} })
	}},
	{"oidcc-login-hint", nil, accepted("login_hint", person)},
	{"oidcc-ui-locales", nil, accepted("ui_locales", "se")},
	{"oidcc-claims-locales", nil, accepted("claims_locales", "se")},
	{"oidcc-ensure-request-with-acr-values-succeeds", nil, accepted("acr_values", "1 2")},
	{"oidcc-codereuse", hasCode, func(p *provider, v variant) { p.reused(v, 0) }},
	{"oidcc-codereuse-30seconds", hasCode, func(p *provider, v variant) { p.reused(v, 30*time.Second) }},
	{"oidcc-ensure-registered-redirect-uri", nil, func(p *provider, v variant) {
		if r := p.ask(v, "redirect_uri", callback+"/more"); r.via != "" || r.page.Status < http.StatusBadRequest {
			p.t.Errorf("%v %d", r.Values, r.page.Status)
		}
	}},
	{"oidcc-ensure-redirect-uri-in-authorization-request", nil, notThere("")},
	{"oidcc-redirect-uri-query-added", nil, notThere(callback + "?foo=bar")},
	{"oidcc-ensure-post-request-succeeds", nil, func(p *provider, v variant) {
		form := url.Values{"client_id": {v.client}, "redirect_uri": {callback}, "response_type": {v.types}, "scope": {"openid"}, "state": {"s"}, "nonce": {"n"}, "response_mode": {v.mode}}
		u, err := url.Parse(p.URL + "authorize")
		if err != nil {
			p.t.Fatal(err)
		}
		p.tokens(v, "n", p.follow(p.Submit(p.browser, pageAt(u), form)))
	}},
	{"oidcc-server-client-secret-post", hasCode, func(p *provider, v variant) {
		v.client = "two"
		p.tokens(v, "", p.ask(v))
	}},
	{"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", nil, func(p *provider, v variant) {
		if r := p.ask(v, "request", "eyJhbGciOiJub25lIn0.e30."); r.Get("error") != "request_not_supported" {
			p.t.Errorf("%v", r.Values)
		}
	}},
	{"oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", nil, func(p *provider, v variant) {
		if r := p.ask(v, "request_uri", "https://suite.example.com/request"); r.Get("error") != "request_uri_not_supported" {
			p.t.Errorf("%v", r.Values)
		}
	}},
	{"oidcc-claims-essential", nil, accepted("claims", `{"userinfo":{"name":{"essential":true}}}`)},
	{"oidcc-ensure-request-object-with-redirect-uri", nil, func(p *provider, v variant) {
		// The object contains the registered redirect_uri, the request another one.
		object := "eyJhbGciOiJub25lIn0." + encoded(`{"redirect_uri":"`+callback+`"}`) + "."
		if r := p.ask(v, "request", object, "redirect_uri", callback+"/more"); r.via != "" && r.Get("error") != "request_not_supported" {
			p.t.Errorf("%v", r.Values)
		}
	}},
	{"oidcc-refresh-token", hasCode, (*provider).refreshed},
	{"oidcc-ensure-request-with-valid-pkce-succeeds", hasCode, func(p *provider, v variant) {
		r := p.ask(v, "code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method", "S256")
		if status, answer := p.redeem(v.client, r.Get("code"), "code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"); status != http.StatusOK {
			p.t.Errorf("%d %v", status, answer)
		}
	}},
}

// brings1 reports whether a variant gets an ID token, at either endpoint.
func brings1(v variant) bool { return v.has("code") || v.has("id_token") }

// shown checks the user in an answer of /userinfo, with the access token sent in one of the ways.
func (p *provider) shown(v variant, method, way string) {
	p.t.Helper()
	answer, claims := p.tokens(v, "", p.ask(v))
	if status, shown := p.userinfo(method, way, answer["access_token"]); status != http.StatusOK || shown["sub"] == nil || claims != nil && shown["sub"] != claims["sub"] {
		p.t.Errorf("%d %v", status, shown)
	}
}

// silently checks that a second login with prompt=none has the same user and needs no page.
func (p *provider) silently(v variant, more func(map[string]any) []string) {
	p.t.Helper()
	answer, first := p.tokens(v, "", p.ask(v))
	r := p.ask(v, append(more(answer), "prompt", "none")...)
	_, second := p.tokens(v, "", r)
	if len(r.pages) > 0 || second["sub"] != first["sub"] || second["auth_time"] != first["auth_time"] {
		p.t.Errorf("%v, %v then %v", r.pages, first, second)
	}
}

// reused redeems a code twice. The second time is refused as RFC 6749 section 5.2 says, and revokes the tokens of
// the first time.
func (p *provider) reused(v variant, after time.Duration) {
	p.t.Helper()
	code := p.ask(v).Get("code")
	status, first := p.redeem(v.client, code)
	if status != http.StatusOK {
		p.t.Fatalf("%d %v", status, first)
	}
	p.wait(after)
	if status, answer := p.redeem(v.client, code); status != http.StatusBadRequest || answer["error"] != "invalid_grant" {
		p.t.Errorf("%d %v", status, answer)
	}
	if status, _ := p.userinfo(http.MethodGet, "header", first["access_token"]); status != http.StatusUnauthorized {
		p.t.Errorf("the access token of a code that was used twice: %d", status)
	}
}

func (p *provider) refreshed(v variant) {
	p.t.Helper()
	answer, first := p.tokens(v, "", p.ask(v, "scope", "openid offline_access", "prompt", "consent"))
	token, _ := answer["refresh_token"].(string)
	if len(token) < 22 {
		p.t.Fatalf("%v", answer)
	}
	last := first["iat"]
	for _, scope := range []string{"openid", ""} {
		p.wait(2 * time.Second)
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
		if scope != "" {
			form.Set("scope", scope)
		}
		status, again := p.call(v.client, form)
		if status != http.StatusOK || again["token_type"] != "Bearer" {
			p.t.Fatalf("%d %v", status, again)
		}
		if next, rotated := again["refresh_token"].(string); rotated {
			token = next
		}
		if text, there := again["id_token"].(string); there {
			if second := p.idToken(v.client, text, ""); second["sub"] != first["sub"] || second["auth_time"] != first["auth_time"] || second["azp"] != first["azp"] || second["iat"] == last {
				p.t.Errorf("%v then %v", first, second)
			} else {
				last = second["iat"]
			}
		}
		if status, _ := p.userinfo(http.MethodGet, "header", again["access_token"]); status != http.StatusOK {
			p.t.Errorf("%d", status)
		}
	}
	other := "one"
	if v.client == other {
		other = "two"
	}
	if status, answer := p.call(other, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}); status != http.StatusBadRequest || answer["error"] != "invalid_grant" {
		p.t.Errorf("another client's refresh token: %d %v", status, answer)
	}
}
