package server_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// classicFile is a tenant with the classic login page: the application "lock" has the built-in page, the others
// have custom pages, which contain their configuration in ways that clients are known to read.
const classicFile = `
prompts: {universal_login_experience: classic}
clients:
  - {client_id: lock, name: Lock, app_type: spa, token_endpoint_auth_method: none, callbacks: ["http://localhost:8484/callback"]}
  - {client_id: shop, name: Shop, app_type: spa, token_endpoint_auth_method: none, callbacks: ["http://localhost:8484/callback"], custom_login_page_on: true,
     custom_login_page: '<html><body><script id="a0-config" data-config="@@config@@"></script></body></html>'}
  - {client_id: power, name: Power, app_type: spa, token_endpoint_auth_method: none, callbacks: ["http://localhost:8484/callback"], custom_login_page_on: true,
     custom_login_page: '<html><body><script>var encodedAuth0Config="@@config@@";var name="short"</script></body></html>'}
connections:
  - {name: people, strategy: auth0, enabled_clients: [Lock, Shop, Power]}
users:
  - {email: ada@example.com, password: "Abc123!!xyz", email_verified: true, connection: people}
`

// lockConfig is the configuration that a classic page contains.
type lockConfig struct {
	ClientID, CallbackURL, Auth0Tenant string
	ExtraParams                        map[string]string
}

func (g stranger) lockConfig(encoded string) (c lockConfig) {
	g.t.Helper()
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil {
		g.t.Fatalf("%s: %v", encoded, err)
	}
	return c
}

// credentials is the body that a client posts with the password; more adds members in pairs.
func credentials(clientID, state string, more ...string) map[string]any {
	all := map[string]any{
		"client_id": clientID, "redirect_uri": servertest.MobileCallback, "tenant": "acme", "response_type": "code", "scope": "openid", "state": state,
		"_intstate": "deprecated", "connection": "people", "username": ada, "password": adaPassword,
	}
	for i := 0; i < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

// postJSON posts a JSON body.
func (g stranger) postJSON(target string, body any, header ...string) reply {
	g.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		g.t.Fatal(err)
	}
	return g.asks(http.MethodPost, target, jsonBody, string(raw), header...)
}

// cookie returns the value of a cookie that the client's jar would send to a path.
func (g stranger) cookie(name, path string) string {
	g.t.Helper()
	u, err := url.Parse(g.root() + path)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, c := range g.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// callback posts the form that answers a password to the form's own address, and follows the redirects itself.
func (g stranger) callback(page string, header ...string) string {
	g.t.Helper()
	action := g.found(`<form[^>]*action="([^"]*)"`, page)
	resume := g.asks(http.MethodPost, action, formType, inputs(page).Encode(), header...)
	if resume.status != http.StatusFound || !strings.HasPrefix(resume.location, "/authorize/resume?state=") {
		g.t.Fatalf("the callback gets %d to %s\n%s", resume.status, resume.location, resume.body)
	}
	return g.get(g.root() + resume.location).location
}

func TestStrangersAtTheClassicPage(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(classicFile))
	for name, client := range map[string]func(stranger) string{
		// A fan's aiohttp client cuts the state out of the redirect, and never loads the page.
		"cuts the state out of the address": func(g stranger) string {
			_, state, _ := strings.Cut(g.opens("lock").location, "login?state=")
			state, _, _ = strings.Cut(state, "&")
			body := credentials("lock", state, "redirect_uri", servertest.MobileCallback+"?lang=en", "lang", "en", "audience", "https://digital.example/api/v1/")
			return g.callback(g.postJSON(g.URL+"usernamepassword/login", body).body)
		},
		// An air conditioner's client sends the cookie of the page back, and the headers of a library.
		"takes the cookie of the page along": func(g stranger) string {
			location := g.opens("lock").location
			state := g.found(`state=([^&]+)&`, location)
			if page := g.get(g.root() + location); page.status != http.StatusOK {
				g.t.Fatalf("the page gets %d", page.status)
			}
			csrf := g.cookie("_csrf", "/usernamepassword/login")
			if csrf == "" {
				g.t.Fatal("the page sets no cookie _csrf")
			}
			g.header.Set("Auth0-Client", "eyJuYW1lIjoiYXV0aDAuanMtdWxwIiwidmVyc2lvbiI6IjkuMjMuMiJ9")
			g.header.Set("User-Agent", "okhttp/4.10.0")
			return g.callback(g.postJSON(g.URL+"usernamepassword/login", credentials("lock", state, "_csrf", csrf, "lang", "en")).body)
		},
		// A car's Go client posts the parameters of the page's address as a form, and then the hidden inputs of the answer.
		"posts the parameters of the address": func(g stranger) string {
			u, err := url.Parse(g.opens("lock", "ui_locales", "de-DE").location)
			if err != nil {
				g.t.Fatal(err)
			}
			query := u.Query()
			for _, name := range []string{"client_id", "code_challenge", "scope", "protocol"} {
				query.Del(name)
			}
			for name, value := range map[string]string{"connection": "people", "tenant": "car-production", "sec": "high", "client_id": "lock", "username": ada, "password": adaPassword} {
				query.Set(name, value)
			}
			page := g.post(g.URL+"usernamepassword/login", query)
			if page.status != http.StatusOK {
				g.t.Fatalf("the password gets %d %s", page.status, page.body)
			}
			return g.get(g.root() + g.post(g.URL+"login/callback", inputs(page.body)).location).location
		},
		// A stock picker's client follows redirects with HEAD, reads the query, posts a form, and sends Origin only
		// with the callback.
		"reads the query of the page": func(g stranger) string {
			g = g.follows()
			target, _ := g.AuthorizeURL(servertest.Login{ClientID: "lock", RedirectURI: servertest.MobileCallback, Params: url.Values{"audience": {""}, "scope": {"openid email profile"}, "nonce": {"n"}}})
			found := g.asks(http.MethodHead, target, "", "")
			g.at(found, "/login")
			page := g.get(found.url.String())
			query := page.url.Query()
			form := url.Values{}
			for name, value := range credentials(query.Get("client"), query.Get("state"), "nonce", query.Get("nonce"), "_csrf", g.cookie("_csrf", "/usernamepassword/login")) {
				form.Set(name, value.(string)) //nolint:forcetypeassert // all are texts
			}
			answer := g.post(g.URL+"usernamepassword/login", form)
			return g.asks(http.MethodPost, g.URL+"login/callback", formType, url.Values{
				"wa": {"wsignin1.0"}, "wresult": {inputs(answer.body).Get("wresult")}, "wctx": {inputs(answer.body).Get("wctx")},
			}.Encode(), "Origin", g.root(), "Referer", page.url.String()).location
		},
		// A washing machine's Python client decodes the configuration in the page.
		"decodes what the page is told": func(g stranger) string {
			g = g.follows()
			page := g.opens("lock", "nonce", "n")
			c := g.lockConfig(g.found(`window\.atob\('([^']+)'\)`, page.body))
			answer := g.postJSON(g.URL+"usernamepassword/login", credentials(c.ClientID, c.ExtraParams["state"], "_csrf", c.ExtraParams["_csrf"], "nonce", c.ExtraParams["nonce"]))
			form := url.Values{}
			for _, name := range []string{"wa", "wresult", "wctx"} {
				form.Set(name, g.found(`name="`+name+`"[^>]*value="([^"]+)"`, answer.body))
			}
			return g.post(g.URL+"login/callback", form).location
		},
		// A video downloader sends all extra parameters back, and reads the reason why a password is refused.
		"sends all extra parameters back": func(g stranger) string {
			g = g.follows()
			page := g.opens("lock", "nonce", "n")
			c := g.lockConfig(regexp.MustCompile(`atob\(\s*["']([^"']+)["']`).FindStringSubmatch(page.body)[1])
			body := map[string]any{}
			for name, value := range c.ExtraParams {
				body[name] = value
			}
			maps.Copy(body, map[string]any{"client_id": "lock", "redirect_uri": servertest.MobileCallback, "tenant": "users", "connection": "people", "username": ada, "password": "no", "sso": "true"})
			wrong := g.postJSON(g.URL+"usernamepassword/login", body, "Origin", g.root(), "Referer", page.url.String())
			var said struct{ Code, Description string }
			if err := json.Unmarshal([]byte(wrong.body), &said); err != nil || wrong.status != http.StatusUnauthorized || said.Code != "invalid_user_password" || said.Description != "Wrong email or password." {
				g.t.Errorf("a wrong password gets %d %s", wrong.status, wrong.body)
			}
			body["password"] = adaPassword
			answer := g.postJSON(g.URL+"usernamepassword/login", body, "Origin", g.root(), "Referer", page.url.String())
			return g.post(g.URL+"login/callback", inputs(answer.body)).location
		},
		// A furniture shop's client reads the configuration from an attribute of the shop's custom page.
		"reads an attribute": func(g stranger) string {
			g = g.follows()
			page := g.opens("shop")
			c := g.lockConfig(g.found(`id="a0-config" data-config="([^"]+)"`, page.body))
			body := map[string]any{
				"client_id": c.ClientID, "redirect_uri": c.CallbackURL, "tenant": c.Auth0Tenant, "response_type": c.ExtraParams["response_type"], "scope": c.ExtraParams["scope"],
				"audience": c.ExtraParams["audience"], "_csrf": c.ExtraParams["_csrf"], "state": c.ExtraParams["state"], "_intstate": c.ExtraParams["_intstate"],
				"username": ada, "password": adaPassword, "connection": "people",
			}
			return g.post(g.URL+"login/callback", inputs(g.postJSON(g.URL+"usernamepassword/login", body, "Referer", page.url.String()).body)).location
		},
		// An energy supplier's client takes the longest quoted text of the page for the configuration, and sends
		// a browser's headers.
		"takes the longest text": func(g stranger) string {
			g = g.follows()
			page := g.opens("power")
			longest := ""
			for text := range strings.SplitSeq(page.body, `"`) {
				if len(text) > len(longest) {
					longest = text
				}
			}
			c := g.lockConfig(longest)
			if other := g.lockConfig(strings.Split(strings.Split(page.body, "encodedAuth0Config=")[1], `"`)[1]); other.ExtraParams["_csrf"] != c.ExtraParams["_csrf"] {
				g.t.Error("two ways of reading lead to two values")
			}
			answer := g.postJSON(g.URL+"usernamepassword/login", credentials("power", c.ExtraParams["state"], "_csrf", c.ExtraParams["_csrf"]),
				"Origin", g.root(), "Referer", page.url.String(), "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Site", "same-origin")
			return g.post(g.URL+"login/callback", inputs(answer.body)).location
		},
		// A bookshelf's client unescapes the quotes in the form's values and nothing else.
		"undoes quotes alone": func(g stranger) string {
			state := g.found(`state=([^&]+)&`, g.opens("lock").location)
			answer := g.postJSON(g.URL+"usernamepassword/login", credentials("lock", state))
			form := url.Values{}
			for _, m := range regexp.MustCompile(`(?s)<input type=['"]hidden['"] name=['"](.*?)['"].+?value=['"](.*?)['"].*?>`).FindAllStringSubmatch(answer.body, -1) {
				form.Set(m[1], m[2])
			}
			form.Set("wctx", strings.ReplaceAll(form.Get("wctx"), "&#34;", `"`))
			return g.get(g.root() + g.post(g.URL+"login/callback", form).location).location
		},
		// A bank's client finds the form by its name, and posts it to the form's action.
		"goes where the form says": func(g stranger) string {
			state := g.found(`state=([^&]+)&`, g.opens("lock").location)
			answer := g.postJSON(g.URL+"usernamepassword/login", credentials("lock", state, "sso", "true", "protocol", "oauth2"))
			return g.get(g.root() + g.post(g.found(`<form method="post" name="hiddenform" action="([^"]+)"`, answer.body), inputs(answer.body)).location).location
		},
		// An airline's PHP client reads parameters with expressions that need a further parameter after each.
		"reads parts that something follows": func(g stranger) string {
			g = g.follows()
			at := g.opens("lock").url.String()
			body := credentials(g.found(`client=(.+?)&`, at), g.found(`state=(.+?)&`, at), "captcha", "", "popup_options", "")
			g.found(`redirect_uri=(.+?)&`, at)
			return g.post(g.URL+"login/callback", inputs(g.postJSON(g.URL+"usernamepassword/login", body).body)).location
		},
		// A load test's Java client and a game's Go client ask first whether a captcha is needed, and send members that
		// are no texts, as Lock does. The Go client sends Origin with every request, also with those for pages.
		"sends what Lock sends": func(g stranger) string {
			g.header.Set("Origin", g.root())
			at, err := url.Parse(g.opens("lock", "ui_locales", "ja").location)
			if err != nil {
				g.t.Fatal(err)
			}
			g.get(g.root() + at.String())
			state := at.Query().Get("state")
			if asked := g.postJSON(g.URL+"usernamepassword/challenge", map[string]string{"state": state}); asked.status != http.StatusOK || !strings.Contains(asked.body, `"required":false`) {
				g.t.Fatalf("a captcha: %d %s", asked.status, asked.body)
			}
			body := credentials("lock", state, "_csrf", g.cookie("_csrf", "/usernamepassword/login"), "ui_locales", "ja", "protocol", "oauth2", "code_challenge", at.Query().Get("code_challenge"))
			body["popup_options"], body["sso"], body["force_mfa"] = map[string]any{}, true, false
			page := g.postJSON(g.URL+"usernamepassword/login", body)
			return g.get(g.root() + g.post(g.URL+"login/callback", inputs(page.body)).location).location
		},
		// The form of the built-in page itself, with its inputs filled in.
		"fills the built-in page in": func(g stranger) string {
			g = g.follows()
			page := g.opens("lock")
			form := inputs(page.body)
			for _, name := range []string{"email", "username"} {
				if form.Has(name) {
					form.Set(name, ada)
				}
			}
			form.Set("password", adaPassword)
			answer := g.post(g.URL+"usernamepassword/login", form)
			return g.post(g.URL+"login/callback", inputs(answer.body)).location
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newStranger(t, s)
			g.hasCode(client(g))
		})
	}
}

// TestStrangersChangeAPasswordAtTheClassicPage: a test suite reads the mail, follows its link, posts the two
// inputs for the new password, which have the same name, and reads the messages of the page's widget.
func TestStrangersChangeAPasswordAtTheClassicPage(t *testing.T) {
	g := newStranger(t, servertest.Start(t, servertest.Seed(classicFile))).follows()
	page := g.opens("lock")
	ask := g.get(g.root() + strings.TrimSuffix(g.found(`class="auth0-lock-alternative-link" href="([^"]+)"`, page.body), "#"))
	form := inputs(ask.body)
	form.Set("email", ada)
	sent := g.post(ask.url.String(), form)
	if says := g.found(`<div class="auth0-global-message auth0-global-message-success"[^>]*>(?:<span[^>]*>)+([^<]+)`, sent.body); sent.url.Path != "/login" || says != "We've just sent you an email to reset your password." {
		t.Errorf("at %s: %s", sent.url, says)
	}
	link := strings.TrimSuffix(g.WaitForMessage(ada, "reset_email").Link, "#")
	if !strings.HasPrefix(link, g.URL+"lo/reset?ticket=") {
		t.Fatalf("the link is %s", link)
	}
	change := g.get(link)
	ticket := inputs(change.body).Get("ticket")
	answer := func(first, second string) reply {
		return g.post(change.url.String(), url.Values{"ticket": {ticket}, "password": {first, second}})
	}
	for _, tt := range []struct{ first, second, says string }{
		{"", "", "Enter a new password."}, {"ExampleCo!2027", "", "Please ensure the password and the confirmation are the same."}, {"a", "a", "Password is too weak."},
	} {
		refused := answer(tt.first, tt.second)
		if says := g.found(`auth0-global-message-error"[^>]*>(?:<span[^>]*>)+([^<]+)`, refused.body); refused.status != http.StatusBadRequest || says != tt.says {
			t.Errorf("%q and %q: %d %s", tt.first, tt.second, refused.status, says)
		}
	}
	changed := answer("ExampleCo!2027", "ExampleCo!2027")
	if says := g.found(`<div class="auth0-lock-confirmation-content">.*<p>([^<]+)`, changed.body); says != "Your password has been reset successfully." {
		t.Errorf("%d %s", changed.status, changed.body)
	}
	if again := answer("ExampleCo!2028", "ExampleCo!2028"); again.status != http.StatusBadRequest {
		t.Errorf("a second time: %d", again.status)
	}
	if again := g.get(link); again.status != http.StatusBadRequest || !strings.Contains(again.body, "auth0-lock-confirmation-content") {
		t.Errorf("the link again: %d %s", again.status, again.body)
	}
	form = inputs(g.opens("lock").body)
	form.Set("email", ada)
	form.Set("password", "ExampleCo!2027")
	g.hasCode(g.post(g.URL+"login/callback", inputs(g.post(g.URL+"usernamepassword/login", form).body)).location)
}
