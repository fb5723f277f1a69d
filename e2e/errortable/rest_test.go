package errortable_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

const known = "a password that others know 1"

// restFile is a tenant for errors that depend on its attack protection, policies and APIs.
const restFile = `
tenant: {default_directory: db}
clients:
  - {name: app, client_id: app, app_type: regular_web, ` + basic + `, cross_origin_authentication: true, callbacks: ["` + callback + `"], allowed_logout_urls: ["https://app.example.com/bye"],
     grant_types: [authorization_code, refresh_token, client_credentials, password, "http://auth0.com/oauth/grant-type/passwordless/otp", "` + dev + `"]}
  - {name: front, client_id: front, app_type: resource_server, resource_server_identifier: "urn:front", ` + basic + `, grant_types: ["` + exchange + `"]}
  - {name: back, client_id: back, app_type: resource_server, resource_server_identifier: "urn:back", ` + basic + `, grant_types: ["` + exchange + `"]}
  - {name: machine, client_id: ` + servertest.Management + `, client_secret: ` + servertest.ManagementSecret + `, app_type: non_interactive, grant_types: [client_credentials]}
resourceServers:
  - {name: front, identifier: "urn:front", allow_offline_access: true, skip_consent_for_verifiable_first_party_clients: true}
  - {name: back, identifier: "urn:back", skip_consent_for_verifiable_first_party_clients: true}
clientGrants:
  - {client_id: machine, audience: "${issuer}api/v2/", allow_all_scopes: true}
databases:
  - {name: db, strategy: auth0, enabled_clients: [app], options: {passwordPolicy: low, password_dictionary: {enable: true, dictionary: ["correct horse"]}, password_no_personal_info: {enable: true}}}
connections:
  - {name: sms, strategy: sms, enabled_clients: [app]}
  - {name: email, strategy: email, enabled_clients: []}
users:
  - {user_id: "auth0|ann", connection: db, email: ann@example.com, password: ` + password + `}
  - {user_id: "auth0|eve", connection: db, email: eve@example.com, password: ` + known + `}
  - {user_id: "auth0|fay", connection: db, email: fay@example.com, password: ` + password + `}
attackProtection:
  breachedPasswordDetection: {enabled: true, shields: [block], stage: {pre-user-registration: {shields: [block]}}, tenant0_passwords: ["` + known + `"]}
`

const exchange = "urn:ietf:params:oauth:grant-type:token-exchange"

func beginRest(t *testing.T) steps {
	t.Helper()
	return steps{servertest.Start(t, servertest.Seed(restFile), servertest.HTTP()), t}
}

// signIn fills in the login page, and returns the address to which the browser is sent, or the page that it is shown.
func (s steps) signIn(browser *http.Client, pairs ...string) (*url.URL, servertest.Page) {
	s.t.Helper()
	params := form(append([]string{"client_id", "app", "redirect_uri", callback, "response_type", "code", "scope", "openid", "state", "s"}, pairs...)...)
	_, page := s.Visit(browser, s.URL+"authorize?"+params.Encode())
	fields := page.Form()
	fields.Set("username", "ann@example.com")
	fields.Set("password", password)
	fields.Set("action", "default")
	return s.Submit(browser, page, fields)
}

// manage changes the tenant by the Management API.
func (s steps) manage(method, path string, body any) {
	s.t.Helper()
	if status, answer := s.Manage(s.Client(), method, path, body); status >= http.StatusBadRequest {
		s.t.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
}

// TestErrorsOfProtections of accounts and of IP addresses, at each endpoint that takes a password.
func TestErrorsOfProtections(t *testing.T) {
	const leaked = "This login attempt has been blocked because the password you're using was previously disclosed through a data breach (not in this application)."
	realm := form("client_id", "app", "credential_type", realm, "realm", "db")
	at := func(user, secret string) asked {
		both := form("username", user+"@example.com", "password", secret)
		for name := range realm {
			both.Set(name, realm.Get(name))
		}
		return both
	}
	s := beginRest(t)
	s.says("token ROPG: breached", "oauth/token", of("password", "username", "eve@example.com", "password", known), 401, "password_leaked", leaked+" Please check your email for more information.")
	s.says("co: breached", "co/authenticate", at("eve", known), 401, "password_leaked", leaked)
	s.signsUp("sign-up: breached", `"email":"new@example.com","password":"`+known+`"`, "password_leaked", "")
	for range 10 {
		call(t, s.Server, http.MethodPost, "co/authenticate", "application/x-www-form-urlencoded", at("fay", "wrong").Encode())
	}
	s.says("co: brute force", "co/authenticate", at("fay", password), 429, "too_many_attempts",
		"Your account has been blocked after multiple consecutive login attempts. We've sent you a notification via your preferred contact method with instructions on how to unblock it.")
	s.says("token ROPG: brute force", "oauth/token", of("password", "username", "fay@example.com", "password", password), 429, "too_many_attempts",
		"Your account has been blocked after multiple consecutive login attempts. We've sent you an email with instructions on how to unblock it.")

	s.manage(http.MethodPatch, "attack-protection/suspicious-ip-throttling", map[string]any{
		"enabled": true, "shields": []string{"block"}, "stage": map[string]any{"pre-login": map[string]any{"max_attempts": 1, "rate": 864000}},
	})
	call(t, s.Server, http.MethodPost, "oauth/token", "application/x-www-form-urlencoded", of("password", "username", "ann@example.com", "password", "wrong").Encode())
	const throttled = "We have detected suspicious login behavior and further attempts will be blocked. Please contact the administrator."
	s.says("token ROPG: IP", "oauth/token", of("password", "username", "ann@example.com", "password", password), 429, "too_many_attempts", throttled)
	s.says("co: IP", "co/authenticate", at("ann", password), 429, "too_many_attempts", throttled)

	s = beginRest(t)
	s.manage(http.MethodPatch, "tenants/settings", map[string]any{"default_directory": ""})
	s.says("token ROPG: no default directory", "oauth/token", of("password", "username", "ann@example.com", "password", password), 500, "server_error", "Authorization server not configured with default connection.")
}

// signsUp compares the answer of the sign-up endpoint with a row of the table.
func (s steps) signsUp(what, members, code, name string) {
	s.t.Helper()
	status, _, got, _, raw := call(s.t, s.Server, http.MethodPost, "dbconnections/signup", "application/json", `{"client_id":"app","connection":"db",`+members+`}`)
	if status != http.StatusBadRequest || got != code || !strings.Contains(raw, `"name":"`+name) {
		s.t.Errorf("%s: %d %s", what, status, raw)
	}
	explains(s.t, s.Server, "", "/dbconnections/signup").holds(s.t, what, code, "")
}

// TestErrorsOfPasswordPolicies at a sign-up, and of requests for an unknown connection.
func TestErrorsOfPasswordPolicies(t *testing.T) {
	s := beginRest(t)
	s.signsUp("sign-up: dictionary", `"email":"new@example.com","password":"Correct Horse"`, "password_dictionary_error", "PasswordDictionaryError")
	s.signsUp("sign-up: user info", `"email":"new.person@example.com","password":"new.person"`, "password_no_user_info_error", "PasswordNoUserInfoError")
	for _, path := range []string{"dbconnections/signup", "dbconnections/change_password"} {
		status, _, code, sentence, raw := call(t, s.Server, http.MethodPost, path, "application/json", `{"client_id":"app","connection":"none","email":"new@example.com","password":"`+password+`"}`)
		if status != http.StatusBadRequest || code != "invalid_request" || sentence != "the connection was not found" {
			t.Errorf("%s: %d %s %s %s", path, status, code, sentence, raw)
		}
		explains(t, s.Server, "", "/"+path).holds(t, "dbconnections: connection", "invalid_request", "the connection was not found")
	}
}

// TestErrorsOfStarts of a passwordless login, by their error codes.
func TestErrorsOfStarts(t *testing.T) {
	s := beginRest(t)
	start := func(pairs ...string) asked {
		return form(append([]string{"client_id", "app", "client_secret", "a secret of the application", "connection", "sms", "phone_number", "+15550100"}, pairs...)...)
	}
	s.says("passwordless: bad phone", "passwordless/start", start("phone_number", "12"), 400, "bad.phone_number", `String does not match pattern: ^\+[0-9]{1,15}$`)
	s.says("passwordless: disabled connection", "passwordless/start", start("connection", "email", "email", "a@example.com"), 400, "bad.connection", "Connection is disabled")
	s.says("passwordless: bad send", "passwordless/start", start("send", "pigeon"), 400, "bad.send", "error in send - No enum match for: pigeon")
	s.says("passwordless: bad authParams", "passwordless/start", start("authParams", "7"), 400, "bad.authParams", "error in authParams - invalid type: string (expected object)")
	for _, name := range []string{"client_id", "connection", "phone_number"} {
		without := start()
		without.Del(name)
		s.says("passwordless: missing "+name, "passwordless/start", without, 400, "bad."+name, "Missing required property: "+name)
	}
	s.says("passwordless: no client", "passwordless/start", start("client_secret", "wrong"), 401, "access_denied", "Unauthorized")
	s.says("token OTP: wrong phone", "oauth/token", of(otp, "username", "+15550100", "otp", "000000", "realm", "sms"), 403, "invalid_grant", "Wrong phone number or verification code.")
}

// TestErrorsOfWhoHasGone: deleted users, expired tokens, devices that a user has denied, and hints that disagree.
func TestErrorsOfWhoHasGone(t *testing.T) {
	s := beginRest(t)
	s.Freeze(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	browser := s.Client()
	left, page := s.signIn(browser, "scope", "openid offline_access", "audience", "urn:front")
	if left == nil {
		t.Fatal(page.Body)
	}
	status, tokens := s.Token(browser, of("authorization_code", "code", left.Query().Get("code"), "redirect_uri", callback))
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, tokens)
	}
	access, refresh := tokens["access_token"].(string), tokens["refresh_token"].(string)

	// Two APIs exchange the user's token for each other in turn, until the act claim is too deep.
	subject := access
	for i, by := 0, "front"; ; i, by = i+1, map[string]string{"front": "back", "back": "front"}[by] {
		to := map[string]string{"front": "urn:back", "back": "urn:front"}[by]
		sent := form("client_id", by, "client_secret", "a secret of the application", "grant_type", exchange, "audience", to,
			"subject_token", subject, "subject_token_type", "urn:ietf:params:oauth:token-type:access_token")
		if i == 5 {
			s.says("token OBO: chain too deep", "oauth/token", sent, 400, "invalid_request", "Delegation chain (`act` claim) depth exceeds the maximum allowed limit of 5")
			break
		}
		status, answer := s.Token(browser, sent)
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
		subject = answer["access_token"].(string)
	}

	_, _, _, _, raw := call(t, s.Server, http.MethodGet, "userinfo", "", "", "Authorization", "Bearer "+access)
	if !strings.Contains(raw, "auth0|ann") {
		t.Fatal(raw)
	}
	_, page = s.Visit(browser, s.URL+"oidc/logout?"+form("id_token_hint", tokens["id_token"].(string), "client_id", "front").Encode())
	if page.Status != http.StatusBadRequest || !strings.Contains(servertest.Text(page.Body), "invalid_request: ") {
		t.Errorf("hints that disagree: %d", page.Status)
	}
	explains(t, s.Server, "", "/oidc/logout").holds(t, "logout: mismatch of hints", "invalid_request", "")
	s.Advance(25 * time.Hour)
	status, header, _, _, raw := call(t, s.Server, http.MethodGet, "userinfo", "", "", "Authorization", "Bearer "+access)
	if status != 401 || raw != "Unauthorized" || header.Get("WWW-Authenticate") != `Bearer realm="Users", error="invalid_token", error_description="The token has expired"` {
		t.Errorf("an expired token: %d %v %s", status, header, raw)
	}
	explains(t, s.Server, "", "/userinfo").holds(t, "userinfo: expired", "invalid_token", "")

	s.manage(http.MethodDelete, "users/auth0%7Cann", nil)
	s.says("refresh: user gone", "oauth/token", of("refresh_token", "refresh_token", refresh), 403, "invalid_grant", "The refresh_token was generated for a user who doesn't exist anymore.")

	_, answer := s.Post(browser, "oauth/device/code", form("client_id", "app", "client_secret", "a secret of the application"))
	_, page = s.Visit(browser, answer["verification_uri_complete"].(string))
	fields := page.Form()
	fields.Set("action", "cancel")
	s.Submit(browser, page, fields)
	s.says("token device: denied", "oauth/token", of(dev, "device_code", answer["device_code"].(string)), 403, "access_denied", "User cancelled the confirmation prompt.")
}

// TestErrorsOfSilentLogins of users who would be asked for a further factor.
func TestErrorsOfSilentLogins(t *testing.T) {
	s := beginRest(t)
	browser := s.Client()
	if left, page := s.signIn(browser); left == nil {
		t.Fatal(page.Body)
	}
	s.manage(http.MethodPut, "guardian/factors/otp", map[string]any{"enabled": true})
	s.manage(http.MethodPut, "guardian/policies", []string{"all-applications"})
	params := form("client_id", "app", "redirect_uri", callback, "response_type", "code", "scope", "openid", "state", "s", "prompt", "none")
	left, _ := s.Visit(browser, s.URL+"authorize?"+params.Encode())
	if left == nil || left.Query().Get("error") != "login_required" || left.Query().Get("error_description") != "Multifactor authentication required" {
		t.Errorf("%v", left)
	}
	explains(t, s.Server, "", "/authorize").holds(t, "prompt=none + MFA", "login_required", "Multifactor authentication required")
	s.says("token: MFA needed", "oauth/token", of("password", "username", "ann@example.com", "password", password), 403, "mfa_required", "Multifactor authentication required")
}
