// Package errortable has one conversation for each error that clients of Auth0's Authentication API can tell
// apart: the request, and the status, the code and the description in the answer.
package errortable_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

const (
	callback = "https://app.example.com/callback"
	password = "Correct-Horse-9"
	basic    = `token_endpoint_auth_method: client_secret_post, client_secret: a secret of the application`
	file     = `
tenant: {default_directory: db}
clients:
  - {name: app, client_id: app, app_type: regular_web, ` + basic + `, cross_origin_authentication: true, callbacks: ["` + callback + `"], allowed_logout_urls: ["https://app.example.com/bye"],
     grant_types: [authorization_code, implicit, refresh_token, client_credentials, password, "http://auth0.com/oauth/grant-type/password-realm", "http://auth0.com/oauth/grant-type/passwordless/otp", "urn:ietf:params:oauth:grant-type:device_code", "http://auth0.com/oauth/grant-type/mfa-otp", "http://auth0.com/oauth/grant-type/mfa-oob", "http://auth0.com/oauth/grant-type/mfa-recovery-code"]}
  - {name: few, client_id: few, app_type: regular_web, ` + basic + `, callbacks: ["` + callback + `"], grant_types: []}
  - {name: alone, client_id: alone, app_type: regular_web, ` + basic + `, callbacks: ["` + callback + `"], grant_types: [authorization_code]}
  - {name: required, client_id: required, app_type: regular_web, ` + basic + `, callbacks: ["` + callback + `"], grant_types: [authorization_code], organization_usage: require}
  - {name: allowed, client_id: allowed, app_type: regular_web, ` + basic + `, callbacks: ["` + callback + `"], grant_types: [authorization_code], organization_usage: allow}
resourceServers:
  - {name: api, identifier: "urn:api", scopes: [{value: "read:it"}, {value: "write:it"}]}
  - {name: other, identifier: "urn:other", scopes: [{value: "read:it"}]}
clientGrants:
  - {client_id: app, audience: "urn:api", scope: ["read:it"]}
connections:
  - {name: db, strategy: auth0, enabled_clients: [app, few, required, allowed]}
  - {name: off, strategy: auth0, enabled_clients: []}
  - {name: email, strategy: email, enabled_clients: [app]}
users:
  - {user_id: "auth0|ann", connection: db, email: ann@example.com, password: ` + password + `}
  - {user_id: "auth0|bob", connection: db, email: bob@example.com, password: ` + password + `, blocked: true}
`
)

// asked are the parameters of a request, added to those that the row's endpoint always gets.
type asked = url.Values

func form(pairs ...string) asked {
	values := asked{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

// of returns a request to the token endpoint by the application app, which may use every grant type.
func of(grant string, pairs ...string) asked {
	return form(append([]string{"client_id", "app", "client_secret", "a secret of the application", "grant_type", grant}, pairs...)...)
}

const (
	realm = "http://auth0.com/oauth/grant-type/password-realm"
	otp   = "http://auth0.com/oauth/grant-type/passwordless/otp"
	mfa   = "http://auth0.com/oauth/grant-type/mfa-"
	dev   = "urn:ietf:params:oauth:grant-type:device_code"
)

// programs are the rows for endpoints that programs call.
var programs = []struct {
	situation, path string
	asked           asked
	status          int
	code, sentence  string
}{
	{"token: missing parameter", "oauth/token", form("client_id", "app"), 400, "invalid_request", "Missing required parameter: grant_type"},
	{"token: unknown grant", "oauth/token", of("magic"), 403, "unsupported_grant_type", "Unsupported grant type: magic"},
	{"token: grant not enabled", "oauth/token", form("client_id", "few", "client_secret", "a secret of the application", "grant_type", "authorization_code", "code", "x"), 403, "unauthorized_client", "Grant type 'authorization_code' not allowed for the client."},
	{"token: bad secret", "oauth/token", form("client_id", "app", "client_secret", "wrong", "grant_type", "authorization_code", "code", "x"), 401, "access_denied", "Unauthorized"},
	{"token: unknown client", "oauth/token", form("client_id", "none", "grant_type", "authorization_code", "code", "x"), 401, "access_denied", "Unauthorized"},
	{"token: bad assertion", "oauth/token", form("client_id", "app", "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "client_assertion", "a.b.c", "grant_type", "authorization_code", "code", "x"), 401, "invalid_client", ""},
	{"token: bad code", "oauth/token", of("authorization_code", "code", "x", "redirect_uri", callback), 403, "invalid_grant", "Invalid authorization code"},
	{"token: no code", "oauth/token", of("authorization_code"), 400, "invalid_request", "Missing required parameter: code"},
	{"token CC: no audience", "oauth/token", of("client_credentials"), 403, "access_denied", "Non-global clients are not allowed access to APIv1"},
	{"token CC: unknown API", "oauth/token", of("client_credentials", "audience", "urn:none"), 403, "access_denied", "Service not enabled within domain: urn:none"},
	{"token CC: no grant", "oauth/token", of("client_credentials", "audience", "urn:other"), 403, "access_denied", `Client "app" is not authorized to access resource server "urn:other". You need to create a "client-grant" associated to this API.`},
	{"token CC: scope not granted", "oauth/token", of("client_credentials", "audience", "urn:api", "scope", "read:it write:it openid"), 403, "access_denied", "Client has not been granted scopes: write:it, openid"},
	{"token refresh: unknown", "oauth/token", of("refresh_token", "refresh_token", "x"), 403, "invalid_grant", "Unknown or invalid refresh token."},
	{"token refresh: none", "oauth/token", of("refresh_token"), 400, "invalid_request", "Missing required parameter: refresh_token"},
	{"token ROPG: wrong", "oauth/token", of("password", "username", "ann@example.com", "password", "wrong"), 403, "invalid_grant", "Wrong email or password."},
	{"token ROPG: unknown user", "oauth/token", of("password", "username", "nobody@example.com", "password", "wrong"), 403, "invalid_grant", "Wrong email or password."},
	{"token ROPG: blocked user", "oauth/token", of("password", "username", "bob@example.com", "password", password), 401, "unauthorized", "user is blocked"},
	{"token ROPG: wrong realm", "oauth/token", of(realm, "username", "ann@example.com", "password", password, "realm", "none"), 400, "invalid_request", "the connection was not found"},
	{"token ROPG: realm disabled", "oauth/token", of(realm, "username", "ann@example.com", "password", password, "realm", "off"), 400, "invalid_request", "the connection was disabled"},
	{"token ROPG: non-password connection", "oauth/token", of(realm, "username", "ann@example.com", "password", password, "realm", "email"), 400, "invalid_request", "specified strategy does not support requested operation"},
	{"token OTP: wrong", "oauth/token", of(otp, "username", "ann@example.com", "otp", "000000", "realm", "email"), 403, "invalid_grant", "Wrong email or verification code."},
	{"token mfa: bad token", "oauth/token", of(mfa+"otp", "mfa_token", "x", "otp", "000000"), 403, "invalid_grant", "Malformed mfa_token"},
	{"token device: unknown", "oauth/token", of(dev, "device_code", "x"), 403, "invalid_grant", "Invalid or expired device code."},
	{"PAR: bad", "oauth/par", form("client_id", "app", "client_secret", "a secret of the application", "redirect_uri", callback), 400, "invalid_request", "Missing required parameter: response_type"},
	{"PAR: bad client", "oauth/par", form("client_id", "app", "client_secret", "wrong", "response_type", "code"), 401, "invalid_client", ""},
	{"revoke: missing", "oauth/revoke", form("client_id", "app", "client_secret", "a secret of the application"), 400, "invalid_request", "Missing required parameter: token"},
	{"revoke: bad client", "oauth/revoke", form("client_id", "app", "client_secret", "wrong", "token", "x"), 401, "invalid_client", ""},
	{"device: grant not enabled", "oauth/device/code", form("client_id", "alone", "client_secret", "a secret of the application"), 403, "unauthorized_client", "Grant type '" + dev + "' not allowed for the client."},
	{"passwordless: bad connection", "passwordless/start", form("client_id", "app", "client_secret", "a secret of the application", "connection", "none", "email", "a@example.com"), 400, "bad.connection", "Connection does not exist"},
	{"passwordless: bad email", "passwordless/start", form("client_id", "app", "client_secret", "a secret of the application", "connection", "email", "email", "a"), 400, "bad.email", ""},
	{"co: body shape", "co/authenticate", form("client_id", "app"), 400, "invalid_request", "Invalid request body. All and only of client_id, credential_type, username, otp, realm are required."},
	{"co: credential type", "co/authenticate", form("client_id", "app", "credential_type", "x", "username", "ann@example.com", "password", "x"), 400, "unsupported_credential_type", "Unknown credential type parameter."},
	{"co: realm", "co/authenticate", form("client_id", "app", "credential_type", realm, "username", "ann@example.com", "password", "x", "realm", "none"), 400, "invalid_request", "Unknown realm none."},
	{"co: feature off", "co/authenticate", form("client_id", "alone", "credential_type", realm, "username", "ann@example.com", "password", "x", "realm", "db"), 401, "unauthorized_client", "Cross origin login not allowed."},
	{"co: wrong", "co/authenticate", form("client_id", "app", "credential_type", realm, "username", "ann@example.com", "password", "x", "realm", "db"), 403, "access_denied", "Wrong email or password."},
	{"co: blocked", "co/authenticate", form("client_id", "app", "credential_type", realm, "username", "bob@example.com", "password", password, "realm", "db"), 403, "blocked_user", "Blocked user"},
	{"classic: wrong", "usernamepassword/login", form("client_id", "app", "connection", "db", "username", "ann@example.com", "password", "x"), 401, "invalid_user_password", "Wrong email or password."},
	{"sign-up: exists", "dbconnections/signup", form("client_id", "app", "connection", "db", "email", "ann@example.com", "password", password), 400, "invalid_signup", "Invalid sign up"},
	{"sign-up: weak", "dbconnections/signup", form("client_id", "app", "connection", "db", "email", "new@example.com", "password", "x"), 400, "invalid_password", ""},
}

// call sends a request, and returns the answer with its error code and description, whatever their members are called.
func call(t *testing.T, s *servertest.Server, method, path, contentType, body string, headers ...string) (status int, header http.Header, code, sentence, raw string) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		rq.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		rq.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.Client().Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Error, Code      string
		ErrorDescription string `json:"error_description"`
		Description      any
	}
	_ = json.Unmarshal(text, &said) // what is no JSON says nothing so
	code, sentence = said.Error, said.ErrorDescription
	if said.Code != "" {
		code = said.Code
		sentence, _ = said.Description.(string)
	}
	return resp.StatusCode, resp.Header, code, sentence, string(text)
}

// TestErrorsOfPrograms sends the request of each row once.
func TestErrorsOfPrograms(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(file))
	for _, row := range programs {
		t.Run(row.situation, func(t *testing.T) {
			contentType, body := "application/x-www-form-urlencoded", row.asked.Encode()
			if strings.HasPrefix(row.path, "dbconnections/") { // JSON alone
				members := map[string]string{}
				for name := range row.asked {
					members[name] = row.asked.Get(name)
				}
				raw, err := json.Marshal(members)
				if err != nil {
					t.Fatal(err)
				}
				contentType, body = "application/json", string(raw)
			}
			status, header, code, sentence, raw := call(t, s, http.MethodPost, row.path, contentType, body)
			if status != row.status || code != row.code || row.sentence != "" && sentence != row.sentence {
				t.Errorf("%d %s: %s, and not %d %s: %s\n%s", status, code, sentence, row.status, row.code, row.sentence, raw)
			}
			explains(t, s, header.Get("X-Auth0-Requestid"), "").holds(t, row.situation, row.code, row.sentence)
		})
	}
	t.Run("token: scope type", func(t *testing.T) {
		status, _, code, sentence, _ := call(t, s, http.MethodPost, "oauth/token", "application/json", `{"grant_type":"client_credentials","client_id":"app","client_secret":"a secret of the application","audience":"urn:api","scope":1}`)
		if status != 400 || code != "invalid_scope" || sentence != "Scope must be an array or a string" {
			t.Errorf("%d %s: %s", status, code, sentence)
		}
		status, _, _, _, raw := call(t, s, http.MethodPost, "oauth/token", "application/json", `{"grant_type":"client_credentials","client_id":"app","client_secret":"a secret of the application","audience":"urn:api","scope":["read:it"]}`)
		if status != 200 || !strings.Contains(raw, `"scope":"read:it"`) {
			t.Errorf("a list: %d %s", status, raw)
		}
	})
	t.Run("any: wrong method", func(t *testing.T) {
		if status, _, code, _, _ := call(t, s, http.MethodGet, "oauth/token", "", ""); status != 405 || code != "method_not_allowed" {
			t.Errorf("%d %s", status, code)
		}
	})
	t.Run("CORS: origin not allowed", func(t *testing.T) {
		status, _, _, _, raw := call(t, s, http.MethodPost, "oauth/token", "application/x-www-form-urlencoded", of("client_credentials", "audience", "urn:api").Encode(), "Origin", "https://evil.example.com")
		if status != 403 || raw != "Origin https://evil.example.com is not allowed." {
			t.Errorf("%d %s", status, raw)
		}
	})
	t.Run("userinfo: no token, and a bad one", func(t *testing.T) {
		status, header, _, _, raw := call(t, s, http.MethodGet, "userinfo", "", "")
		if status != 401 || raw != "Unauthorized" || header.Get("WWW-Authenticate") != `Bearer realm="Users"` {
			t.Errorf("%d %v %s", status, header, raw)
		}
		status, header, _, _, raw = call(t, s, http.MethodGet, "userinfo", "", "", "Authorization", "Bearer x")
		if status != 401 || raw != "Unauthorized" || !strings.HasPrefix(header.Get("WWW-Authenticate"), `Bearer realm="Users", error="invalid_token"`) {
			t.Errorf("%d %v %s", status, header, raw)
		}
	})
	t.Run("change password: an unknown user", func(t *testing.T) {
		status, _, _, _, raw := call(t, s, http.MethodPost, "dbconnections/change_password", "application/json", `{"client_id":"app","email":"nobody@example.com","connection":"db"}`)
		if status != 200 || raw != "We've just sent you an email to reset your password." {
			t.Errorf("%d %s", status, raw)
		}
	})
	t.Run("token ROPG: brute force", func(t *testing.T) {
		for range 10 {
			call(t, s, http.MethodPost, "oauth/token", "application/x-www-form-urlencoded", of("password", "username", "ann@example.com", "password", "wrong").Encode())
		}
		status, _, code, sentence, _ := call(t, s, http.MethodPost, "oauth/token", "application/x-www-form-urlencoded", of("password", "username", "ann@example.com", "password", password).Encode())
		if status != 429 || code != "too_many_attempts" || !strings.HasPrefix(sentence, "Your account has been blocked after multiple consecutive login attempts.") {
			t.Errorf("%d %s: %s", status, code, sentence)
		}
	})
	t.Run("token device: pending, too fast, over", func(t *testing.T) {
		_, answer := s.Post(s.Client(), "oauth/device/code", form("client_id", "app", "client_secret", "a secret of the application", "scope", "openid"))
		poll := of(dev, "device_code", answer["device_code"].(string)).Encode()
		said := func() (int, string, string) {
			status, _, code, sentence, _ := call(t, s, http.MethodPost, "oauth/token", "application/x-www-form-urlencoded", poll)
			return status, code, sentence
		}
		if status, code, sentence := said(); status != 403 || code != "authorization_pending" || sentence != "User has yet to authorize device code." {
			t.Errorf("%d %s: %s", status, code, sentence)
		}
		if status, code, sentence := said(); status != 429 || code != "slow_down" || sentence != "You are polling faster than the specified interval of 5 seconds." {
			t.Errorf("%d %s: %s", status, code, sentence)
		}
		s.Advance(16 * time.Minute)
		if status, code, _ := said(); status != 403 || code != "expired_token" {
			t.Errorf("%d %s", status, code)
		}
		if status, code, _ := said(); status != 403 || code != "invalid_grant" {
			t.Errorf("%d %s", status, code)
		}
	})
}

// browsers are the rows for /authorize. Rows with an error page have its status in page, the others are
// redirects.
var browsers = []struct {
	situation      string
	asked          []string
	page           int
	code, sentence string
}{
	{"unknown client", []string{"client_id", "none"}, 400, "invalid_request", "Unknown client: none"},
	{"callback not allowed", []string{"redirect_uri", "https://evil.example.com/"}, 403, "unauthorized_client", "Callback URL mismatch. https://evil.example.com/ is not in the list of allowed callback URLs"},
	{"no client_id", []string{"client_id", ""}, 400, "invalid_request", "Missing required parameter: client_id"},
	{"no response_type", []string{"response_type", ""}, 0, "invalid_request", "Missing required parameter: response_type"},
	{"bad response_type", []string{"response_type", "magic"}, 0, "unsupported_response_type", "Unsupported response type: magic"},
	{"grant not enabled", []string{"client_id", "few"}, 0, "unauthorized_client", "Grant type 'authorization_code' not allowed for the client."},
	{"implicit id_token without nonce", []string{"response_type", "id_token"}, 0, "invalid_request", "Missing required parameter: nonce"},
	{"unknown audience", []string{"audience", "urn:none"}, 0, "access_denied", "Service not found: urn:none"},
	{"no connection", []string{"client_id", "alone"}, 0, "invalid_request", "no connections enabled for the client"},
	{"wrong connection", []string{"connection", "none"}, 0, "invalid_request", "the connection was not found"},
	{"disabled connection", []string{"connection", "off"}, 0, "invalid_request", "the connection was disabled"},
	{"prompt=none no session", []string{"prompt", "none"}, 0, "login_required", "Login required"},
	{"org missing", []string{"client_id", "required"}, 0, "invalid_request", "parameter organization is required for this client"},
	{"org not allowed", []string{"organization", "org_1"}, 0, "invalid_request", "parameter organization is not allowed for this client"},
	{"org name while disabled", []string{"client_id", "allowed", "organization", "acme"}, 0, "invalid_request", "authorization request parameter organization must be an organization id"},
	{"unknown org", []string{"client_id", "allowed", "organization", "org_1"}, 0, "invalid_request", "parameter organization is invalid: org_1"},
	{"online+offline", []string{"scope", "online_access offline_access"}, 0, "invalid_request", "Cannot request both online_access and offline_access scopes"},
}

// TestErrorsOfBrowsers sends the /authorize request of each row once, and tests errors of pages.
func TestErrorsOfBrowsers(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(file))
	ask := func(browser *http.Client, pairs ...string) (*url.URL, servertest.Page) {
		params := form(append([]string{"client_id", "app", "redirect_uri", callback, "response_type", "code", "scope", "openid", "state", "s"}, pairs...)...)
		for name := range params {
			if params.Get(name) == "" {
				params.Del(name)
			}
		}
		return s.Visit(browser, s.URL+"authorize?"+params.Encode())
	}
	redirected := func(t *testing.T, left *url.URL, code, sentence string) {
		t.Helper()
		if left == nil {
			t.Fatal("the browser is shown a page")
		}
		values := left.Query()
		if left.EscapedFragment() != "" {
			values, _ = url.ParseQuery(left.EscapedFragment())
		}
		if values.Get("error") != code || values.Get("error_description") != sentence || values.Get("state") != "s" || values.Has("code") {
			t.Errorf("%v", values)
		}
	}
	for _, row := range browsers {
		t.Run(row.situation, func(t *testing.T) {
			left, page := ask(s.Client(), row.asked...)
			explains(t, s, "", "/authorize").holds(t, row.situation, row.code, row.sentence)
			if row.page == 0 {
				redirected(t, left, row.code, row.sentence)
				return
			}
			if left != nil || page.Status != row.page || !strings.Contains(servertest.Text(page.Body), row.code+": "+row.sentence) {
				t.Errorf("%v %d %s", left, page.Status, page.Body)
			}
		})
	}
	t.Run("blocked user", func(t *testing.T) {
		browser := s.Client()
		_, page := ask(browser)
		fields := page.Form()
		fields.Set("username", "bob@example.com")
		fields.Set("password", password)
		fields.Set("action", "default")
		left, _ := s.Submit(browser, page, fields)
		redirected(t, left, "unauthorized", "user is blocked")
	})
	t.Run("consent: declined, and silent", func(t *testing.T) {
		browser := s.Client()
		_, page := ask(browser, "prompt", "consent", "scope", "openid profile")
		fields := page.Form()
		fields.Set("username", "ann@example.com")
		fields.Set("password", password)
		fields.Set("action", "default")
		_, page = s.Submit(browser, page, fields)
		fields = page.Form()
		fields.Set("action", "decline")
		left, _ := s.Submit(browser, page, fields)
		redirected(t, left, "access_denied", "User did not authorize the request")
		left, _ = ask(browser, "prompt", "none", "audience", "urn:api", "scope", "openid read:it")
		redirected(t, left, "consent_required", "Consent required")
	})
	t.Run("logout: bad returnTo", func(t *testing.T) {
		_, page := s.Visit(s.Client(), s.URL+"v2/logout?client_id=app&returnTo=https://evil.example.com/")
		want := `invalid_request: The "returnTo" querystring parameter "https://evil.example.com/" is not defined as a valid URL in "Allowed Logout URLs".`
		if page.Status != 400 || !strings.Contains(servertest.Text(page.Body), want) {
			t.Errorf("%d %s", page.Status, page.Body)
		}
	})
}
