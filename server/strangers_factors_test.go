package server_test

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/tenant0/tenant0/server/servertest"
)

// factorsFile is a tenant that offers passkeys; the tests have it ask every user for a further factor.
const factorsFile = `
prompts: {universal_login_experience: new, identifier_first: true}
clients:
  - {client_id: two, name: Two Steps, app_type: spa, token_endpoint_auth_method: none, callbacks: ["http://localhost:8484/callback"]}
  - {client_id: management, name: management, client_secret: secret-of-the-management, app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
connections:
  - {name: people, strategy: auth0, enabled_clients: [Two Steps], options: {
      authentication_methods: {password: {enabled: true}, passkey: {enabled: true}}, passkey_options: {progressive_enrollment_enabled: true}}}
users:
  - {user_id: "auth0|ada", email: ada@example.com, password: "Abc123!!xyz", email_verified: true, connection: people}
`

// stateIn finds the state of an address in a text, as clients do that do not look at headers.
func (g stranger) stateIn(text string) string {
	g.t.Helper()
	return g.found(`[?&]state=([a-zA-Z0-9_-]+)`, text)
}

// screen is the part of a page's context that these clients read.
type screen struct {
	Screen      struct{ Name string }
	Transaction struct {
		State  string
		Errors []struct{ Code, Message string }
	}
}

// context decodes the context that a page contains in base64, as clients for cars read it.
func (g stranger) context(body string) (c screen) {
	g.t.Helper()
	raw, err := base64.StdEncoding.DecodeString(g.found(`atob\("([A-Za-z0-9+/=]+)"\)`, body))
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil {
		g.t.Fatal(err)
	}
	return c
}

// passes posts the identifier and the password without following redirects, and returns the last answer.
func (g stranger) passes(state string) reply {
	g.t.Helper()
	g.post(g.URL+"u/login/identifier?state="+state, url.Values{
		"state": {state}, "username": {ada}, "allow-passkeys": {"true"}, "js-available": {"true"}, "webauthn-available": {"true"}, "is-brave": {"false"}, "webauthn-platform-available": {"true"},
	})
	return g.post(g.URL+"u/login/password?state="+state, url.Values{"state": {state}, "username": {ada}, "password": {adaPassword}, "js-available": {"true"}})
}

// declines follows redirects to the application's callback, and declines a passkey on the page that offers one.
func (g stranger) declines(location string) string {
	g.t.Helper()
	for !strings.HasPrefix(location, servertest.MobileCallback) {
		page := g.get(g.root() + location)
		if page.location != "" {
			location = page.location
			continue
		}
		told := g.context(page.body)
		if told.Screen.Name != "passkey-enrollment" {
			g.t.Fatalf("the page is %s at %s", told.Screen.Name, page.url)
		}
		location = g.post(page.url.String(), url.Values{"state": {told.Transaction.State}, "action": {"abort-passkey-enrollment"}, "acul-sdk": {"@auth0/auth0-acul-js@1.2.0"}}).location
	}
	return location
}

// TestStrangersWithFurtherFactors: clients without a browser that are asked for a further factor.
func TestStrangersWithFurtherFactors(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(strings.NewReplacer("client_id: management, ", "client_id: "+servertest.Management+", ", "secret-of-the-management", servertest.ManagementSecret).Replace(factorsFile)))
	now := time.Now()
	manage := func(method, path string, body any) any {
		t.Helper()
		status, answer := s.Manage(s.Client(), method, path, body)
		if status/100 != 2 {
			t.Fatalf("%s %s: %d %v", method, path, status, answer)
		}
		return answer
	}
	for _, factor := range []string{"otp", "sms", "email"} {
		manage(http.MethodPut, "guardian/factors/"+factor, map[string]any{"enabled": true})
	}
	manage(http.MethodPut, "guardian/policies", []string{"all-applications"})
	const methods = "users/auth0%7Cada/authentication-methods"
	const secret = "JBSWY3DPEHPK3PXP"
	enroll := map[string]map[string]any{
		"sms": {"type": "phone", "phone_number": "+15550100", "preferred_authentication_method": "sms"},
		"otp": {"type": "totp", "totp_secret": secret, "name": "App"},
	}
	for name, client := range map[string]struct {
		factors []string
		run     func(stranger) string
	}{
		// An energy supplier's client: a text message, and then the offer of a passkey is declined.
		"a text message": {[]string{"sms"}, func(g stranger) string {
			login := g.stateIn(g.passes(g.started()).body)
			asked := g.stateIn(g.get(g.URL + "authorize/resume?state=" + login).body)
			g.get(g.URL + "u/mfa-sms-challenge?ui_locales=nl&state=" + asked)
			wrong := g.post(g.URL+"u/mfa-sms-challenge?ui_locales=nl&state="+asked, url.Values{"state": {asked}, "code": {"000000"}})
			if echoed := g.found(`<input[^>]*name="state"[^>]*value="([a-zA-Z0-9_-]+)"`, wrong.body); echoed != asked || !strings.Contains(wrong.body, `class="ulp-input-error-message"`) {
				g.t.Errorf("a wrong code gets\n%s", wrong.body)
			}
			done := g.post(g.URL+"u/mfa-sms-challenge?ui_locales=nl&state="+asked, url.Values{"state": {asked}, "code": {g.WaitForMessage("+15550100", "otp_verify").Code}})
			g.stateIn(done.body)
			offer := g.stateIn(g.get(g.URL + "authorize/resume?state=" + login).body)
			g.get(g.URL + "u/passkey-enrollment?ui_locales=nl&state=" + offer)
			g.post(g.URL+"u/passkey-enrollment?ui_locales=nl&state="+offer, url.Values{"state": {offer}, "action": {"abort-passkey-enrollment"}})
			return g.get(g.URL + "authorize/resume?state=" + login).location
		}},
		// The same client chooses an e-mail instead of the text message.
		"an e-mail in place of a text message": {[]string{"sms"}, func(g stranger) string {
			login := g.stateIn(g.passes(g.started()).body)
			asked := g.stateIn(g.get(g.URL + "authorize/resume?state=" + login).body)
			at := func(page string) string { return g.URL + "u/" + page + "?ui_locales=nl&state=" + asked }
			g.post(at("mfa-sms-challenge"), url.Values{"state": {asked}, "action": {"pick-authenticator"}})
			g.get(at("mfa-login-options"))
			g.post(at("mfa-login-options"), url.Values{"state": {asked}, "action": {"email::1"}})
			g.get(at("mfa-email-challenge"))
			g.post(at("mfa-email-challenge"), url.Values{"state": {asked}, "code": {g.WaitForMessage(ada, "").Code}, "action": {"default"}})
			return g.declines("/authorize/resume?state=" + login)
		}},
		// The same without the pages in between.
		"an e-mail whose page is not loaded": {[]string{"sms"}, func(g stranger) string {
			at := g.get(g.root() + g.passes(g.started()).location).location
			at = g.sends(at, "action", "pick-authenticator").location
			at = g.sends(at, "action", "email::1").location
			return g.declines(g.sends(at, "code", g.WaitForMessage(ada, "").Code).location)
		}},
		// A chat bot's client recognizes the page by its address, and posts the code there.
		"a one-time password": {[]string{"otp"}, func(g stranger) string {
			resume := g.passes(g.started()).location
			location := g.get(g.root() + resume).location
			if !strings.HasPrefix(location, "/u/mfa-otp-challenge?") {
				g.t.Fatalf("the password leads to %s", location)
			}
			page := g.get(g.root() + location)
			if told := g.context(page.body); told.Screen.Name != "mfa-otp-challenge" {
				g.t.Errorf("the page says that it is %s", told.Screen.Name)
			}
			state := inputs(page.body).Get("state")
			wrong := g.post(g.root()+location, url.Values{"state": {state}, "code": {"000000"}, "action": {"default"}})
			if told := g.context(wrong.body); wrong.status != http.StatusBadRequest || len(told.Transaction.Errors) != 1 || told.Transaction.Errors[0].Code != "invalid-code" {
				g.t.Errorf("a wrong code gets %d %+v", wrong.status, told)
			}
			code, err := totp.GenerateCode(secret, now)
			if err != nil {
				g.t.Fatal(err)
			}
			done := g.post(g.root()+location, url.Values{"state": {state}, "code": {code}, "action": {"default"}})
			if done.status != http.StatusFound {
				g.t.Fatalf("the code gets %d %s", done.status, done.body)
			}
			return g.declines(done.location)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			now = now.Add(time.Minute)
			s.Freeze(now)
			s.ClearInbox()
			manage(http.MethodDelete, methods, nil)
			for _, factor := range client.factors {
				manage(http.MethodPost, methods, enroll[factor])
			}
			g := newStranger(t, s)
			g.hasCode(client.run(g))
		})
	}
}

// sends posts a form to the page that a redirect leads to, with Origin and Referer.
func (g stranger) sends(location string, fields ...string) reply {
	g.t.Helper()
	path, _, _ := strings.Cut(location, "?")
	state := g.stateIn(location)
	form := url.Values{"state": {state}, "action": {"default"}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	target := g.root() + path + "?state=" + state
	return g.asks(http.MethodPost, target, formType, form.Encode(), "Origin", g.root(), "Referer", target)
}

// TestStrangersThatLoadNoPage: clients that post each step without having loaded its page, and send no more than its fields.
func TestStrangersThatLoadNoPage(t *testing.T) {
	noPasskeys := strings.NewReplacer("client_id: management, ", "client_id: "+servertest.Management+", ", "secret-of-the-management", servertest.ManagementSecret,
		"{enabled: true}}, passkey_options", "{enabled: false}}, passkey_options").Replace(factorsFile)
	const secret = "JBSWY3DPEHPK3PXP"
	for name, client := range map[string]struct {
		prompts, factor string
		run             func(stranger) string
	}{
		// A car's Python client knows a challenge by the address, and posts the state and the code there, without an action.
		"an e-mail": {"identifier_first: false", "email", func(g stranger) string {
			g = g.follows()
			state := g.opens("two").url.Query().Get("state")
			asked := g.post(g.URL+"u/login?state="+state, url.Values{"state": {state}, "username": {ada}, "password": {adaPassword}})
			g.at(asked, "/u/mfa-email-challenge")
			state = asked.url.Query().Get("state")
			return g.post(g.URL+"u/mfa-email-challenge?state="+state, url.Values{"state": {state}, "code": {g.WaitForMessage(ada, "").Code}}).location
		}},
		// A generator's TypeScript client asks its user for the code as soon as it is sent to the page of the code.
		"an e-mail whose page is not loaded": {"identifier_first: true", "email", func(g stranger) string {
			at := g.sends(g.opens("two", "prompt", "login").location, "username", ada).location
			resume := g.root() + g.sends(at, "username", ada, "password", adaPassword).location
			at = g.get(resume).location
			code := g.WaitForMessage(ada, "").Code
			if again := g.get(resume).location; again != at || len(g.Inbox()) != 1 {
				g.t.Errorf("the second time it is sent to %s, with %d messages", again, len(g.Inbox()))
			}
			if key := g.found(`data-error-code="([^"]+)"`, g.sends(at, "code", "000000").body); key != "invalid-code" {
				g.t.Errorf("a wrong code gets %s", key)
			}
			return g.get(g.root() + g.sends(at, "code", code).location).location
		}},
		// A generator's Java client goes where each redirect leads, sends Origin and Referer, and reads why a code is refused.
		"a one-time password": {"identifier_first: true", "otp", func(g stranger) string {
			send := g.sends
			at := g.opens("two", "prompt", "login").location
			at = send(at, "username", ada, "js-available", "true", "webauthn-available", "false", "is-brave", "false", "webauthn-platform-available", "false").location
			wrong := send(at, "username", ada, "password", "no")
			if key := g.found(`data-error-code="([^"]+)"`, wrong.body); wrong.status != http.StatusBadRequest || key != "wrong-email-credentials" {
				g.t.Errorf("a wrong password gets %d %s", wrong.status, key)
			}
			at = g.get(g.root() + send(at, "username", ada, "password", adaPassword).location).location
			if !strings.HasPrefix(at, "/u/mfa-otp-challenge?") {
				g.t.Fatalf("the password leads to %s", at)
			}
			if key := g.found(`data-error-code="([^"]+)"`, send(at, "code", "000000").body); key != "invalid-code" {
				g.t.Errorf("a wrong code gets %s", key)
			}
			code, err := totp.GenerateCode(secret, time.Now())
			if err != nil {
				g.t.Fatal(err)
			}
			return g.get(g.root() + send(at, "code", code).location).location
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := servertest.Start(t, servertest.Seed(strings.Replace(noPasskeys, "identifier_first: true", client.prompts, 1)))
			for _, call := range []struct {
				method, path string
				body         any
			}{
				{http.MethodPut, "guardian/factors/" + client.factor, map[string]any{"enabled": true}},
				{http.MethodPut, "guardian/policies", []string{"all-applications"}},
				{http.MethodPost, "users/auth0%7Cada/authentication-methods", map[string]any{"type": "totp", "totp_secret": secret, "name": "App"}},
			} {
				if status, answer := s.Manage(s.Client(), call.method, call.path, call.body); status/100 != 2 {
					t.Fatalf("%s: %d %v", call.path, status, answer)
				}
			}
			g := newStranger(t, s)
			g.hasCode(client.run(g))
		})
	}
}

// TestStrangersAtTheClassicPageWithAFactor: a lawn mower's aiohttp client reads the configuration of the classic
// page, posts it with a browser's headers, and follows the redirects itself until it is asked for a one-time password.
func TestStrangersAtTheClassicPageWithAFactor(t *testing.T) {
	seed := strings.NewReplacer("client_id: management, ", "client_id: "+servertest.Management+", ", "secret-of-the-management", servertest.ManagementSecret,
		"{universal_login_experience: new, identifier_first: true}", "{universal_login_experience: classic}").Replace(factorsFile)
	s := servertest.Start(t, servertest.Seed(seed))
	const secret = "JBSWY3DPEHPK3PXP"
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{http.MethodPut, "guardian/factors/otp", map[string]any{"enabled": true}},
		{http.MethodPut, "guardian/policies", []string{"all-applications"}},
		{http.MethodPost, "users/auth0%7Cada/authentication-methods", map[string]any{"type": "totp", "totp_secret": secret, "name": "App"}},
	} {
		if status, answer := s.Manage(s.Client(), call.method, call.path, call.body); status/100 != 2 {
			t.Fatalf("%s: %d %v", call.path, status, answer)
		}
	}
	g := newStranger(t, s, "User-Agent", "Mozilla/5.0 (Linux; Android 10; K)")
	page := g.root() + g.opens("two", "response_mode", "query", "ui_locales", "en").location
	config := g.lockConfig(g.found(`window\.atob\('([^']+)'\)`, g.get(page).body))
	form := url.Values{
		"username": {ada}, "password": {adaPassword}, "client_id": {"two"}, "tenant": {"farm"}, "connection": {"people"}, "redirect_uri": {servertest.MobileCallback},
		"protocol": {"oauth2"}, "response_type": {"code"}, "scope": {"openid"}, "audience": {""}, "code_challenge": {config.ExtraParams["code_challenge"]},
		"code_challenge_method": {"S256"}, "response_mode": {"query"}, "ui_locales": {"en"}, "_csrf": {config.ExtraParams["_csrf"]}, "state": {config.ExtraParams["state"]},
	}
	for _, name := range []string{"code_challenge", "_csrf", "state"} {
		if form.Get(name) == "" {
			t.Fatalf("the page says nothing of %s: %v", name, config)
		}
	}
	browser := []string{"Origin", g.root(), "Referer", page}
	answer := g.asks(http.MethodPost, g.URL+"usernamepassword/login", formType, form.Encode(), browser...)
	fields := url.Values{}
	for _, m := range regexp.MustCompile(`<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"`).FindAllStringSubmatch(answer.body, -1) {
		fields.Set(m[1], html.UnescapeString(m[2]))
	}
	at := g.asks(http.MethodPost, g.found(`action="([^"]+)"`, answer.body), formType, fields.Encode(), browser...).location
	code, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		next := at
		if strings.HasPrefix(at, "/") {
			next = g.root() + at
		}
		switch {
		case strings.HasPrefix(at, servertest.MobileCallback):
			g.hasCode(at)
			return
		case strings.Contains(at, "/u/mfa-otp-challenge"):
			state := inputs(g.get(next).body).Get("state")
			at = g.asks(http.MethodPost, next, formType, url.Values{"state": {state}, "code": {code}}.Encode(), "Origin", g.root(), "Referer", next).location
		case strings.Contains(at, "/u/passkey-enrollment"):
			at = g.post(next, url.Values{"state": {inputs(g.get(next).body).Get("state")}, "action": {"abort-passkey-enrollment"}}).location
		default:
			at = g.get(next).location
		}
	}
	t.Fatalf("the script ends at %q", at)
}

// TestPagesSayWhatScreenTheyAre: each page of a login contains a context, and no other page does.
func TestPagesSayWhatScreenTheyAre(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(strangersFile))
	g := newStranger(t, s).follows()
	page := g.opens("two")
	told := g.context(page.body)
	if told.Screen.Name != "login-id" || told.Transaction.State != page.url.Query().Get("state") {
		t.Errorf("the page at %s says %+v", page.url, told)
	}
	refused := g.fill(page, "username", "nobody")
	if told := g.context(refused.body); len(told.Transaction.Errors) != 1 || told.Transaction.Errors[0].Message != "Email is not valid." {
		t.Errorf("a refusal says %+v", told)
	}
	if other := g.get(g.URL + "activate"); regexp.MustCompile(`atob\(`).MatchString(other.body) {
		t.Errorf("a page of no login has a context")
	}
}
