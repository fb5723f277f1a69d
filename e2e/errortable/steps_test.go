package errortable_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// stepsFile is a tenant for errors that take more than one request.
const stepsFile = `
tenant: {default_directory: db, flags: {enable_dynamic_client_registration: true, enable_public_signup_user_exists_error: true}}
clients:
  - {name: app, client_id: app, app_type: regular_web, ` + basic + `, callbacks: ["` + callback + `", "` + callback + `/2"], allowed_logout_urls: ["https://app.example.com/bye"],
     grant_types: [authorization_code, refresh_token, password, "http://auth0.com/oauth/grant-type/passwordless/otp", "` + dev + `", "` + vault + `"],
     oidc_conformant: true, organization_usage: allow}
  - {name: pushing, client_id: pushing, app_type: regular_web, ` + basic + `, callbacks: ["` + callback + `"], grant_types: [authorization_code], require_pushed_authorization_requests: true}
  - {name: machine, client_id: ` + servertest.Management + `, client_secret: ` + servertest.ManagementSecret + `, app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: machine, audience: "${issuer}api/v2/", allow_all_scopes: true}
connections:
  - {name: db, strategy: auth0, enabled_clients: [app, pushing], options: {requires_username: true}}
  - {name: closed, strategy: auth0, enabled_clients: [app], options: {disable_signup: true}}
  - {name: email, strategy: email, enabled_clients: [app], options: {disable_signup: true}}
  - {name: google-oauth2, strategy: google-oauth2, enabled_clients: [app], connected_accounts: {active: true}}
organizations:
  - {name: acme, display_name: Acme, connections: [{name: db}]}
users:
  - {user_id: "auth0|ann", connection: db, username: ann, email: ann@example.com, password: ` + password + `}
  - {user_id: "email|eve", connection: email, email: eve@example.com}
`

const vault = "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token"

// steps is a tenant of such a file.
type steps struct {
	*servertest.Server
	t *testing.T
}

func begin(t *testing.T) steps {
	t.Helper()
	return steps{servertest.Start(t, servertest.Seed(stepsFile)), t}
}

// says sends a form and checks the answer.
func (s steps) says(what, path string, sent asked, status int, code, sentence string) {
	s.t.Helper()
	gotStatus, _, gotCode, gotSentence, raw := call(s.t, s.Server, http.MethodPost, path, "application/x-www-form-urlencoded", sent.Encode())
	if gotStatus != status || gotCode != code || sentence != "" && gotSentence != sentence {
		s.t.Errorf("%s: %d %s, and not %d %s: %s", what, gotStatus, raw, status, code, sentence)
	}
	explains(s.t, s.Server, "", "/"+path).holds(s.t, what, code, sentence)
}

// code logs in and returns the authorization code.
func (s steps) code() string {
	s.t.Helper()
	browser := s.Client()
	all := url.Values{"audience": {""}, "scope": {"openid offline_access"}, "connection": {"db"}}
	target, _ := s.AuthorizeURL(servertest.Login{ClientID: "app", RedirectURI: callback, Params: all})
	u, err := url.Parse(target)
	if err != nil {
		s.t.Fatal(err)
	}
	query := u.Query()
	query.Set("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
	u.RawQuery = query.Encode()
	left, page := s.Visit(browser, u.String())
	for left == nil && strings.HasPrefix(page.URL.Path, "/u/login") {
		fields := page.Form()
		fields.Set("username", "ann@example.com")
		fields.Set("password", password)
		fields.Set("action", "default")
		left, page = s.Submit(browser, page, fields)
	}
	if left == nil {
		s.t.Fatal(page.Body)
	}
	return left.Query().Get("code")
}

const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

func redeem(code string, changes ...string) asked {
	return of("authorization_code", append([]string{"code", code, "redirect_uri", callback, "code_verifier", verifier}, changes...)...)
}

// TestErrorsOfCodes and of the refresh tokens that they lead to.
func TestErrorsOfCodes(t *testing.T) {
	s := begin(t)
	const wrong = "The redirect URI is wrong. You sent " + callback + "/2, and we expected " + callback
	s.says("another callback", "oauth/token", redeem(s.code(), "redirect_uri", callback+"/2"), 403, "unauthorized_client", wrong)
	s.says("another verifier", "oauth/token", redeem(s.code(), "code_verifier", strings.Repeat("w", 43)), 403, "invalid_grant", "Failed to verify code verifier")
	used := s.code()
	status, tokens := s.Token(s.Client(), redeem(used))
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, tokens)
	}
	s.says("a code a second time", "oauth/token", redeem(used), 403, "invalid_grant", "Invalid authorization code")
	late := s.code()
	s.Advance(11 * time.Minute)
	s.says("a code that is over", "oauth/token", redeem(late), 403, "invalid_grant", "Invalid authorization code")

	status, tokens = s.Token(s.Client(), redeem(s.code()))
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, tokens)
	}
	refresh := of("refresh_token", "refresh_token", tokens["refresh_token"].(string))
	exchange := of(vault, "subject_token", tokens["refresh_token"].(string), "subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token",
		"requested_token_type", "http://auth0.com/oauth/token-type/federated-connection-access-token", "connection", "google-oauth2")
	s.says("Token Vault without an account", "oauth/token", exchange, 401, "federated_connection_refresh_token_not_found", "Federated connection Refresh Token not found.")
	s.Manage(s.Client(), http.MethodPatch, "users/auth0%7Cann", map[string]any{"blocked": true})
	s.says("refresh: blocked", "oauth/token", refresh, 403, "invalid_grant", "user is blocked")
	s.Manage(s.Client(), http.MethodPatch, "users/auth0%7Cann", map[string]any{"blocked": false})
	if status, answer := s.Token(s.Client(), refresh); status != http.StatusOK {
		t.Fatalf("once unblocked: %d %v", status, answer)
	}
	status, _, _, _, raw := call(t, s.Server, http.MethodPost, "oauth/revoke", "application/x-www-form-urlencoded", form("client_id", "app", "client_secret", "a secret of the application", "token", tokens["refresh_token"].(string)).Encode())
	if status != http.StatusOK || raw != "" {
		t.Errorf("revoke: %d %s", status, raw)
	}
	s.says("refresh: revoked", "oauth/token", refresh, 403, "invalid_grant", "Unknown or invalid refresh token.")
}

// TestErrorsOfOneTimeCodes of a passwordless login.
func TestErrorsOfOneTimeCodes(t *testing.T) {
	s := begin(t)
	start := form("client_id", "app", "client_secret", "a secret of the application", "connection", "email", "email", "eve@example.com", "send", "code")
	send := func() string {
		s.ClearInbox()
		if status, _, _, _, raw := call(t, s.Server, http.MethodPost, "passwordless/start", "application/x-www-form-urlencoded", start.Encode()); status != http.StatusOK {
			t.Fatalf("%d %s", status, raw)
		}
		return s.WaitForMessage("eve@example.com", "passwordless_email").Code
	}
	login := func(code string) asked { return of(otp, "username", "eve@example.com", "otp", code, "realm", "email") }
	late := send()
	s.Advance(time.Hour)
	s.says("a code that is over", "oauth/token", login(late), 403, "invalid_grant", "The verification code has expired. Please try to login again.")
	right := send()
	other := "000000"
	if right == other {
		other = "111111"
	}
	for range 3 {
		s.says("a wrong code", "oauth/token", login(other), 403, "invalid_grant", "Wrong email or verification code.")
	}
	s.says("the right code after too many", "oauth/token", login(right), 403, "invalid_grant", "You've reached the maximum number of attempts. Please try to login again.")
	start.Set("email", "nobody@example.com")
	s.says("sign-up is off", "passwordless/start", start, 400, "bad.connection", "Public signup is disabled")
}

// TestErrorsOfSignups that depend on the connection.
func TestErrorsOfSignups(t *testing.T) {
	s := begin(t)
	signUp := func(body string) (int, string, string, string) {
		status, _, code, sentence, raw := call(t, s.Server, http.MethodPost, "dbconnections/signup", "application/json", body)
		return status, code, sentence, raw
	}
	for _, tt := range []struct{ what, body, code, sentence string }{
		{"exists, with the flag", `"connection":"db","username":"new","email":"ann@example.com"`, "user_exists", "The user already exists."},
		{"username exists", `"connection":"db","username":"ann","email":"new@example.com"`, "username_exists", "The user already exists (username: ann)."},
		{"sign-up is off", `"connection":"closed","email":"new@example.com"`, "", "Public signup is disabled"},
	} {
		status, code, sentence, raw := signUp(`{"client_id":"app","password":"` + password + `",` + tt.body + `}`)
		if status != 400 || tt.code != "" && code != tt.code || sentence != tt.sentence {
			t.Errorf("%s: %d %s", tt.what, status, raw)
		}
	}
	if status, _, _, raw := signUp(`{"client_id":"app","password":"` + password + `","connection":"db","email":"new@example.com"}`); status != 400 || !strings.Contains(raw, "missing username for db connection with requires_username enabled") {
		t.Errorf("no username: %d %s", status, raw)
	}
}

// TestErrorsOfLogins at /authorize that need a session, an organization or a pushed request.
func TestErrorsOfLogins(t *testing.T) {
	s := begin(t)
	_, found := s.Manage(s.Client(), http.MethodGet, "organizations/name/acme", nil)
	organization := found.(map[string]any)["id"].(string)
	ask := func(browser *http.Client, pairs ...string) (*url.URL, servertest.Page) {
		return s.Visit(browser, s.URL+"authorize?"+form(append([]string{"client_id", "app", "redirect_uri", callback, "response_type", "code", "scope", "openid", "state", "s"}, pairs...)...).Encode())
	}
	told := func(what string, left *url.URL, code, sentence string) {
		t.Helper()
		if left == nil || left.Query().Get("error") != code || left.Query().Get("error_description") != sentence || left.Query().Get("state") != "s" {
			t.Errorf("%s: %v", what, left)
		}
	}
	browser := s.Client()
	_, page := ask(browser, "organization", organization)
	fields := page.Form()
	fields.Set("username", "ann@example.com")
	fields.Set("password", password)
	fields.Set("action", "default")
	left, _ := s.Submit(browser, page, fields)
	told("not a member", left, "access_denied", "user auth0|ann is not part of the "+organization+" organization")
	left, _ = ask(s.Client(), "organization", organization, "invitation", "none")
	told("no invitation", left, "invalid_request", "invitation not found or already used")
	browser = s.Client()
	_, page = ask(browser, "connection", "db")
	fields = page.Form()
	fields.Set("username", "ann@example.com")
	fields.Set("password", password)
	fields.Set("action", "default")
	if left, page = s.Submit(browser, page, fields); left == nil {
		t.Fatal(page.Body)
	}
	s.Advance(time.Minute)
	left, _ = ask(browser, "prompt", "none", "max_age", "1")
	told("too old", left, "login_required", "Login required")
	left, page = ask(s.Client(), "client_id", "pushing")
	if left == nil || left.Query().Get("error") != "invalid_request" {
		t.Errorf("without PAR: %v %d", left, page.Status)
	}
	for what, request := range map[string]string{"unknown": "urn:ietf:params:oauth:request_uri:none", "another server's": "https://app.example.com/request"} {
		left, page = ask(s.Client(), "request_uri", request)
		if left != nil && left.Query().Get("error") == "" || left == nil && page.Status != 400 {
			t.Errorf("a request_uri that is %s: %v %d", what, left, page.Status)
		}
	}
	_, page = s.Visit(s.Client(), s.URL+"oidc/logout?client_id=app&id_token_hint=x")
	if page.Status != 400 || !strings.Contains(servertest.Text(page.Body), "invalid_request: ") {
		t.Errorf("logout with a hint that is no token: %d", page.Status)
	}
}

// TestErrorsOfRegistrations and of revocations by providers without a valid token.
func TestErrorsOfRegistrations(t *testing.T) {
	s := begin(t)
	for _, tt := range []struct {
		what, path, body string
		status           int
		code             string
	}{
		{"no callback", "oidc/register", `{"client_name":"x"}`, 400, "invalid_redirect_uri"},
		{"a callback with a fragment", "oidc/register", `{"redirect_uris":["https://a.example.com/#x"]}`, 400, "invalid_redirect_uri"},
		{"an unknown way to authenticate", "oidc/register", `{"redirect_uris":["https://a.example.com/"],"token_endpoint_auth_method":"magic"}`, 400, "invalid_client_metadata"},
		{"no object", "oidc/register", `[]`, 400, "invalid_client_metadata"},
		{"a revocation by nobody", "oauth/global-token-revocation/connection/google-oauth2", `{}`, 401, "invalid_token"},
		{"a revocation of no connection", "oauth/global-token-revocation/connection/none", `{}`, 400, "invalid_request"},
	} {
		status, _, code, _, raw := call(t, s.Server, http.MethodPost, tt.path, "application/json", tt.body)
		if status != tt.status || code != tt.code {
			t.Errorf("%s: %d %s", tt.what, status, raw)
		}
	}
	off := servertest.Start(t, servertest.Seed(file))
	if status, _, code, _, raw := call(t, off, http.MethodPost, "oidc/register", "application/json", `{"redirect_uris":["https://a.example.com/"]}`); status != 400 || code != "invalid_request" {
		t.Errorf("where nobody registers: %d %s", status, raw)
	}
}
