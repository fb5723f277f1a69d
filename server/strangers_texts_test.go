package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestStrangersCutBetweenBoundaries logs in as a load test does, which takes every value between two texts: a state
// ends where the languages of the request follow, and the application's own state ends with its line.
func TestStrangersCutBetweenBoundaries(t *testing.T) {
	g := newStranger(t, servertest.Start(t, servertest.Seed(strangersFile)))
	const more = "&ui_locales=es-MX%20es"
	login := g.found(`login/identifier\?state=(.*?)&`, g.opens("two", "ui_locales", "es-MX es", "state", "s=1").location)
	fields := url.Values{
		"username": {ada}, "captcha": {""}, "js-available": {"true"}, "is-brave": {"false"}, "webauthn-available": {"true"}, "webauthn-platform-available": {"true"},
		"allow-passkeys": {"true"}, "state": {login}, "acul-sdk": {"@auth0/auth0-acul-js@1.2.0"},
	}
	next := g.post(g.URL+"u/login/identifier?state="+login+more, fields)
	if !strings.HasSuffix(next.location, more) {
		t.Errorf("the identifier leads to %s", next.location)
	}
	password := g.found(`login/password\?state=(.*?)&`, next.location)
	fields.Set("password", adaPassword)
	done := g.post(g.URL+"u/login/password?state="+password+more, fields)
	if done.location != "/authorize/resume?state="+password {
		t.Errorf("the password leads to %s", done.location)
	}
	callback := g.get(g.root() + done.location).location
	g.found(`callback\?code=(.+?)&`, callback)
	if state := g.found(`&state=(.*)$`, callback); state != "s%3D1" {
		t.Errorf("the application's state is %s", state)
	}
}

// TestLanguagesOfARequestAddNoParameter: what a request asks for as its languages stays one parameter of the addresses of
// pages, and is left out if it is too long for them.
func TestLanguagesOfARequestAddNoParameter(t *testing.T) {
	g := newStranger(t, servertest.Start(t, servertest.Seed(strangersFile)))
	for _, asked := range []string{"de&state=stolen", "de#x", "de\r\nSet-Cookie: a=b", `de"><b>`, "//evil.example", strings.Repeat("de ", 100)} {
		begun := g.opens("two", "ui_locales", asked)
		u, err := url.Parse(begun.location)
		if err != nil || u.Path != "/u/login/identifier" || u.Fragment != "" || u.Host != "" || len(u.Query()["state"]) != 1 || u.Query().Get("state") == "stolen" {
			t.Fatalf("%q leads to %s", asked, begun.location)
		}
		if kept := u.Query().Get("ui_locales"); kept != asked && len(asked) <= 200 || len(u.Query()) > 2 || strings.Contains(begun.body, "<b>") {
			t.Errorf("%q is %q in %s", asked, kept, begun.body)
		}
	}
}

// TestStrangersReadMessages reads the answer to a silent request in the page that hands it to the application, without
// running its script.
func TestStrangersReadMessages(t *testing.T) {
	g := newStranger(t, servertest.Start(t, servertest.Seed(strangersFile))).follows()
	silent := func() string {
		g.t.Helper()
		page := g.opens("two", "prompt", "none", "response_mode", "web_message", "state", `{"to":"</script>};"}`)
		if page.status != http.StatusOK {
			t.Fatalf("a silent request gets %d to %s", page.status, page.location)
		}
		return page.body
	}
	read := func(expression, page string) (response map[string]string) {
		g.t.Helper()
		if err := json.Unmarshal([]byte(g.found(expression, page)), &response); err != nil {
			t.Fatal(err)
		}
		return response
	}
	const whole = `authorizationResponse = {type: "authorization_response",response: (.*)};</script>`
	if refused := read(whole, silent()); refused["error"] != "login_required" || refused["error_description"] != "Login required" {
		t.Errorf("before the login: %v", refused)
	}
	g.hasCode(g.twoSteps(g.opens("two").url.Query().Get("state")).location)
	if answer := read(whole, silent()); answer["code"] == "" || answer["state"] != `{"to":"</script>};"}` || len(answer) != 2 {
		t.Errorf("after the login: %v", answer)
	}
	// Some clients take the code alone.
	g.found(`"code":"([^"]+)"`, silent())
}

// TestStrangersGetTokensByMessage: clients of two television stations get an access token in a page; one of them came by
// the classic page, the other by the login of pages of other origins.
func TestStrangersGetTokensByMessage(t *testing.T) {
	s := servertest.Start(t, servertest.Seed("tenant: {default_directory: people}\n"+strings.Replace(classicFile, `callbacks: ["http://localhost:8484/callback"]}`,
		`callbacks: ["http://localhost:8484/callback"], web_origins: ["http://localhost:8484"], allowed_origins: ["http://localhost:8484"], cross_origin_authentication: true}`, 1)))
	token := func(t *testing.T, page string) {
		t.Helper()
		var response map[string]string
		found := newStranger(t, s).found(`authorizationResponse = {type: "authorization_response",response: (.*?)};`, page)
		if err := json.Unmarshal([]byte(found), &response); err != nil || response["access_token"] == "" {
			t.Errorf("%v: %s", err, page)
		}
	}
	asks := []string{"response_type", "token", "response_mode", "web_message", "nonce", "n", "code_challenge", "", "code_challenge_method", ""}
	t.Run("from the classic page", func(t *testing.T) {
		g := newStranger(t, s).follows()
		page := g.opens("lock", asks...)
		c := g.lockConfig(g.found(`atob\(\s*["']([^"']+)["']`, page.body))
		body := map[string]any{"client_id": "lock", "redirect_uri": servertest.MobileCallback, "tenant": "t", "connection": "people", "username": ada, "password": adaPassword, "sso": "true"}
		for name, value := range c.ExtraParams {
			body[name] = value
		}
		answer := g.postJSON(g.URL+"usernamepassword/login", body, "Origin", g.root(), "Referer", page.url.String())
		token(t, g.post(g.URL+"login/callback", inputs(answer.body)).body)
	})
	t.Run("from a page of another origin", func(t *testing.T) {
		g := newStranger(t, s)
		g.header.Set("Origin", "http://localhost:8484")
		answer := g.postJSON(g.URL+"co/authenticate", map[string]string{
			"client_id": "lock", "credential_type": "password", "username": ada, "password": adaPassword,
		})
		var said struct {
			LoginTicket string `json:"login_ticket"`
		}
		if err := json.Unmarshal([]byte(answer.body), &said); err != nil || said.LoginTicket == "" {
			t.Fatalf("the password gets %d %s", answer.status, answer.body)
		}
		token(t, g.follows().opens("lock", append(asks, "login_ticket", said.LoginTicket, "prompt", "none")...).body)
	})
}
