package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// twoSteps is a tenant whose login asks for the identifier first and then for the password.
const twoSteps = `
prompts: {universal_login_experience: new, identifier_first: true}
clients:
  - {client_id: two, name: Two Steps, app_type: spa, token_endpoint_auth_method: none, callbacks: ["http://localhost:8484/callback"]}
connections:
  - {name: people, strategy: auth0, enabled_clients: [Two Steps], options: {passwordPolicy: good}}
  - {name: corp, strategy: samlp, enabled_clients: [Two Steps], options: {domain_aliases: [corp.example], signInEndpoint: "https://idp.corp.example/", signingCert: "x"}}
users:
  - {email: ada@example.com, password: "Abc123!!xyz", email_verified: true, connection: people}
`

const (
	ada         = "ada@example.com"
	adaPassword = "Abc123!!xyz"
)

// begin opens the first page of a login of the application "two".
func (g stranger) begin(params ...string) reply {
	g.t.Helper()
	all := url.Values{"audience": {""}, "scope": {"openid"}}
	for i := 0; i < len(params); i += 2 {
		all.Set(params[i], params[i+1])
	}
	target, _ := g.AuthorizeURL(servertest.Login{ClientID: "two", RedirectURI: servertest.MobileCallback, Params: all})
	return g.get(target)
}

// fill posts the form of a page with its inputs and with further fields in pairs of name and value.
func (g stranger) fill(page reply, typed ...string) reply {
	g.t.Helper()
	form := inputs(page.body)
	for i := 0; i < len(typed); i += 2 {
		form.Set(typed[i], typed[i+1])
	}
	form.Set("action", "default")
	return g.post(page.url.String(), form)
}

func (g stranger) at(page reply, path string) {
	g.t.Helper()
	if page.url.Path != path {
		g.t.Fatalf("the script is at %s with %d, want %s\n%s", page.url, page.status, path, page.body)
	}
}

func TestStrangersLogInInTwoSteps(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(twoSteps))
	for name, script := range map[string]func(stranger) string{
		"by the inputs of both pages": func(g stranger) string {
			page := g.begin()
			g.at(page, "/u/login/identifier")
			page = g.fill(page, "username", ada)
			g.at(page, "/u/login/password")
			return g.fill(page, "password", adaPassword).location
		},
		"with the fields that browsers send": func(g stranger) string {
			state := g.begin().url.Query().Get("state")
			g.post(g.URL+"u/login/identifier?state="+state, url.Values{
				"state": {state}, "username": {ada}, "js-available": {"true"}, "webauthn-available": {"true"}, "is-brave": {"false"},
				"webauthn-platform-available": {"false"}, "action": {"default"},
			})
			return g.post(g.URL+"u/login/password?state="+state, url.Values{"state": {state}, "username": {ada}, "password": {adaPassword}, "action": {"default"}}).location
		},
		"after the wrong address was typed": func(g stranger) string {
			page := g.fill(g.begin(), "username", "nobody@example.com")
			g.at(page, "/u/login/password")
			if shown := g.found(`<span class="ulp-authenticator-selector-text">([^<]*)`, page.body); shown != "nobody@example.com" {
				g.t.Errorf("the page of the password is for %s", shown)
			}
			page = g.get(strings.TrimSuffix(g.URL, "/") + g.found(`<a href="([^"]*)" data-link-name="edit-username"`, page.body))
			g.at(page, "/u/login/identifier")
			if typed := inputs(page.body).Get("username"); typed != "nobody@example.com" {
				g.t.Errorf("the page that is edited has %q", typed)
			}
			return g.fill(g.fill(page, "username", ada), "password", adaPassword).location
		},
		"after a wrong password": func(g stranger) string {
			page := g.fill(g.fill(g.begin(), "username", ada), "password", "no")
			if page.status != http.StatusBadRequest || !strings.Contains(page.body, `data-error-code="wrong-email-credentials"`) {
				g.t.Errorf("a wrong password gets %d\n%s", page.status, page.body)
			}
			return g.fill(page, "password", adaPassword).location
		},
		"with a hint": func(g stranger) string {
			return g.fill(g.fill(g.begin("login_hint", ada)), "password", adaPassword).location
		},
		"as somebody new": func(g stranger) string {
			page := g.begin("screen_hint", "signup")
			g.at(page, "/u/signup/identifier")
			page = g.fill(page, "email", "new@example.com")
			g.at(page, "/u/signup/password")
			page = g.fill(page, "password", "weak")
			if g.found(`id="error-cs-password-password-too-weak" [^>]*><span id="error-element-password"[^>]*><span[^>]*></span>([^<]+)`, page.body) != "The password is too weak" {
				g.t.Errorf("a weak password gets %d\n%s", page.status, page.body)
			}
			return g.fill(page, "password", adaPassword).location
		},
		"from the login to the sign-up": func(g stranger) string {
			page := g.get(strings.TrimSuffix(g.URL, "/") + g.found(`<a href="(/u/signup/[^"]*)">Sign up`, g.begin().body))
			return g.fill(g.fill(page, "email", "newer@example.com"), "password", adaPassword).location
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newStranger(t, s).follows()
			g.hasCode(script(g))
		})
	}
}

// TestIdentifierFirst checks which input the two pages refuse, and which page leads to which.
func TestIdentifierFirst(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(twoSteps))
	g := newStranger(t, s).follows()
	page := g.begin()
	state := "?state=" + url.QueryEscape(page.url.Query().Get("state"))
	for _, path := range []string{"u/login", "u/login/password"} { // without an identifier
		g.at(g.get(s.URL+path+state), "/u/login/identifier")
	}
	g.at(g.post(s.URL+"u/login/password"+state, url.Values{"password": {adaPassword}}), "/u/login/identifier")
	g.at(g.get(s.URL+"u/signup"+state), "/u/signup/identifier")
	g.at(g.get(s.URL+"u/signup/password"+state), "/u/signup/identifier")
	for typed, key := range map[string]string{"": "no-email", "ada": "invalid-email-format", strings.Repeat("a", 2000) + "@example.com": "invalid-email-format"} {
		if got := g.fill(page, "username", typed); got.status != http.StatusBadRequest || !strings.Contains(got.body, `id="error-element-username"`) || !strings.Contains(got.body, `data-error-code="`+key+`"`) {
			t.Errorf("%.20q is refused with %d, want %s\n%s", typed, got.status, key, got.body)
		}
	}
	if got := g.fill(page, "username", "bob@corp.example"); got.status != http.StatusOK || !strings.Contains(got.body, "Simulation of corp") {
		t.Errorf("an address of an organization's directory leads to %d\n%s", got.status, got.body)
	}
	if got := g.get(s.URL + "u/signup/identifier" + state); !strings.Contains(got.body, "_button-signup-id") {
		t.Errorf("the page is\n%s", got.body)
	} else if got = g.fill(got, "email", "x"); got.status != http.StatusBadRequest || !strings.Contains(got.body, `data-error-code="invalid-email-format"`) {
		t.Errorf("no address is refused with %d\n%s", got.status, got.body)
	}
	// The same guards as on other pages, against another site and another browser.
	for _, path := range []string{"u/login/identifier", "u/login/password", "u/signup/identifier", "u/signup/password"} {
		form := url.Values{"username": {ada}, "password": {adaPassword}, "email": {"a@example.com"}}
		evil := newStranger(t, s, "Origin", "https://evil.example")
		evil.client = g.client
		if got := evil.post(s.URL+path+state, form); got.status != http.StatusForbidden {
			t.Errorf("%s from another site: %d", path, got.status)
		}
		if got := newStranger(t, s).post(s.URL+path+state, form); got.status != http.StatusBadRequest {
			t.Errorf("%s from another browser: %d", path, got.status)
		}
	}
	// A tenant that asks for identifier and password on one page redirects from these addresses to that page.
	both := newStranger(t, servertest.Start(t)).follows()
	state = "?state=" + url.QueryEscape(both.get(both.authorize()).url.Query().Get("state"))
	for path, want := range map[string]string{"u/login/identifier": "/u/login", "u/login/password": "/u/login", "u/signup/identifier": "/u/signup"} {
		both.at(both.get(both.URL+path+state), want)
	}
}

// TestIdentifiersOfAConnection: the pages ask for those identifiers that the connection has enabled.
func TestIdentifiersOfAConnection(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(`
prompts: {identifier_first: true}
clients:
  - {client_id: two, name: Two Steps, app_type: spa, token_endpoint_auth_method: none, callbacks: ["http://localhost:8484/callback"]}
connections:
  - name: people
    strategy: auth0
    enabled_clients: [Two Steps]
    options:
      attributes:
        email: {identifier: {active: false}, signup: {status: optional}}
        username: {identifier: {active: true}, signup: {status: required}}
        phone_number: {identifier: {active: true}, signup: {status: optional}}
`))
	g := newStranger(t, s).follows()
	page := g.begin("screen_hint", "signup")
	for _, part := range []string{"Email address (Optional)</label>", ">Username</label><span", "Phone number (Optional)</label>"} {
		if !strings.Contains(page.body, part) {
			t.Errorf("the page lacks %s\n%s", part, page.body)
		}
	}
	refused := g.fill(page, "email", "grace@example.com")
	if refused.status != http.StatusBadRequest || !strings.Contains(refused.body, `data-error-code="no-username"`) {
		t.Errorf("without a username: %d\n%s", refused.status, refused.body)
	}
	page = g.fill(page, "username", "grace", "phone", "+15550100", "email", "grace@example.com")
	g.at(page, "/u/signup/password")
	g.hasCode(g.fill(page, "password", adaPassword).location)

	for _, name := range []string{"grace", "+15550100"} {
		again := newStranger(t, s).follows()
		page = again.begin()
		if !strings.Contains(page.body, ">Phone Number or Username</label>") {
			t.Errorf("the login asks for\n%s", page.body)
		}
		page = again.fill(page, "username", name)
		if wrong := again.fill(page, "password", "no"); !strings.Contains(wrong.body, `data-error-code="wrong-phone-username-credentials"`) {
			t.Errorf("a wrong password is told\n%s", wrong.body)
		}
		again.hasCode(again.fill(page, "password", adaPassword).location)
	}
	// To reset a password the page asks for the identifiers of the connection, of which the e-mail address is none.
	forgetful := newStranger(t, s).follows()
	page = forgetful.fill(forgetful.begin("prompt", "login"), "username", "grace")
	request := forgetful.get(strings.TrimSuffix(s.URL, "/") + forgetful.found(`<p class="[^"]*ulp-forgot-password-link"><a href="([^"]*)"`, page.body))
	if form := inputs(request.body); form.Get("username") != "grace" || form.Has("email") || !strings.Contains(request.body, "Enter your Phone number or Username and we will send you instructions") {
		t.Errorf("the page is\n%s", request.body)
	}
	if refused := forgetful.fill(request, "username", ""); refused.status != http.StatusBadRequest || !strings.Contains(refused.body, `data-error-code="no-username"`) {
		t.Errorf("without a username: %d\n%s", refused.status, refused.body)
	}
	if without := forgetful.get(s.URL + "u/reset-password/request?state=" + page.url.Query().Get("state")); without.status != http.StatusOK || !inputs(without.body).Has("username") {
		t.Errorf("without a connection in the address: %d\n%s", without.status, without.body)
	}
	forgetful.fill(forgetful.get(s.URL+"u/reset-password/request?state="+page.url.Query().Get("state")), "username", "grace")
	if mail := s.WaitForMessage("grace@example.com", "reset_email"); !strings.Contains(mail.Link, "/u/reset-verify?ticket=") {
		t.Errorf("the mail leads to %s", mail.Link)
	}
}
