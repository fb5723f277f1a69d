package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// strangersFile is a tenant whose applications have different pages: "two" asks for the identifier and then for
// the password, "otp" only for codes, and "proof" verifies addresses by codes.
const strangersFile = `
prompts: {universal_login_experience: new, identifier_first: true}
clients:
  - {client_id: two, name: Two Steps, app_type: spa, token_endpoint_auth_method: none, callbacks: ["http://localhost:8484/callback"]}
  - {client_id: otp, name: Codes, app_type: spa, token_endpoint_auth_method: none, callbacks: ["http://localhost:8484/callback"]}
  - {client_id: proof, name: Proof, app_type: spa, token_endpoint_auth_method: none, callbacks: ["http://localhost:8484/callback"]}
connections:
  - {name: people, strategy: auth0, enabled_clients: [Two Steps]}
  - {name: email, strategy: email, enabled_clients: [Codes]}
  - {name: sms, strategy: sms, enabled_clients: [Codes]}
  - name: members
    strategy: auth0
    enabled_clients: [Proof]
    options: {attributes: {email: {identifier: {active: true}, verification_method: code, signup: {status: required, verification: {active: true}}}}}
users:
  - {email: ada@example.com, password: "Abc123!!xyz", email_verified: true, connection: people}
`

// opens begins a login of an application, with parameters in pairs of name and value.
func (g stranger) opens(clientID string, params ...string) reply {
	g.t.Helper()
	all := url.Values{"audience": {""}, "scope": {"openid"}}
	for i := 0; i < len(params); i += 2 {
		all.Set(params[i], params[i+1])
	}
	target, _ := g.AuthorizeURL(servertest.Login{ClientID: clientID, RedirectURI: servertest.MobileCallback, Params: all})
	return g.get(target)
}

// code returns the code of the newest message to an e-mail address or a phone number.
func (g stranger) code(to, kind string) string { return g.WaitForMessage(to, kind).Code }

const otpMail, otpText = "passwordless_email", "otp_verify"

// TestStrangersOnPagesOfEachKind goes through pages as existing clients of cars, energy suppliers, chat bots
// and test suites do, with the fields that they send and in the order of their steps.
func TestStrangersOnPagesOfEachKind(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(strangersFile))
	for name, script := range map[string]func(stranger) string{
		// A car's Python client writes booleans as Python does, True and False, and sends the state in the query too.
		"a client that writes True": func(g stranger) string {
			g = g.follows()
			state := g.opens("two").url.Query().Get("state")
			at := func(path string) string { return g.URL + path + "?" + url.Values{"state": {state}}.Encode() }
			first := g.post(at("u/login/identifier"), url.Values{
				"state": {state}, "username": {ada}, "js-available": {"True"}, "webauthn-available": {"False"}, "is-brave": {"False"},
				"webauthn-platform-available": {"False"}, "action": {"default"},
			})
			if first.status == http.StatusUnauthorized || first.status == http.StatusBadRequest {
				g.t.Fatalf("the first step gets %d", first.status)
			}
			return g.post(at("u/login/password"), url.Values{"state": {state}, "username": {ada}, "password": {adaPassword}, "action": {"default"}}).location
		},
		// An Elixir client does not follow redirects, and takes the code from the second Location.
		"a client that follows nothing": func(g stranger) string {
			root := strings.TrimSuffix(g.URL, "/")
			asked, err := url.Parse(g.opens("two").location)
			if err != nil {
				g.t.Fatal(err)
			}
			state := asked.Query().Get("state")
			if first := g.post(root+"/u/login/identifier?state="+state, url.Values{"state": {state}, "username": {ada}, "js-available": {"true"}, "action": {"default"}}); first.status != http.StatusFound {
				g.t.Fatalf("the first step gets %d", first.status)
			}
			resume := g.post(root+"/u/login/password?state="+state, url.Values{"state": {state}, "username": {ada}, "password": {adaPassword}, "action": {"default"}})
			if !strings.HasPrefix(resume.location, "/authorize/resume?state=") {
				g.t.Fatalf("the second step leads to %s", resume.location)
			}
			return g.get(root + resume.location).location
		},
		// A chat bot's client cuts the state out of the text of the redirect, and builds its forms itself.
		"a client that cuts texts": func(g stranger) string {
			root := strings.TrimSuffix(g.URL, "/")
			_, state, _ := strings.Cut(g.opens("two").body, "state=")
			state, _, _ = strings.Cut(state, `"`)
			next := g.post(root+"/u/login/identifier?state="+state, url.Values{
				"state": {state}, "username": {ada}, "js-available": {"false"}, "webauthn-available": {"true"}, "is-brave": {"false"},
				"webauthn-platform-available": {"true"}, "action": {"default"},
			})
			if !strings.Contains(next.location, "/u/login/password?state="+state) {
				g.t.Fatalf("the first step leads to %s", next.location)
			}
			resume := g.post(root+"/u/login/password?state="+state, url.Values{"state": {state}, "username": {ada}, "password": {adaPassword}, "action": {"default"}})
			return g.get(root + resume.location).location
		},
		// A home automation client reads the error code of a refusal, and tries once more.
		"a client that reads the key of an error": func(g stranger) string {
			g = g.follows()
			page := g.fill(g.opens("two"), "username", ada)
			refusal := g.fill(page, "password", "not this")
			if key := g.found(`data-error-code="([^"]+)"`, refusal.body); refusal.status != http.StatusBadRequest || key != "wrong-email-credentials" {
				g.t.Errorf("a wrong password gets %d %s", refusal.status, key)
			}
			return g.fill(refusal, "password", adaPassword).location
		},
		// Inputs found by position: the identifier is the second input of its page, the password the third.
		"a script that counts inputs": func(g stranger) string {
			g = g.follows()
			first := g.opens("two")
			if tags := inputTag.FindAllString(first.body, -1); !strings.Contains(tags[1], `name="username"`) {
				g.t.Fatalf("the second input is %s", tags[1])
			}
			second := g.fill(first, "username", ada)
			if tags := inputTag.FindAllString(second.body, -1); !strings.Contains(tags[2], `name="password"`) {
				g.t.Fatalf("the third input is %s", tags[2])
			}
			return g.fill(second, "password", adaPassword).location
		},
		// A sign-up robot enters the e-mail address, and then the code that was sent to it.
		"a login by a code from an e-mail": func(g stranger) string {
			g = g.follows()
			challenge := g.fill(g.opens("otp"), "username", "one@example.com")
			g.at(challenge, "/u/login/passwordless-email-challenge")
			if g.found(`<span class="ulp-authenticator-selector-text">([^<]*)<`, challenge.body) != "one@example.com" || !strings.Contains(challenge.body, `name="code"`) {
				g.t.Errorf("the page is\n%s", challenge.body)
			}
			return g.fill(challenge, "code", g.code("one@example.com", otpMail)).location
		},
		"a login by a code from a text message": func(g stranger) string {
			g = g.follows()
			challenge := g.fill(g.opens("otp"), "username", "+15550111")
			g.at(challenge, "/u/login/passwordless-sms-challenge")
			return g.fill(challenge, "code", g.code("+15550111", otpText)).location
		},
		// A test suite enters a wrong code, has another one sent, and tries the first one, which is no longer valid.
		"a stale code and a fresh one": func(g stranger) string {
			g = g.follows()
			const to = "stale@example.com"
			challenge := g.fill(g.opens("otp"), "username", to)
			stale := g.code(to, otpMail)
			refusal := g.fill(challenge, "code", "000000x")
			g.at(refusal, "/u/login/passwordless-email-challenge")
			if key := g.found(`id="error-element-code" class="ulp-input-error-message" data-error-code="([^"]*)"`, refusal.body); key != "invalid-code" {
				g.t.Errorf("a wrong code gets %s", key)
			}
			form := inputs(challenge.body)
			form.Set("action", g.found(`<button type="submit" name="action" value="(resend[^"]*)"`, challenge.body))
			again := g.post(challenge.url.String(), form)
			fresh := g.code(to, otpMail)
			if fresh != stale {
				if old := g.fill(again, "code", stale); old.status != http.StatusBadRequest {
					g.t.Errorf("the stale code gets %d", old.status)
				}
			}
			return g.fill(again, "code", fresh).location
		},
		"a sign-up by a code": func(g stranger) string {
			g = g.follows()
			page := g.opens("otp", "screen_hint", "signup")
			g.at(page, "/u/signup/identifier")
			challenge := g.fill(page, "email", "robot@example.com")
			g.at(challenge, "/u/login/passwordless-email-challenge")
			return g.fill(challenge, "code", g.code("robot@example.com", otpMail)).location
		},
		"a sign-up whose address is proved": func(g stranger) string {
			g = g.follows()
			page := g.fill(g.opens("proof", "screen_hint", "signup"), "email", "prove@example.com")
			g.at(page, "/u/email-identifier/challenge")
			page = g.fill(page, "code", g.code("prove@example.com", "verify_email_by_code"))
			g.at(page, "/u/signup/password")
			return g.fill(page, "password", "ExampleCo!2026-new").location
		},
		// A sign-up robot follows the link of an e-mail, and posts the first input of the page there, as the script
		// in Auth0's page does.
		"a link that is posted once more": func(g stranger) string {
			g = g.follows()
			const to = "linked@example.com"
			page := g.fill(g.opens("two", "screen_hint", "signup"), "email", to)
			g.hasCode(g.fill(page, "password", "ExampleCo!2026-new").location)
			link := g.get(g.WaitForMessage(to, "verify_email").Link)
			posted := g.post(link.url.String(), url.Values{"state": {g.found(`<input [^>]*value="([^"]+)"`, link.body)}})
			if posted.status != http.StatusOK || !strings.Contains(posted.body, "Email Verified") {
				g.t.Errorf("the form gets %d\n%s", posted.status, posted.body)
			}
			return g.fill(g.fill(g.opens("two", "prompt", "login"), "username", to), "password", "ExampleCo!2026-new").location
		},
		// Sign-up robots in Go and Python post each step to its own address, with the state of the redirect before.
		"a sign-up step by step": func(g stranger) string {
			const to = "steps@example.com"
			state := g.stateIn(g.opens("proof", "screen_hint", "signup").location)
			next := func(path string, fields ...string) {
				g.t.Helper()
				form := url.Values{"state": {state}}
				for i := 0; i < len(fields); i += 2 {
					form.Set(fields[i], fields[i+1])
				}
				state = g.stateIn(g.post(g.root()+path+"?state="+state, form).location)
			}
			next("/u/signup/identifier", "email", to, "captcha", "x", "action", "default")
			next("/u/email-identifier/challenge", "code", g.code(to, "verify_email_by_code"))
			next("/u/signup/password", "email", to, "password", "ExampleCo!2026-new", "strengthPolicy", "good", "action", "default")
			return g.get(g.URL + "authorize/resume?state=" + state).location
		},
		// A user signs up and then resets the password.
		"a new password by a code": func(g stranger) string {
			g = g.follows()
			const to = "forgets@example.com"
			page := g.fill(g.opens("proof", "screen_hint", "signup"), "email", to)
			page = g.fill(page, "code", g.code(to, "verify_email_by_code"))
			page = g.fill(page, "password", "ExampleCo!2026-new")
			g.hasCode(page.location)
			page = g.fill(g.opens("proof", "prompt", "login"), "username", to)
			start := g.found(`<p class="[^"]*ulp-forgot-password-link"><a href="([^"]*)"`, page.body)
			page = g.fill(g.get(strings.TrimSuffix(g.URL, "/") + start))
			g.at(page, "/u/reset-password/code")
			page = g.fill(page, "code", g.code(to, "reset_email_by_code"))
			g.at(page, "/u/reset-verify")
			page = g.fill(page, "password-reset", "ExampleCo!2027-new", "re-enter-password", "ExampleCo!2027-new")
			g.at(page, "/u/reset-password/success")
			page = g.fill(g.opens("proof", "prompt", "login"), "username", to)
			return g.fill(page, "password", "ExampleCo!2027-new").location
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newStranger(t, s)
			g.hasCode(script(g))
		})
	}
}

// TestNoParameterOfAPageLeadsElsewhere: whatever a link to a page or a form asks for, the page leads
// only where it always does.
func TestNoParameterOfAPageLeadsElsewhere(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(strangersFile))
	g := newStranger(t, s)
	const evil = "https://evil.example/"
	for _, clientID := range []string{"two", "otp", "proof"} {
		begun, err := url.Parse(g.opens(clientID).location)
		if err != nil {
			t.Fatal(err)
		}
		state := begun.Query().Get("state")
		for _, path := range []string{
			"u/login/identifier", "u/login/password", "u/signup/identifier", "u/signup/password", "u/login/passwordless-email-challenge", "u/login/passwordless-sms-challenge",
			"u/login/passwordless-email-link", "u/email-identifier/challenge", "u/phone-identifier/challenge", "u/reset-password/code", "u/login/password-reset-start/people",
			"u/reset-password/success", "u/reset-verify", "u/email-verification", "authorize/resume", "u/login/passwordless-email-link/follow",
		} {
			query := url.Values{"state": {state}}
			for _, name := range []string{"returnTo", "redirect_uri", "redirect", "next", "url", "continue", "resultUrl", "callback", "ticket", "email", "connection", "code"} {
				query.Set(name, evil)
			}
			form := url.Values{"username": {evil}, "email": {evil}, "action": {evil}, "connection": {evil}, "password": {"x"}}
			for _, answer := range []reply{g.get(g.URL + path + "?" + query.Encode()), g.post(g.URL+path+"?"+query.Encode(), form)} {
				to, err := url.Parse(answer.location)
				if err != nil || to.Host != "" && !strings.HasPrefix(answer.location, servertest.MobileCallback) && !strings.HasPrefix(answer.location, g.URL) {
					t.Errorf("%s leads to %s", path, answer.location)
				}
				for _, attribute := range []string{`href="` + evil, `action="` + evil, `src="` + evil} {
					if strings.Contains(answer.body, attribute) {
						t.Errorf("%s has %s", path, attribute)
					}
				}
			}
		}
	}
}

// TestNoPageIsShownInAFrame: otherwise users could be made to press a button that they do not see.
func TestNoPageIsShownInAFrame(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(strangersFile))
	client := s.Client()
	for _, clientID := range []string{"two", "otp"} {
		target, _ := s.AuthorizeURL(servertest.Login{ClientID: clientID, RedirectURI: servertest.MobileCallback, Params: url.Values{"audience": {""}, "scope": {"openid"}}})
		_, page := s.Visit(client, target)
		pages := []servertest.Page{page}
		_, next := s.Submit(client, page, url.Values{"state": {page.URL.Query().Get("state")}, "username": {"framed@example.com"}})
		pages = append(pages, next)
		_, failed := s.Visit(client, s.URL+"u/login/passwordless-email-challenge?state=none")
		for _, p := range append(pages, failed) {
			if p.Header.Get("X-Frame-Options") != "DENY" || !strings.Contains(p.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
				t.Errorf("%s may be shown in a frame: %v", p.URL, p.Header)
			}
		}
	}
}
