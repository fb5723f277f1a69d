package authorize_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

func read(t *testing.T, resp *http.Response) (status int, location, body string) {
	t.Helper()
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), servertest.Text(string(raw))
}

func TestErrorsThatGoToTheApplication(t *testing.T) {
	tn := start(t)
	const grantNotAllowed = "unauthorized_client: Grant type '%s' not allowed for the client."
	for _, tt := range []struct {
		name   string
		params []string
		want   string // error: description
	}{
		{"no response_type", []string{"response_type", ""}, "invalid_request: Missing required parameter: response_type"},
		{"a response_type that is none", []string{"response_type", "cod"}, "unsupported_response_type: Unsupported response type: cod"},
		{"the same response_type twice", []string{"response_type", "code" + " code"}, "unsupported_response_type: Unsupported response type: code" + " code"},
		{"implicit", []string{"response_type", "token"}, strings.ReplaceAll(grantNotAllowed, "%s", "implicit")},
		{"hybrid, in another order", []string{"response_type", "token code id_token"}, strings.ReplaceAll(grantNotAllowed, "%s", "implicit")},
		{"no authorization_code grant", []string{"client_id", "nogrant"}, strings.ReplaceAll(grantNotAllowed, "%s", "authorization_code")},
		{"a type of an application without that grant", []string{"client_id", "nogrant", "response_type", "code token"}, strings.ReplaceAll(grantNotAllowed, "%s", "authorization_code")},
		{"hybrid without nonce", []string{"client_id", "hybrid", "response_type", "code id_token"}, "invalid_request: Missing required parameter: nonce"},
		{"a response_mode that is none", []string{"response_mode", "smoke"}, "invalid_request: Invalid parameter response_mode: smoke is not supported"},
		{"an audience that is none", []string{"audience", "urn:none"}, "access_denied: Service not found: urn:none"},
		{"a connection that is none", []string{"connection", "none"}, "invalid_request: the connection was not found"},
		{"a connection that nobody may log in with", []string{"connection", "closed"}, "invalid_request: the connection was disabled"},
		{"a connection that is not the application's", []string{"connection", "unused"}, "invalid_request: the connection was disabled"},
		{"no connection at all", []string{"client_id", "noconnection"}, "invalid_request: no connections enabled for the client"},
		{"an organization that is not allowed", []string{"organization", "org_1"}, "invalid_request: parameter organization is not allowed for this client"},
		{"no organization where one is required", []string{"client_id", "org"}, "invalid_request: parameter organization is required for this client"},
		{"an organization that is not there", []string{"client_id", "org", "organization", "org_1"}, "invalid_request: parameter organization is invalid: org_1"},
		{"an organization by its name, which the tenant does not allow", []string{"client_id", "org", "organization", "acme"}, "invalid_request: authorization request parameter organization must be an organization id"},
		{"an invitation without its organization", []string{"invitation", "t"}, "invalid_request: Missing required parameter: organization"},
		{"a request object", []string{"request", "a.b.c"}, "request_not_supported: The parameter request (JAR) is not emulated by tenant0"},
		{"a request_uri", []string{"request_uri", "https://evil.example/"}, "request_uri_not_supported: A request_uri must be one of /oauth/par"},
		{"no pushed request where one is required", []string{"client_id", "par"}, "invalid_request: Pushed Authorization Request is required"},
		{"no challenge of a public client", []string{"code_challenge", "", "code_challenge_method", ""}, "invalid_request: Missing required parameter: code_challenge"},
		{"a method without challenge", []string{"code_challenge", ""}, "invalid_request: Missing required parameter: code_challenge"},
		{"a method that is none", []string{"code_challenge_method", "S512"}, "invalid_request: Invalid parameter code_challenge_method: must be S256 or plain"},
		{"a short challenge", []string{"code_challenge", "short"}, "invalid_request: Invalid parameter code_challenge: must be 43 to 128 unreserved characters"},
		{"a challenge of other characters", []string{"code_challenge", strings.Repeat("+", 43)}, "invalid_request: Invalid parameter code_challenge: must be 43 to 128 unreserved characters"},
		{"a prompt that is none", []string{"prompt", "sometimes"}, "invalid_request: Invalid parameter prompt: sometimes is not supported"},
		{"prompt none and another", []string{"prompt", "none login"}, "invalid_request: Invalid parameter prompt: none must stand alone"},
		{"max_age that is no number", []string{"max_age", "soon"}, "invalid_request: Invalid parameter max_age: must be a number of seconds"},
		{"max_age below zero", []string{"max_age", "-1"}, "invalid_request: Invalid parameter max_age: must be a number of seconds"},
		{"both offline and online access", []string{"scope", "offline_access online_access"}, "invalid_request: Cannot request both online_access and offline_access scopes"},
		{"silent without session", []string{"prompt", "none"}, "login_required: Login required"},
		{"silent with a session that never was", []string{"prompt", "none", "max_age", "99999999999"}, "login_required: Login required"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, location, _ := tn.fetch(tn.target(tt.params...))
			diff(t, "status", status, http.StatusFound)
			rest, ours := strings.CutPrefix(location, callbackURL)
			if !ours {
				t.Fatalf("the browser is sent to %q", location)
			}
			if strings.Contains(location, "+") {
				t.Errorf("blanks are not %%20: %s", location)
			}
			separator := "?"
			for i := 0; i < len(tt.params); i += 2 {
				if tt.params[i] == "response_type" && strings.Contains(tt.params[i+1], "token") {
					separator = "#" // Multiple Response Type Encoding Practices, section 5
				}
			}
			query, err := url.ParseQuery(strings.TrimPrefix(rest, separator))
			if err != nil || !strings.HasPrefix(rest, separator) {
				t.Fatalf("%q: %v", rest, err)
			}
			code, description, _ := strings.Cut(tt.want, ": ")
			diff(t, "parameters", query, url.Values{"error": {code}, "error_description": {description}, "state": {"s&1 ü"}})
		})
	}
}

// TestPoliciesOfAPIs: these errors come only after the user has logged in.
func TestPoliciesOfAPIs(t *testing.T) {
	tn := start(t)
	tn.logIn(ann)
	diff(t, "an API that no application may call", tn.outcome("audience", "urn:denied", "scope", "read:it"), `access_denied: Client is not authorized to access resource server "urn:denied".`)
	diff(t, "an API that needs a client grant", tn.outcome("audience", "urn:granted", "scope", "read:it"),
		`access_denied: Client "app" is not authorized to access resource server "urn:granted". You need to create a "client-grant" associated to this API.`)
}

func TestResponseModes(t *testing.T) {
	tn := start(t)
	tn.logIn(ann)
	for _, tt := range []struct{ name, mode, redirectURI, want string }{
		{"query", "query", callbackURL, callbackURL + "?code="},
		{"none", "", callbackURL, callbackURL + "?code="},
		{"fragment", "fragment", callbackURL, callbackURL + "#code="},
		{"a callback with a query of its own", "", "https://app.example.com/with?query=1", "https://app.example.com/with?query=1&code="},
		{"a scheme of the application's own", "", "com.example.app://callback/path", "com.example.app://callback/path?code="},
	} {
		status, location, _ := tn.fetch(tn.target("response_mode", tt.mode, "redirect_uri", tt.redirectURI))
		if status != http.StatusFound || !strings.HasPrefix(location, tt.want) || !strings.HasSuffix(location, "&state=s%261%20%C3%BC") {
			t.Errorf("%s: %d %s", tt.name, status, location)
		}
	}
	_, location, _ := tn.fetch(tn.target("state", ""))
	if strings.Contains(location, "state") {
		t.Errorf("a state that was not sent comes back: %s", location)
	}
	_, location, _ = tn.fetch(tn.target("response_mode", "form_post", "redirect_uri", "com.example.app://callback/path"))
	if !strings.HasPrefix(location, "com.example.app://callback/path?error=invalid_request") {
		t.Errorf("form_post to another scheme than http: %s", location)
	}
}

func TestFormPost(t *testing.T) {
	tn := start(t)
	form := func(pairs ...string) url.Values {
		t.Helper()
		left, page := tn.Visit(tn.browser, tn.target(append(pairs, "response_mode", "form_post")...))
		if left != nil || page.Status != http.StatusOK || !strings.Contains(page.Body, `<form method="post" action="`+callbackURL+`"`) {
			t.Fatalf("the answer goes to %v, page %s", left, page.Body)
		}
		return page.Form()
	}
	diff(t, "an error", form("prompt", "none"), url.Values{"error": {"login_required"}, "error_description": {"Login required"}, "state": {"s&1 ü"}})
	tn.logIn(ann)
	got := form()
	if len(got.Get("code")) != 43 {
		t.Errorf("the code is %q", got.Get("code"))
	}
	got.Del("code")
	diff(t, "besides the code", got, url.Values{"state": {"s&1 ü"}})
}

func TestErrorsThatAPageShows(t *testing.T) {
	tn := start(t)
	for _, tt := range []struct {
		name   string
		params []string
		status int
		want   string
	}{
		{"no client_id", []string{"client_id", ""}, 400, "invalid_request: Missing required parameter: client_id"},
		{"a client that is none", []string{"client_id", "<b>nobody</b>"}, 400, "invalid_request: Unknown client: <b>nobody</b>"},
		{"no redirect_uri of several", []string{"redirect_uri", ""}, 400, "invalid_request: Missing required parameter: redirect_uri"},
		{
			"a callback that is not registered",
			[]string{"redirect_uri", "https://evil.example/"},
			403,
			"unauthorized_client: Callback URL mismatch. https://evil.example/ is not in the list of allowed callback URLs",
		},
		{"and with an error that would be redirected", []string{"redirect_uri", "https://evil.example/", "response_type", ""}, 403, "unauthorized_client: Callback URL mismatch."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, location, body := tn.fetch(tn.target(tt.params...))
			diff(t, "status", status, tt.status)
			diff(t, "location", location, "")
			if !strings.Contains(body, tt.want) || !strings.Contains(body, "Oops!, something went wrong") {
				t.Errorf("the page lacks %q:\n%s", tt.want, body)
			}
		})
	}
	resp, err := tn.browser.Get(tn.target("client_id", "<b>nobody</b>"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	if strings.Contains(string(raw), "<b>nobody") {
		t.Error("the page takes the client_id for markup")
	}
	if id := resp.Header.Get("X-Auth0-Requestid"); !strings.Contains(string(raw), id) {
		t.Errorf("the page does not show the tracking id %s", id)
	}
}

// TestTheOnlyCallback is used if the request has no redirect_uri.
func TestTheOnlyCallback(t *testing.T) {
	tn := start(t)
	r := tn.Login(tn.browser, servertest.Login{
		ClientID: "web", Username: ann, Password: annPassword, Params: url.Values{"audience": {""}, "scope": {"openid"}, "redirect_uri": {""}},
	})
	form := r.Form()
	form.Del("redirect_uri")
	form.Set("client_secret", "a secret of sixteen")
	if status, body := tn.Token(tn.browser, form); status != 200 {
		t.Errorf("%d %v", status, body)
	}
}

// TestCallbacksOnTheWire sends redirect_uris that a browser, a parser or a careless comparison
// could take for registered ones.
func TestCallbacksOnTheWire(t *testing.T) {
	tn := start(t)
	for _, uri := range []string{
		"https://app.example.com/callback", "HTTPS://APP.EXAMPLE.COM/callback", "https://app.example.com/with?query=1",
		"com.example.app://callback/path", "https://any-1.apps.example.com/cb", "https://pr-123.example.org", "https://pr-123.example.org/",
		"http://localhost:3000", "http://localhost:3000/",
	} {
		status, location, body := tn.fetch(tn.target("redirect_uri", uri))
		if status != http.StatusFound || !strings.HasPrefix(location, "/u/login?state=") {
			t.Errorf("%q: %d %s %s", uri, status, location, body)
		}
	}
	for _, uri := range []string{
		"https://app.example.com/callback/", "https://app.example.com/callback?x=1", "https://app.example.com/callback?", "https://app.example.com/Callback",
		"https://app.example.com/callback#fragment", "https://app.example.com/callback#", "https://app.example.com", "http://app.example.com/callback",
		"https://app.example.com:443/callback", "https://app.example.com:8443/callback", "https://app.example.com./callback",
		"https://app.example.com.evil.example/callback", "https://evil.example/app.example.com/callback", "https://evilapp.example.com/callback",
		"https://user@app.example.com/callback", "https://user:password@app.example.com/callback", "https://app.example.com@evil.example/callback",
		"https://app.example.com\\@evil.example/callback", "https://evil.example\\@app.example.com/callback", "https:\\\\app.example.com\\callback",
		"https://app.example.com/../callback", "https://app.example.com/./callback", "https://app.example.com/x/../callback",
		"https://app.example.com/%2e%2e/callback", "https://app.example.com/callback%2f..", "https://app.example.com/%63allback", "https://app.example.com/callback%00",
		"https://app.example.com/callback%0d%0aSet-Cookie:x=1", "https://app.example.com/callback\r\nSet-Cookie: x=1", "https://app.example.com/callback\t", " https://app.example.com/callback",
		"//app.example.com/callback", "/callback", "callback", "https:app.example.com/callback", "https:/app.example.com/callback", "https:///app.example.com/callback",
		"javascript:alert(1)//https://app.example.com/callback", "data:text/html,https://app.example.com/callback", "JaVaScRiPt://app.example.com/callback",
		"https://app。example。com/callback", "https://аpp.example.com/callback", "https://app.example.com/callback\u2028", "https://app.example.com/callback\u202e",
		"https://apps.example.com/cb", "https://.apps.example.com/cb", "https://a.b.apps.example.com/cb", "https://*.apps.example.com/cb", "https://evil.example/.apps.example.com/cb",
		"https://evil.example#.apps.example.com/cb", "https://evil.example%23.apps.example.com/cb", "https://a%2eb.apps.example.com/cb", "https://a_b.apps.example.com/cb",
		"https://pr-.example.org", "https://pr-1.example.org/x", "https://pr-1.evil.example.org", "https://pr-1example.org", "http://pr-1.example.org",
		"com.example.app://callback/path/", "com.example.app:/callback/path", "com.example.app://callback/path?x", "com.example.app://other/path", "COM.example.app2://callback/path",
		"http://localhost:3001", "http://localhost", "http://127.0.0.1:3000", "http://localhost:3000/callback", "http://localhost:3000@evil.example",
	} {
		status, location, body := tn.fetch(tn.target("redirect_uri", uri))
		if status/100 != 4 || location != "" {
			t.Errorf("%q: %d %q", uri, status, location)
		}
		if status == 403 && !strings.Contains(body, "Callback URL mismatch") {
			t.Errorf("%q: the page is %s", uri, body)
		}
	}
}

// TestPost sends the parameters in a form, which another site may do too.
func TestPost(t *testing.T) {
	tn := start(t)
	_, query, _ := strings.Cut(tn.target(), "?")
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tn.URL+"authorize", strings.NewReader(query))
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
	status, location, _ := read(t, resp)
	if status != http.StatusFound || !strings.HasPrefix(location, "/u/login?state=") {
		t.Errorf("%d %s", status, location)
	}
}
