package logout_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

const file = `
tenant: {friendly_name: Example, allowed_logout_urls: ["https://tenant.example.com/out", "https://*.tenant.example.com/out"]}
clients:
  - {name: app, client_id: app, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code, refresh_token], callbacks: ["https://app.example.com/callback"],
     allowed_logout_urls: ["https://app.example.com/out", "https://app.example.com/with?query=1", "com.example.app://out"]}
  - {name: other, client_id: other, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code], callbacks: ["https://other.example.com/callback"]}
resourceServers:
  - {name: open, identifier: "urn:open", skip_consent_for_verifiable_first_party_clients: true, allow_offline_access: true, scopes: [{value: "read:it"}]}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann}
  - {user_id: "auth0|bob", email: bob@example.com, password: a password of bob}
`

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

type tenant struct {
	*servertest.Server
	browser *http.Client
	t       *testing.T
}

func start(t *testing.T) tenant {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(file))
	return tenant{s, s.Client(), t}
}

// logIn logs a user in to the application app and returns the tokens.
func (tn tenant) logIn(user string) map[string]any {
	tn.t.Helper()
	return tn.Exchange(tn.browser, tn.Login(tn.browser, servertest.Login{
		ClientID: "app", RedirectURI: "https://app.example.com/callback", Username: user + "@example.com", Password: "a password of " + user,
		Params: url.Values{"audience": {"urn:open"}, "scope": {"openid offline_access"}, "prompt": {"login"}},
	}))
}

// loggedIn reports whether the browser has a session.
func (tn tenant) loggedIn() bool {
	tn.t.Helper()
	target, _ := tn.AuthorizeURL(servertest.Login{
		ClientID: "other", RedirectURI: "https://other.example.com/callback", Params: url.Values{"audience": {""}, "scope": {"openid"}, "prompt": {"none"}},
	})
	left, _ := tn.Visit(tn.browser, target)
	return left.Query().Get("code") != ""
}

// fetch requests a path below the issuer and does not follow redirects.
func (tn tenant) fetch(path string, params url.Values) (resp *http.Response, body string) {
	tn.t.Helper()
	resp, err := tn.browser.Get(tn.URL + path + "?" + params.Encode())
	if err != nil {
		tn.t.Fatal(err)
	}
	return resp, read(tn.t, resp)
}

func read(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return servertest.Text(string(body))
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestV2Logout(t *testing.T) {
	tn := start(t)
	mismatch := func(uri string) string {
		return `invalid_request: The "returnTo" querystring parameter "` + uri + `" is not defined as a valid URL in "Allowed Logout URLs".`
	}
	for _, tt := range []struct {
		name     string
		params   url.Values
		status   int
		location string
		body     string
	}{
		{"to nowhere", values(), 200, "", "You have logged out"},
		{"to the application's URL", values("client_id", "app", "returnTo", "https://app.example.com/out"), 302, "https://app.example.com/out", ""},
		{"query and hash are not compared", values("client_id", "app", "returnTo", "https://app.example.com/out?a=b#c"), 302, "https://app.example.com/out?a=b#c", ""},
		{"nor those that are registered", values("client_id", "app", "returnTo", "https://app.example.com/with"), 302, "https://app.example.com/with", ""},
		{"to a scheme of the application's own", values("client_id", "app", "returnTo", "com.example.app://out"), 302, "com.example.app://out", ""},
		{"to the application's first URL", values("client_id", "app"), 302, "https://app.example.com/out", ""},
		{"to the tenant's URL", values("returnTo", "https://tenant.example.com/out"), 302, "https://tenant.example.com/out", ""},
		{"to one that a wildcard allows", values("returnTo", "https://a.tenant.example.com/out"), 302, "https://a.tenant.example.com/out", ""},
		{"federated does not matter", values("federated", "", "returnTo", "https://tenant.example.com/out"), 302, "https://tenant.example.com/out", ""},
		{"the application's URL, without the application", values("returnTo", "https://app.example.com/out"), 400, "", mismatch("https://app.example.com/out")},
		{"the tenant's URL, with an application", values("client_id", "app", "returnTo", "https://tenant.example.com/out"), 400, "", mismatch("https://tenant.example.com/out")},
		{"another path", values("client_id", "app", "returnTo", "https://app.example.com/Out"), 400, "", mismatch("https://app.example.com/Out")},
		{"another host", values("client_id", "app", "returnTo", "https://app.example.com.evil.example/out"), 400, "", mismatch("https://app.example.com.evil.example/out")},
		{"a user name", values("client_id", "app", "returnTo", "https://app.example.com@evil.example/out"), 400, "", mismatch("https://app.example.com@evil.example/out")},
		{"a backslash", values("client_id", "app", "returnTo", `https://evil.example\@app.example.com/out`), 400, "", "invalid_request: The \"returnTo\" querystring parameter"},
		{"a script", values("client_id", "app", "returnTo", "javascript:alert(1)"), 400, "", mismatch("javascript:alert(1)")},
		{"a new line", values("client_id", "app", "returnTo", "https://app.example.com/out\r\nX: y"), 400, "", "invalid_request: The \"returnTo\" querystring parameter"},
		{"an application that is none", values("client_id", "nobody", "returnTo", "https://app.example.com/out"), 400, "", "invalid_request: Unknown client: nobody"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tn.t = t
			tn.logIn("ann")
			resp, body := tn.fetch("v2/logout", tt.params)
			diff(t, "status", resp.StatusCode, tt.status)
			diff(t, "location", resp.Header.Get("Location"), tt.location)
			if tt.body != "" && !strings.Contains(body, tt.body) {
				t.Errorf("the page lacks %q:\n%s", tt.body, body)
			}
			diff(t, "still logged in", tn.loggedIn(), tt.status == 400)
			if tt.status != 400 {
				taken := map[string]bool{}
				for _, c := range resp.Cookies() {
					taken[c.Name] = c.Value == "" && c.MaxAge < 0
				}
				diff(t, "cookies taken away", taken, map[string]bool{"auth0": true, "auth0_compat": true})
			}
			resp, _ = tn.fetch("v2/logout", tt.params)
			diff(t, "status without a session", resp.StatusCode, tt.status)
		})
	}
}

func TestLogoutEndsTheSessionAndNotTheTokens(t *testing.T) {
	tn := start(t)
	tokens := tn.logIn("ann")
	u, err := url.Parse(tn.URL)
	if err != nil {
		t.Fatal(err)
	}
	cookies := tn.browser.Jar.Cookies(u)
	tn.fetch("v2/logout", values("client_id", "app"))
	tn.browser.Jar.SetCookies(u, cookies) // somebody kept them
	diff(t, "logged in with cookies that were kept", tn.loggedIn(), false)
	status, _ := tn.Token(tn.browser, values("grant_type", "refresh_token", "client_id", "app", "refresh_token", tokens["refresh_token"].(string)))
	diff(t, "status of a refresh", status, 200)
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tn.URL+"userinfo", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+tokens["access_token"].(string))
	resp, err := tn.browser.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	read(t, resp)
	diff(t, "status of userinfo", resp.StatusCode, 200)
}

// sid returns the session id in an ID token.
func (tn tenant) sid(tokens map[string]any) string {
	tn.t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(tokens["id_token"].(string), ".")[1])
	if err != nil {
		tn.t.Fatal(err)
	}
	var claims struct{ SID string }
	if err := json.Unmarshal(raw, &claims); err != nil {
		tn.t.Fatal(err)
	}
	return claims.SID
}

func TestOIDCLogout(t *testing.T) {
	tn := start(t)
	tn.Freeze(noon)
	const confirm = "/u/logout"
	mismatch := func(uri string) string {
		return `invalid_request: The "post_logout_redirect_uri" querystring parameter "` + uri + `" is not defined as a valid URL in "Allowed Logout URLs".`
	}
	const hints = "invalid_request: The id_token_hint, logout_hint and client_id do not belong together"
	stranger := tn
	stranger.browser = tn.Client()
	another := stranger.logIn("bob")
	for _, tt := range []struct {
		name   string
		params func(tokens map[string]any) url.Values
		status int
		target string // where it goes, or what the page says
	}{
		{"a hint and an address", func(tk map[string]any) url.Values {
			return values("id_token_hint", tk["id_token"].(string), "post_logout_redirect_uri", "https://app.example.com/out")
		}, 302, "https://app.example.com/out"},
		{"with a state", func(tk map[string]any) url.Values {
			return values("id_token_hint", tk["id_token"].(string), "post_logout_redirect_uri", "https://app.example.com/with?query=1", "state", "a b&c")
		}, 302, "https://app.example.com/with?query=1&state=a+b%26c"},
		{"with a hint and the client_id that it names", func(tk map[string]any) url.Values {
			return values("id_token_hint", tk["id_token"].(string), "client_id", "app", "post_logout_redirect_uri", "com.example.app://out")
		}, 302, "com.example.app://out"},
		{"the session id as hint", func(tk map[string]any) url.Values {
			return values("logout_hint", tn.sid(tk), "client_id", "app", "post_logout_redirect_uri", "https://app.example.com/out")
		}, 302, "https://app.example.com/out"},
		{"the session id as hint, to the tenant's address", func(tk map[string]any) url.Values {
			return values("logout_hint", tn.sid(tk), "post_logout_redirect_uri", "https://tenant.example.com/out")
		}, 302, "https://tenant.example.com/out"},
		{"a hint and no address", func(tk map[string]any) url.Values { return values("id_token_hint", tk["id_token"].(string)) }, 200, "You have logged out"},

		{"a hint, the client_id and no address", func(tk map[string]any) url.Values {
			return values("id_token_hint", tk["id_token"].(string), "client_id", "app")
		}, 302, "https://app.example.com/out"},
		{"a hint, the client_id, a state and no address", func(tk map[string]any) url.Values {
			return values("id_token_hint", tk["id_token"].(string), "client_id", "app", "state", "s")
		}, 302, "https://app.example.com/out?state=s"},

		{"no hint", func(map[string]any) url.Values {
			return values("client_id", "app", "post_logout_redirect_uri", "https://app.example.com/out")
		}, 302, confirm},
		{"nothing at all", func(map[string]any) url.Values { return values() }, 302, confirm},
		{"another session's id", func(map[string]any) url.Values { return values("logout_hint", tn.sid(another)) }, 302, confirm},
		{"another session's ID token", func(map[string]any) url.Values { return values("id_token_hint", another["id_token"].(string)) }, 302, confirm},

		{"the query counts", func(tk map[string]any) url.Values {
			return values("id_token_hint", tk["id_token"].(string), "post_logout_redirect_uri", "https://app.example.com/out?a=b")
		}, 400, mismatch("https://app.example.com/out?a=b")},
		{"an address of nobody's", func(tk map[string]any) url.Values {
			return values("id_token_hint", tk["id_token"].(string), "post_logout_redirect_uri", "https://evil.example/")
		}, 400, mismatch("https://evil.example/")},
		{"an address of nobody's and no hint", func(map[string]any) url.Values {
			return values("post_logout_redirect_uri", "https://evil.example/")
		}, 400, mismatch("https://evil.example/")},
		{"another application than the hint's", func(tk map[string]any) url.Values {
			return values("id_token_hint", tk["id_token"].(string), "client_id", "other")
		}, 400, hints},
		{"another session than the hint's", func(tk map[string]any) url.Values {
			return values("id_token_hint", tk["id_token"].(string), "logout_hint", tn.sid(another))
		}, 400, hints},
		{"an access token as hint", func(tk map[string]any) url.Values { return values("id_token_hint", tk["access_token"].(string)) }, 400, "The id_token_hint is not an ID token of this tenant"},
		{"a hint that was changed", func(tk map[string]any) url.Values { return values("id_token_hint", tk["id_token"].(string)+"AA") }, 400, "The id_token_hint is not an ID token of this tenant"},
		{"a hint that is none", func(map[string]any) url.Values { return values("id_token_hint", "a.b.c") }, 400, "The id_token_hint is not an ID token of this tenant"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tn.t = t
			tn.Freeze(noon)
			tokens := tn.logIn("ann")
			tn.Freeze(noon.Add(24 * time.Hour)) // the ID token has expired, and is a hint all the same
			resp, body := tn.fetch("oidc/logout", tt.params(tokens))
			diff(t, "status", resp.StatusCode, tt.status)
			location := resp.Header.Get("Location")
			switch {
			case tt.status != 302:
				if location != "" || !strings.Contains(body, tt.target) {
					t.Errorf("the page lacks %q:\n%s", tt.target, body)
				}
			case tt.target == confirm:
				if !strings.HasPrefix(location, confirm+"?state=") {
					t.Errorf("the browser is sent to %s", location)
				}
			default:
				diff(t, "location", location, tt.target)
			}
			diff(t, "still logged in", tn.loggedIn(), tt.status == 400 || tt.target == confirm)
		})
	}
}

func TestOIDCLogoutByPost(t *testing.T) {
	tn := start(t)
	tokens := tn.logIn("ann")
	form := values("id_token_hint", tokens["id_token"].(string), "post_logout_redirect_uri", "https://app.example.com/out")
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tn.URL+"oidc/logout", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rq.Header.Set("Origin", "https://app.example.com")
	rq.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := tn.browser.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	read(t, resp)
	diff(t, "status", resp.StatusCode, 302)
	diff(t, "location", resp.Header.Get("Location"), "https://app.example.com/out")
	diff(t, "still logged in", tn.loggedIn(), false)
}

// TestWithoutSessionThereIsNoQuestion: the browser is redirected at once.
func TestWithoutSessionThereIsNoQuestion(t *testing.T) {
	tn := start(t)
	resp, _ := tn.fetch("oidc/logout", values("client_id", "app", "post_logout_redirect_uri", "https://app.example.com/out"))
	diff(t, "location", resp.Header.Get("Location"), "https://app.example.com/out")
}

func TestTheQuestionWhetherToLogOut(t *testing.T) {
	tn := start(t)
	ask := func() servertest.Page {
		t.Helper()
		target := tn.URL + "oidc/logout?" + values("client_id", "app", "post_logout_redirect_uri", "https://app.example.com/out", "state", "s").Encode()
		left, page := tn.Visit(tn.browser, target)
		if left != nil || page.Status != 200 || !strings.Contains(page.Body, "Are you sure you want to log out from app?") {
			t.Fatalf("the browser is sent to %v, page %d\n%s", left, page.Status, page.Body)
		}
		return page
	}
	answer := func(page servertest.Page, action string) (*url.URL, servertest.Page) {
		form := page.Form()
		form.Set("action", action)
		return tn.Submit(tn.browser, page, form)
	}
	tn.logIn("ann")
	left, page := answer(ask(), "deny")
	if left != nil || page.Status != 200 || !tn.loggedIn() {
		t.Errorf("no: the browser is sent to %v, page %d, logged in %v", left, page.Status, tn.loggedIn())
	}
	left, _ = answer(ask(), "accept")
	if left == nil || left.String() != "https://app.example.com/out?state=s" || tn.loggedIn() {
		t.Errorf("yes: the browser is sent to %v, logged in %v", left, tn.loggedIn())
	}

	tn.logIn("ann")
	forged := ask()
	form := forged.Form()
	form.Set("action", "accept")
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, forged.URL.String(), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	rq.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"https://evil.example"}}
	resp, err := tn.browser.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden || !tn.loggedIn() {
		t.Errorf("from another site: %d", resp.StatusCode)
	}
	if left, page := tn.Submit(tn.Client(), forged, forged.Form()); left != nil || page.Status != 400 {
		t.Errorf("from another browser: %v %d", left, page.Status)
	}
	tn.Advance(11 * time.Minute)
	if left, page := answer(forged, "accept"); left != nil || page.Status != 400 || !tn.loggedIn() {
		t.Errorf("after its time: %v %d", left, page.Status)
	}
	if _, page := tn.Visit(tn.browser, tn.URL+"u/login?"+ask().URL.RawQuery); page.Status != 400 {
		t.Errorf("as the state of a login: %d", page.Status)
	}
}
