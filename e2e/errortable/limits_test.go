package errortable_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

const (
	assertion = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	ciba      = "urn:openid:params:grant-type:ciba"
)

// limitsFile is a tenant for the errors of quotas, rate limits, token exchanges and what is not emulated.
const limitsFile = `
tenant: {default_directory: db, flags: {tenant0_rate_limits: true}, default_token_quota: {clients: {client_credentials: {enforce: true, per_day: 2}}}}
clients:
  - {name: app, client_id: app, app_type: regular_web, ` + basic + `, callbacks: ["` + callback + `"], identity_assertion_authorization_grant: {active: true},
     token_exchange: {allow_any_profile_of_type: [custom_authentication]}, token_quota: {client_credentials: {enforce: true, per_hour: 1}},
     grant_types: [authorization_code, refresh_token, client_credentials, password, "http://auth0.com/oauth/grant-type/passwordless/otp", "` + ciba + `"]}
  - {name: plain, client_id: plain, app_type: regular_web, ` + basic + `, callbacks: ["` + callback + `"], grant_types: [client_credentials]}
  - {name: machine, client_id: ` + servertest.Management + `, client_secret: ` + servertest.ManagementSecret + `, app_type: non_interactive, grant_types: [client_credentials],
     token_quota: {client_credentials: {enforce: false, per_day: 1}}}
resourceServers:
  - {name: api, identifier: "urn:api", scopes: [{value: "read:it"}], authorization_details: [{type: transfer}]}
clientGrants:
  - {client_id: machine, audience: "${issuer}api/v2/", allow_all_scopes: true}
  - {client_id: app, audience: "urn:api", scope: ["read:it"], organization_usage: allow, allow_any_organization: true}
  - {client_id: plain, audience: "urn:api", scope: ["read:it"]}
databases:
  - {name: db, strategy: auth0, enabled_clients: [app, plain]}
connections:
  - {name: email, strategy: email, enabled_clients: [app]}
users:
  - {user_id: "auth0|ann", connection: db, email: ann@example.com, password: ` + password + `}
`

func beginLimits(t *testing.T) steps {
	t.Helper()
	s := steps{servertest.Start(t, servertest.Seed(limitsFile), servertest.HTTP()), t}
	s.Freeze(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	return s
}

// TestErrorsOfQuotas tests the errors of applications whose token quota is used up.
func TestErrorsOfQuotas(t *testing.T) {
	s := beginLimits(t)
	if status, answer := s.Token(s.Client(), of("client_credentials", "audience", "urn:api")); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	s.says("token CC: quota", "oauth/token", of("client_credentials", "audience", "urn:api"), 429, "too_many_requests", "Client quota exceeded")
	_, header, _, _, _ := call(t, s.Server, http.MethodPost, "oauth/token", "application/x-www-form-urlencoded", of("client_credentials", "audience", "urn:api").Encode())
	if got := header.Get("Auth0-Client-Quota-Limit"); got != "b=per_hour;q=1;r=0;t=3600" || header.Get("Retry-After") != "3600" {
		t.Errorf("the headers are %v", header)
	}
	plain := form("client_id", "plain", "client_secret", "a secret of the application", "grant_type", "client_credentials", "audience", "urn:api")
	for range 2 {
		if status, answer := s.Token(s.Client(), plain); status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
	}
	s.says("token CC: quota of all", "oauth/token", plain, 429, "too_many_requests", "Client quota exceeded")
	s.Advance(time.Hour)
	if status, answer := s.Token(s.Client(), of("client_credentials", "audience", "urn:api")); status != http.StatusOK {
		t.Errorf("an hour later: %d %v", status, answer)
	}
}

// TestErrorsOfLimits tests the rate limits that the flag tenant0_rate_limits switches on.
func TestErrorsOfLimits(t *testing.T) {
	s := beginLimits(t)
	const tooMany = "Too many requests. Check the X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset headers."
	login := of("password", "username", "ann@example.com", "password", password)
	for range 20 {
		if status, answer := s.Token(s.Client(), login); status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
	}
	s.says("token ROPG: same user rate", "oauth/token", login, 429, "too_many_logins", "Too many login attempts for this user. Please wait, and try again later.")
	start := form("client_id", "app", "client_secret", "a secret of the application", "connection", "email", "email", "ann@example.com", "send", "code")
	for range 50 {
		s.Post(s.Client(), "passwordless/start", start)
	}
	s.says("passwordless: rate", "passwordless/start", start, 429, "too_many_requests", tooMany)
	body := `{"client_id":"app","connection":"db","email":"ann@example.com"}`
	for range 10 {
		call(t, s.Server, http.MethodPost, "dbconnections/change_password", "application/json", body)
	}
	status, header, code, sentence, _ := call(t, s.Server, http.MethodPost, "dbconnections/change_password", "application/json", body)
	if status != http.StatusTooManyRequests || code != "too_many_requests" || sentence != tooMany || header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("change password: %d %s: %s %v", status, code, sentence, header)
	}
	explains(t, s.Server, "", "/dbconnections/change_password").holds(t, "change password: rate", code, sentence)
}

// TestErrorsOfExchanges tests assertions and subject tokens that cannot be exchanged, and authorization_details.
func TestErrorsOfExchanges(t *testing.T) {
	s := beginLimits(t)
	s.says("token jwt-bearer: none", "oauth/token", of(assertion), 400, "invalid_request", "Missing required parameter: assertion")
	s.says("token jwt-bearer: bad assertion", "oauth/token", of(assertion, "assertion", "a.b.c"), 400, "invalid_grant", "Assertion is invalid or has expired")
	off := form("client_id", "plain", "client_secret", "a secret of the application", "grant_type", assertion, "assertion", "a.b.c")
	s.says("token jwt-bearer: not enabled", "oauth/token", off, 403, "unauthorized_client", "Grant type '"+assertion+"' not allowed for the client.")

	const kind = "urn:acme:legacy"
	s.says("token CTE: no token", "oauth/token", of(exchange, "subject_token_type", kind), 400, "invalid_request", "Missing required parameter: subject_token")
	s.says("token CTE: no type", "oauth/token", of(exchange, "subject_token", "x"), 400, "invalid_request", "Missing required parameter: subject_token_type")
	s.says("token CTE: no profile", "oauth/token", of(exchange, "subject_token", "x", "subject_token_type", kind), 400, "invalid_request", "")
	off = form("client_id", "plain", "client_secret", "a secret of the application", "grant_type", exchange, "subject_token", "x", "subject_token_type", kind)
	s.says("token CTE: not enabled", "oauth/token", off, 403, "unauthorized_client", "Grant type '"+exchange+"' not allowed for the client.")
	action := map[string]any{"name": "legacy", "code": "exports.onExecuteCustomTokenExchange = async () => {}", "supported_triggers": []any{map[string]any{"id": "custom-token-exchange", "version": "v1"}}}
	_, made := s.Manage(s.Client(), http.MethodPost, "actions/actions", action)
	id, _ := made.(map[string]any)["id"].(string)
	s.manage(http.MethodPost, "actions/actions/"+id+"/deploy", nil)
	s.manage(http.MethodPost, "token-exchange-profiles", map[string]any{"name": "legacy", "subject_token_type": kind, "action_id": id, "type": "custom_authentication"})
	s.says("token CTE: its Action", "oauth/token", of(exchange, "subject_token", "x", "subject_token_type", kind, "audience", "urn:api"), 501, "not_emulated", "")

	transfer := "urn:" + s.Issuer() + ":session_transfer"
	s.says("token CTE: session transfer", "oauth/token", of(exchange, "subject_token", "x", "subject_token_type", kind, "audience", transfer), 501, "not_emulated", "")
	login := of("password", "username", "ann@example.com", "password", password, "scope", "openid offline_access")
	_, tokens := s.Token(s.Client(), login)
	refresh, _ := tokens["refresh_token"].(string)
	u, _ := url.Parse(s.Issuer())
	s.says("refresh: session transfer", "oauth/token", of("refresh_token", "refresh_token", refresh, "audience", "urn:"+u.Host+":session_transfer"), 403, "unauthorized_client",
		"The client is not allowed to create session transfer tokens")
	s.says("refresh: session transfer elsewhere", "oauth/token", of("refresh_token", "refresh_token", refresh, "audience", "urn:example.org:session_transfer"), 403, "access_denied",
		"Service not found: urn:example.org:session_transfer")

	for situation, details := range map[string]string{"details: no list": "{", "details: unknown type": `[{"type":"pay"}]`, "details: no type": `[{"amount":1}]`} {
		sent := form("client_id", "app", "client_secret", "a secret of the application", "redirect_uri", callback, "response_type", "code", "audience", "urn:api", "authorization_details", details)
		s.says(situation, "oauth/par", sent, 400, "invalid_authorization_details", "")
	}
	s.manage(http.MethodPatch, "tenants/settings", map[string]any{"pushed_authorization_requests_supported": false})
	pushed := form("client_id", "app", "client_secret", "a secret of the application", "redirect_uri", callback, "response_type", "code")
	s.says("any: endpoint off", "oauth/par", pushed, 404, "endpoint_disabled", "")
}

// TestWhatIsNotEmulatedSaysSo tests that endpoints and grants that are not emulated are named in the answer.
func TestWhatIsNotEmulatedSaysSo(t *testing.T) {
	s := beginLimits(t)
	for path, sent := range map[string]asked{
		"bc-authorize": form("client_id", "app", "scope", "openid"), "anonymous/token": form("client_id", "app"), "oauth/ro": form("client_id", "app"),
		"tokeninfo": form("id_token", "x"), "delegation": form("id_token", "x"),
	} {
		status, header, code, sentence, _ := call(t, s.Server, http.MethodPost, path, "application/x-www-form-urlencoded", sent.Encode())
		if status != http.StatusNotImplemented || code != "not_emulated" || !strings.Contains(sentence, "POST /"+path) {
			t.Errorf("%s: %d %s: %s", path, status, code, sentence)
		}
		explains(t, s.Server, header.Get("X-Auth0-Requestid"), "").holds(t, "not emulated", code, sentence)
	}
	s.says("token CIBA", "oauth/token", of(ciba, "auth_req_id", "x"), 501, "not_emulated", "")
	_, page := s.Visit(s.Client(), s.URL+"continue?state=x")
	if page.Status != http.StatusNotImplemented || !strings.Contains(page.Body, "not_emulated") {
		t.Errorf("a redirect's return: %d", page.Status)
	}
}
