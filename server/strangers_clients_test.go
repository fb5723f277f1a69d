package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// The clients in this file speak plain HTTP, as programs do that people wrote for cars, banks, shops or
// heating systems whose users log in with Auth0.

// asks sends a request with a given body and with further headers, in pairs of name and value.
func (g stranger) asks(method, target, contentType, body string, header ...string) reply {
	g.t.Helper()
	rq, err := http.NewRequestWithContext(g.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	rq.Header = g.header.Clone()
	if contentType != "" {
		rq.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(header); i += 2 {
		rq.Header.Set(header[i], header[i+1])
	}
	resp, err := g.client.Do(rq)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return reply{resp.StatusCode, resp.Request.URL, resp.Header.Get("Location"), string(text)}
}

const jsonBody = "application/json"

// root is the server's address without the final slash.
func (g stranger) root() string { return strings.TrimSuffix(g.URL, "/") }

// started begins a login of the application "two" and returns its state.
func (g stranger) started(params ...string) string {
	g.t.Helper()
	u, err := url.Parse(g.opens("two", params...).location)
	if err != nil || u.Query().Get("state") == "" {
		g.t.Fatalf("the login begins at %s", u)
	}
	return u.Query().Get("state")
}

// twoSteps posts the identifier and then the password, with the fields that most clients send.
func (g stranger) twoSteps(state string, header ...string) reply {
	g.t.Helper()
	first := url.Values{
		"state": {state}, "username": {ada}, "js-available": {"true"}, "webauthn-available": {"false"}, "is-brave": {"false"}, "webauthn-platform-available": {"false"}, "action": {"default"},
	}
	g.asks(http.MethodPost, g.URL+"u/login/identifier?state="+state, formType, first.Encode(), header...)
	second := url.Values{"state": {state}, "username": {ada}, "password": {adaPassword}, "action": {"default"}}
	return g.asks(http.MethodPost, g.URL+"u/login/password?state="+state, formType, second.Encode(), header...)
}

func TestStrangersClients(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(strangersFile))
	for name, client := range map[string]func(stranger) string{
		// A chat bot's TypeScript client takes the state from a fixed position in the text of redirects.
		"counts letters": func(g stranger) string {
			const before, after = len("Found. Redirecting to /u/login/identifier?state="), len("Found. Redirecting to /authorize/resume?state=")
			state := g.opens("two").body[before:]
			return g.get(g.root() + "/authorize/resume?state=" + g.twoSteps(state).body[after:]).location
		},
		// A chat bot's Rust client posts JSON, with booleans.
		"posts JSON": func(g stranger) string {
			state := g.started()
			first, _ := json.Marshal(map[string]any{
				"state": state, "username": ada, "js-available": true, "webauthn-available": true, "is-brave": false, "webauthn-platform-available": false, "action": "default",
			})
			if got := g.asks(http.MethodPost, g.URL+"u/login/identifier?state="+state, jsonBody, string(first)); got.status != http.StatusFound {
				g.t.Fatalf("the identifier gets %d", got.status)
			}
			second, _ := json.Marshal(map[string]string{"state": state, "username": ada, "password": adaPassword, "action": "default"})
			return g.get(g.root() + g.asks(http.MethodPost, g.URL+"u/login/password?state="+state, jsonBody, string(second)).location).location
		},
		// An energy supplier's aiohttp client finds states by a regular expression, adds a language to every address, sends the
		// headers of a phone, and no action.
		"reads states with an expression": func(g stranger) string {
			state := regexp.MustCompile(`[?&]state=([a-zA-Z0-9_-]+)`)
			g.header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
			g.header.Set("sec-ch-ua-mobile", "?1")
			login := state.FindStringSubmatch(g.opens("two", "ui_locales", "nl").body)[1]
			at := func(path string) string { return g.URL + path + "?ui_locales=nl&state=" + login }
			g.get(at("u/login/identifier"))
			g.post(at("u/login/identifier"), url.Values{
				"state": {login}, "allow-passkeys": {"true"}, "username": {ada}, "js-available": {"true"}, "webauthn-available": {"true"},
				"is-brave": {"false"}, "webauthn-platform-available": {"true"}, "ulp-remember-me-present": {"true"}, "ulp-remember-me": {"on"},
			})
			g.get(at("u/login/password"))
			wrong := g.post(at("u/login/password"), url.Values{"state": {login}, "username": {ada}, "password": {"no"}})
			if !strings.Contains(wrong.body, `class="ulp-input-error-message"`) {
				g.t.Errorf("a wrong password gets\n%s", wrong.body)
			}
			done := g.post(at("u/login/password"), url.Values{"state": {login}, "username": {ada}, "password": {adaPassword}, "js-available": {"true"}})
			return g.get(g.URL + "authorize/resume?state=" + state.FindStringSubmatch(done.body)[1]).location
		},
		// A car's client recognizes a wrong password by the status, which must come without a Location.
		"tells errors by the status": func(g stranger) string {
			g.header.Set("X-Client-ID", "41843fb4-691d-4970-85c7-2673e8ecef40")
			state := g.started()
			g.post(g.URL+"u/login/identifier?state="+state, url.Values{"state": {state}, "username": {ada}, "js-available": {"True"}, "action": {"default"}})
			wrong := g.post(g.URL+"u/login/password?state="+state, url.Values{"state": {state}, "username": {ada}, "password": {"no"}, "action": {"default"}})
			if wrong.status != http.StatusBadRequest || wrong.location != "" {
				g.t.Errorf("a wrong password gets %d to %s", wrong.status, wrong.location)
			}
			return g.get(g.root() + g.twoSteps(state).location).location
		},
		// An energy supplier's client sends Origin and Referer as a browser does, and expects 200 at the end of each step.
		"sends Origin and Referer": func(g stranger) string {
			g = g.follows()
			state := g.opens("two").url.Query().Get("state")
			return g.twoSteps(state, "Origin", g.root(), "Referer", g.URL+"u/login/identifier?state="+state).location
		},
		// A chat bot's Python client sends, with every request, the headers of a browser that came from another site.
		"copies headers of another request": func(g stranger) string {
			g = g.follows()
			g.header.Set("Sec-Fetch-Site", "same-site")
			g.header.Set("Sec-Fetch-Mode", "navigate")
			g.header.Set("Sec-Fetch-Dest", "document")
			state := g.opens("two").url.Query().Get("state")
			if got := g.twoSteps(state); got.status != http.StatusForbidden {
				g.t.Errorf("without Origin it gets %d", got.status)
			}
			if got := g.twoSteps(state, "Origin", "https://evil.example"); got.status != http.StatusForbidden {
				g.t.Errorf("with another Origin it gets %d", got.status)
			}
			return g.twoSteps(state, "Origin", g.root()).location
		},
		// An app's httpx client posts to the page's address with the state from the page, and an empty captcha.
		"leaves the captcha empty": func(g stranger) string {
			g = g.follows()
			page := g.opens("two")
			page = g.post(page.url.String(), url.Values{
				"state": {g.found(`name="state" value="([^"]+)"`, page.body)}, "username": {ada}, "captcha": {""}, "js-available": {"true"}, "action": {"default"},
			})
			g.at(page, "/u/login/password")
			return g.post(page.url.String(), url.Values{"state": {g.found(`name="state" value="([^"]+)"`, page.body)}, "username": {ada}, "password": {adaPassword}, "action": {"default"}}).location
		},
		// A shop's Java client sends the inputs of the form that is marked as the primary one.
		"takes the primary form": func(g stranger) string {
			g = g.follows()
			page := g.opens("two")
			for range 2 {
				g.found(`<form class="(_form-login-(?:id|password))" method="POST" data-form-primary="true"`, page.body)
				form := inputs(page.body)
				form.Set("username", ada)
				if strings.Contains(page.body, "_form-login-password") {
					form.Set("password", adaPassword)
				}
				page = g.post(page.url.String(), form)
			}
			return page.location
		},
		// A generator's Java client recognizes the second page by its password input, and success by a page without a form.
		"tells pages by their inputs": func(g stranger) string {
			g = g.follows()
			page := g.opens("two")
			for range 2 {
				form, path := inputs(page.body), "u/login/identifier"
				if form.Has("password") {
					path = "u/login/password"
					form.Set("password", adaPassword)
				}
				form.Set("username", ada)
				form.Set("action", "default")
				page = g.post(g.URL+path+"?state="+form.Get("state"), form)
			}
			return page.location
		},
		// A stock picker's client finds the login page with HEAD, and then fetches it.
		"asks by HEAD": func(g stranger) string {
			g = g.follows()
			target, _ := g.AuthorizeURL(servertest.Login{ClientID: "two", RedirectURI: servertest.MobileCallback, Params: url.Values{"audience": {""}, "scope": {"openid"}}})
			found := g.asks(http.MethodHead, target, "", "")
			g.at(found, "/u/login/identifier")
			page := g.get(found.url.String())
			return g.twoSteps(page.url.Query().Get("state")).location
		},
		// A shell script asks with curl -I for the address of the page, and has the content of no answer.
		"reads headers alone": func(g stranger) string {
			target, _ := g.AuthorizeURL(servertest.Login{ClientID: "two", RedirectURI: servertest.MobileCallback, Params: url.Values{"audience": {""}, "scope": {"openid"}}})
			begun := g.asks(http.MethodHead, target, "", "")
			if begun.status != http.StatusFound || begun.body != "" {
				g.t.Fatalf("HEAD gets %d with %q", begun.status, begun.body)
			}
			return g.asks(http.MethodHead, g.root()+g.twoSteps(g.stateIn(begun.location)).location, "", "").location
		},
		// A script without a cookie jar writes the Cookie header itself, with all cookies that it got, in any order.
		"carries cookies by hand": func(g stranger) string {
			jar := map[string]string{}
			g.client.Jar = nil
			ask := func(method, target, body string) (location string) {
				var header []string
				for name, value := range jar {
					header = append(header, name+"="+value)
				}
				rq, err := http.NewRequestWithContext(g.t.Context(), method, target, strings.NewReader(body))
				if err != nil {
					g.t.Fatal(err)
				}
				rq.Header.Set("Content-Type", formType)
				rq.Header.Set("Cookie", strings.Join(header, "; "))
				resp, err := g.client.Do(rq)
				if err != nil {
					g.t.Fatal(err)
				}
				_ = resp.Body.Close()
				for _, line := range resp.Header["Set-Cookie"] {
					name, value, _ := strings.Cut(strings.Split(line, ";")[0], "=")
					jar[name] = value
				}
				return resp.Header.Get("Location")
			}
			target, _ := g.AuthorizeURL(servertest.Login{ClientID: "two", RedirectURI: servertest.MobileCallback, Params: url.Values{"audience": {""}, "scope": {"openid"}}})
			_, state, _ := strings.Cut(ask(http.MethodGet, target, ""), "state=")
			ask(http.MethodPost, g.URL+"u/login/identifier?state="+state, url.Values{"state": {state}, "username": {ada}}.Encode())
			resume := ask(http.MethodPost, g.URL+"u/login/password?state="+state, url.Values{"state": {state}, "username": {ada}, "password": {adaPassword}}.Encode())
			if jar["did"] == "" || jar["auth0"] == "" {
				g.t.Errorf("the cookies are %v", jar)
			}
			return ask(http.MethodGet, g.root()+resume, "")
		},
		// A bot signs up without loading all pages.
		"signs up": func(g stranger) string {
			state := g.started("screen_hint", "signup")
			at := func(path string) string { return g.URL + path + "?state=" + state }
			g.get(at("u/signup/identifier"))
			g.post(at("u/signup/identifier"), url.Values{"state": {state}, "email": {"bot@example.com"}, "action": {"default"}})
			done := g.post(at("u/signup/password"), url.Values{"state": {state}, "email": {"bot@example.com"}, "password": {"ExampleCo!2026-new"}, "strengthPolicy": {"low"}, "complexityOptions.minLength": {"8"}, "action": {"default"}})
			return g.get(g.root() + done.location).location
		},
		// A chat bot's Python client gets a code by e-mail, and posts it to the address that the redirect led to.
		"posts a code that was sent": func(g stranger) string {
			g = g.follows()
			page := g.opens("otp")
			state := page.url.Query().Get("state")
			page = g.post(g.URL+"u/login/identifier?state="+state, url.Values{"state": {state}, "username": {"client@example.com"}, "captcha": {"x"}, "js-available": {"true"}, "action": {"default"}})
			g.at(page, "/u/login/passwordless-email-challenge")
			wrong := g.post(page.url.String(), url.Values{"state": {state}, "code": {"000000"}, "action": {"default"}})
			if key := g.found(`id="error-element-code" class="ulp-input-error-message" data-error-code="([^"]+)"`, wrong.body); key != "invalid-code" {
				g.t.Errorf("a wrong code gets %s", key)
			}
			return g.post(page.url.String(), url.Values{"state": {state}, "code": {g.code("client@example.com", otpMail)}, "action": {"default"}}).location
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newStranger(t, s)
			g.hasCode(client(g))
		})
	}
}
