package crossorigin_test

import (
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
tenant: {default_directory: Username-Password-Authentication}
clients:
  - {name: app, client_id: app, app_type: spa, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"],
     grant_types: [authorization_code, "http://auth0.com/oauth/grant-type/passwordless/otp"], cross_origin_authentication: true}
  - {name: other, client_id: other, app_type: spa, token_endpoint_auth_method: none, callbacks: ["https://other.example.com/callback"], grant_types: [authorization_code], cross_origin_authentication: true}
  - {name: strict, client_id: strict, app_type: spa, is_first_party: false, third_party_security_mode: strict, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code], cross_origin_authentication: true}
  - {name: closed, client_id: closed, app_type: spa, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: Username-Password-Authentication}
  - {user_id: "auth0|bob", email: bob@example.com, password: a password of bob, blocked: true, connection: Username-Password-Authentication}
databases:
  - {name: Username-Password-Authentication, strategy: auth0, enabled_clients: [app, other, closed, strict], options: {disable_signup: true}}
connections:
  - {name: email, strategy: email, enabled_clients: [app]}
  - {name: unused, strategy: email, enabled_clients: []}
`

const (
	page  = "https://app.example.com"
	realm = "http://auth0.com/oauth/grant-type/password-realm"
	otp   = "http://auth0.com/oauth/grant-type/passwordless/otp"
)

type object = map[string]any

type tenant struct {
	*servertest.Server
	browser *http.Client
	t       *testing.T
}

func start(t *testing.T) tenant {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(file), servertest.HTTP())
	return tenant{s, s.Client(), t}
}

// send posts JSON as a page of the given origin does.
func (tn tenant) send(origin, path string, body object) (int, http.Header, string) {
	tn.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		tn.t.Fatal(err)
	}
	rq, err := http.NewRequestWithContext(tn.t.Context(), http.MethodPost, tn.URL+path, strings.NewReader(string(raw)))
	if err != nil {
		tn.t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/json")
	rq.Header.Set("Origin", origin)
	resp, err := tn.browser.Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		tn.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(got)
}

func with(more object) object {
	body := object{
		"client_id": "app", "credential_type": realm, "realm": "Username-Password-Authentication", "username": "ann@example.com", "password": "a password of ann",
	}
	for name, value := range more {
		if body[name] = value; value == nil {
			delete(body, name)
		}
	}
	return body
}

func (tn tenant) ticket(body object) string {
	tn.t.Helper()
	status, header, answer := tn.send(page, "co/authenticate", body)
	var got map[string]string
	if err := json.Unmarshal([]byte(answer), &got); err != nil || status != 200 || got["login_ticket"] == "" || got["co_verifier"] == "" || got["co_id"] == "" {
		tn.t.Fatalf("%d %s", status, answer)
	}
	if header.Get("Access-Control-Allow-Origin") != page || header.Get("Access-Control-Allow-Credentials") != "true" {
		tn.t.Errorf("the page may not read it: %v", header)
	}
	return got["login_ticket"]
}

// authorize uses a login ticket and returns where the browser ends.
func (tn tenant) authorize(client *http.Client, clientID, ticket string) (*url.URL, servertest.Page) {
	tn.t.Helper()
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: clientID, RedirectURI: "https://" + clientID + ".example.com/callback", Params: url.Values{
		"audience": {""}, "scope": {"openid"}, "login_ticket": {ticket}, "realm": {"Username-Password-Authentication"},
	}})
	return tn.Visit(client, target)
}

func TestAPageLogsIn(t *testing.T) {
	tn := start(t)
	ticket := tn.ticket(with(nil))
	left, shown := tn.authorize(tn.browser, "app", ticket)
	if left == nil || left.Query().Get("code") == "" {
		t.Fatalf("the ticket leads to %v: %s", left, shown.Body)
	}
	if _, shown := tn.authorize(tn.browser, "app", ticket); shown.Status != 403 || !strings.Contains(shown.Body, "Unknown or invalid login ticket.") {
		t.Errorf("a ticket a second time: %d", shown.Status)
	}
	if left, shown := tn.authorize(tn.Client(), "app", tn.ticket(with(object{"credential_type": "password", "realm": nil}))); left == nil {
		t.Errorf("without a realm: %d %s", shown.Status, shown.Body)
	}
}

func TestWhoseTicket(t *testing.T) {
	tn := start(t)
	refused := func(when string, client *http.Client, clientID, ticket string) {
		t.Helper()
		if left, shown := tn.authorize(client, clientID, ticket); left != nil || shown.Status != 403 {
			t.Errorf("%s: %v %d", when, left, shown.Status)
		}
	}
	ticket := tn.ticket(with(nil))
	refused("another application", tn.browser, "other", ticket)
	elsewhere := tn.Client()
	elsewhere.Transport = agent{elsewhere.Transport}
	refused("another browser", elsewhere, "app", ticket)
	picture := tn.Client()
	picture.Transport = asImage{picture.Transport}
	if left, shown := tn.authorize(picture, "app", ticket); left != nil || shown.Status != 400 {
		t.Errorf("a page that loads the address as a picture: %v %d", left, shown.Status)
	}
	if left, shown := tn.authorize(tn.Client(), "app", ticket); left == nil { // so the picture has begun no session
		t.Errorf("after a picture: %d %s", shown.Status, shown.Body)
	}
	ticket = tn.ticket(with(nil))
	refused("none of ours", tn.browser, "app", "x")
	tn.Advance(time.Minute)
	refused("too late", tn.browser, "app", ticket)
}

// agent sends another User-Agent.
// asImage sends requests as a browser does for a picture of another site's page.
type asImage struct{ http.RoundTripper }

func (a asImage) RoundTrip(rq *http.Request) (*http.Response, error) {
	rq = rq.Clone(rq.Context())
	rq.Header.Set("Sec-Fetch-Dest", "image")
	return a.RoundTripper.RoundTrip(rq)
}

type agent struct{ http.RoundTripper }

func (a agent) RoundTrip(rq *http.Request) (*http.Response, error) {
	rq = rq.Clone(rq.Context())
	rq.Header.Set("User-Agent", "another")
	return a.RoundTripper.RoundTrip(rq)
}

// elsewhere is a database that no application has enabled, with an account of ann's.
func (tn tenant) elsewhere() {
	tn.t.Helper()
	create := func(path string, body object) {
		if status, answer := tn.Manage(tn.browser, http.MethodPost, path, body); status != http.StatusCreated {
			tn.t.Fatalf("%s: %d %v", path, status, answer)
		}
	}
	create("connections", object{"name": "elsewhere", "strategy": "auth0", "options": object{"passwordPolicy": "none"}})
	create("users", object{"connection": "elsewhere", "email": "ann@example.com", "password": "a password of ann"})
}

func TestRefusals(t *testing.T) {
	tn := start(t)
	tn.elsewhere()
	const body = "Invalid request body. All and only of client_id, credential_type, username, otp, realm are required."
	for _, tt := range []struct {
		name         string
		body         object
		status       int
		code, answer string
	}{
		{"no password", with(object{"password": nil}), 400, "invalid_request", body},
		{"no code", with(object{"credential_type": otp}), 400, "invalid_request", body},
		{"a type that is none", with(object{"credential_type": "x"}), 400, "unsupported_credential_type", "Unknown credential type parameter."},
		{"a realm that is none", with(object{"realm": "x"}), 400, "invalid_request", "Unknown realm x."},
		{"a realm without passwords", with(object{"realm": "email"}), 400, "invalid_request", "Unknown realm email."},
		{"a database of other applications", with(object{"realm": "elsewhere"}), 400, "invalid_request", "Unknown realm elsewhere."},
		{"an application that is none", with(object{"client_id": "x"}), 401, "unauthorized_client", "Cross origin login not allowed."},
		{"an application that does not do so", with(object{"client_id": "closed"}), 401, "unauthorized_client", "Cross origin login not allowed."},
		{"a third party's, which is strict", with(object{"client_id": "strict"}), 401, "unauthorized_client", "Cross origin login not allowed."},
		{"a wrong password", with(object{"password": "x"}), 403, "access_denied", "Wrong email or password."},
		{"nobody", with(object{"username": "x"}), 403, "access_denied", "Wrong email or password."},
		{"a blocked user", with(object{"username": "bob@example.com", "password": "a password of bob"}), 403, "blocked_user", "Blocked user"},
		{"a wrong code", with(object{"credential_type": otp, "realm": "email", "otp": "1"}), 403, "access_denied", "Wrong email or verification code."},
	} {
		status, _, answer := tn.send(page, "co/authenticate", tt.body)
		var got object
		_ = json.Unmarshal([]byte(answer), &got)
		if diff := cmp.Diff(object{"error": tt.code, "error_description": tt.answer}, got); diff != "" || status != tt.status {
			t.Errorf("%s: %d %s", tt.name, status, diff)
		}
	}
	for _, origin := range []string{"https://other.example.com", "https://evil.example"} {
		if status, _, answer := tn.send(origin, "co/authenticate", with(nil)); status != 403 || answer != "Origin "+origin+" is not allowed." {
			t.Errorf("from %s: %d %s", origin, status, answer)
		}
	}
	for range 9 {
		tn.send(page, "co/authenticate", with(object{"password": "x"}))
	}
	if status, _, answer := tn.send(page, "co/authenticate", with(nil)); status != 429 || !strings.Contains(answer, "too_many_attempts") {
		t.Errorf("after ten wrong ones: %d %s", status, answer)
	}
}

func TestACode(t *testing.T) {
	tn := start(t)
	if status, _, answer := tn.send(page, "passwordless/start", object{"client_id": "app", "connection": "email", "email": "eve@example.com", "send": "code"}); status != 200 {
		t.Fatalf("%d %s", status, answer)
	}
	code := tn.WaitForMessage("eve@example.com", "passwordless_email").Code
	body := object{"client_id": "app", "credential_type": otp, "realm": "email", "username": "eve@example.com", "otp": code}
	if left, shown := tn.authorize(tn.browser, "app", tn.ticket(body)); left == nil || left.Query().Get("code") == "" {
		t.Errorf("%v %d %s", left, shown.Status, shown.Body)
	}
	refused := func(what, sentence string) {
		t.Helper()
		if status, _, answer := tn.send(page, "co/authenticate", body); status != 403 || !strings.Contains(answer, `"access_denied"`) || !strings.Contains(answer, sentence) {
			t.Errorf("%s: %d %s", what, status, answer)
		}
	}
	refused("a code a second time", "Wrong email or verification code.")

	again := func() string {
		t.Helper()
		tn.ClearInbox()
		if status, _, answer := tn.send(page, "passwordless/start", object{"client_id": "app", "connection": "email", "email": "eve@example.com", "send": "code"}); status != 200 {
			t.Fatalf("%d %s", status, answer)
		}
		return tn.WaitForMessage("eve@example.com", "passwordless_email").Code
	}
	right := again()
	for range 3 {
		body["otp"] = "x"
		refused("a wrong code", "Wrong email or verification code.")
	}
	body["otp"] = right
	refused("a code that was guessed", "You've reached the maximum number of attempts.")
	body["otp"] = again()
	tn.Advance(3 * time.Minute)
	refused("a late code", "The verification code has expired.")
}

func TestWhatLockLearns(t *testing.T) {
	tn := start(t)
	resp, err := tn.browser.Get(tn.URL + "client/app.js?t123")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	script := string(raw)
	inner := strings.TrimSuffix(strings.TrimPrefix(script, "Auth0.setClient("), ");")
	var got object
	if err := json.Unmarshal([]byte(inner), &got); err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "application/javascript; charset=utf-8" {
		t.Fatalf("%d %v %s", resp.StatusCode, resp.Header, script)
	}
	want := []any{
		object{"name": "auth0", "connections": []any{object{
			"name": "Username-Password-Authentication", "showSignup": false, "showForgot": true, "requires_username": false, "passwordPolicy": "good",
		}}},
		object{"name": "email", "connections": []any{object{"name": "email"}}},
	}
	if diff := cmp.Diff(any(want), got["strategies"], cmp.Transformer("byName", func(list []any) map[string]any {
		named := object{}
		for _, item := range list {
			named[item.(object)["name"].(string)] = item
		}
		return named
	})); diff != "" {
		t.Errorf("strategies (-want +got):\n%s", diff)
	}
	if got["id"] != "app" || got["callbackURL"] != "https://app.example.com/callback" {
		t.Errorf("the script is %s", script)
	}
	if resp, err := tn.browser.Get(tn.URL + "client/nobody.js"); err != nil || resp.StatusCode != 404 {
		t.Errorf("an application that is none: %v %v", resp, err)
	} else {
		resp.Body.Close()
	}
	for _, path := range []string{"usernamepassword/challenge", "dbconnections/signup/challenge", "dbconnections/change_password/challenge", "passwordless/challenge"} {
		if status, _, answer := tn.send(page, path, object{"state": "s"}); status != 200 || answer != `{"required":false}` {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
}
