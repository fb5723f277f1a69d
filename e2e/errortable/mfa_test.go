package errortable_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

const factorFile = `
tenant: {default_directory: db}
clients:
  - {name: app, client_id: app, app_type: native, token_endpoint_auth_method: none, callbacks: [], grant_types: [password, "http://auth0.com/oauth/grant-type/passwordless/otp",
     "urn:okta:params:oauth:grant-type:webauthn", "http://auth0.com/oauth/grant-type/mfa-otp", "http://auth0.com/oauth/grant-type/mfa-oob", "http://auth0.com/oauth/grant-type/mfa-recovery-code"]}
  - {name: other, client_id: other, app_type: native, token_endpoint_auth_method: none, callbacks: [], grant_types: [password, "http://auth0.com/oauth/grant-type/mfa-otp"]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
databases:
  - {name: db, strategy: auth0, enabled_clients: [app, other], options: {authentication_methods: {password: {enabled: true}, passkey: {enabled: true}, email_otp: {enabled: true}}}}
users:
  - {user_id: "auth0|ann", connection: db, email: ann@example.com, password: ` + password + `}
  - {user_id: "auth0|bob", connection: db, email: bob@example.com, password: ` + password + `}
`

// factorTable is a tenant that asks every user for a further factor.
type factorTable struct {
	*servertest.Server
	t       *testing.T
	browser *http.Client
}

func factors(t *testing.T) *factorTable {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(factorFile), servertest.HTTP())
	tn := &factorTable{s, t, s.Client()}
	tn.Freeze(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	for _, factor := range []string{"otp", "sms", "push-notification"} {
		tn.Manage(tn.browser, http.MethodPut, "guardian/factors/"+factor, map[string]any{"enabled": true})
	}
	tn.Manage(tn.browser, http.MethodPut, "guardian/policies", []string{"all-applications"})
	return tn
}

// says sends a form and compares the answer with a row of the table.
func (tn *factorTable) says(situation, path string, asked url.Values, status int, code, sentence string) {
	tn.t.Helper()
	got, body := tn.Post(tn.browser, path, asked)
	if got != status || body["error"] != code || sentence != "" && body["error_description"] != sentence {
		tn.t.Errorf("%s: %d %v: %v, want %d %s: %s", situation, got, body["error"], body["error_description"], status, code, sentence)
	}
	explains(tn.t, tn.Server, "", "/"+path).holds(tn.t, situation, code, sentence)
}

// waits begins a login that waits for a factor, and returns the mfa_token.
func (tn *factorTable) waits(user string) string {
	tn.t.Helper()
	status, body := tn.Token(tn.browser, form("grant_type", "password", "client_id", "app", "username", user+"@example.com", "password", password))
	token, _ := body["mfa_token"].(string)
	if status != 403 || body["error"] != "mfa_required" || body["error_description"] != "Multifactor authentication required" || token == "" {
		tn.t.Fatalf("%d %v", status, body)
	}
	return token
}

// associate enrolls a factor, and returns the answer.
func (tn *factorTable) associate(token string, pairs ...string) (answer map[string]any) {
	tn.t.Helper()
	status, answer := tn.Post(tn.browser, "mfa/associate", form(append([]string{"client_id", "app", "mfa_token", token}, pairs...)...))
	if status != 200 {
		tn.t.Fatalf("%d %v", status, answer)
	}
	return answer
}

func by(grant, token string, pairs ...string) url.Values {
	return form(append([]string{"grant_type", mfa + grant, "client_id", "app", "mfa_token", token}, pairs...)...)
}

// TestErrorsOfFactors has each error of further factors once.
func TestErrorsOfFactors(t *testing.T) {
	const token, challenge = "oauth/token", "mfa/challenge"
	tn := factors(t)
	ann := tn.waits("ann")
	tn.says("challenge: not enrolled", challenge, form("client_id", "app", "mfa_token", ann), 403, "association_required", "")
	tn.says("challenge: bad token", challenge, form("client_id", "app", "mfa_token", "x"), 403, "invalid_grant", "Malformed mfa_token")
	tn.says("associate: other client's", "mfa/associate", form("client_id", "other", "mfa_token", ann, "authenticator_types", "otp"), 400, "invalid_request", "mfa_token not issued to this client")
	tn.says("mfa-otp: wrong", token, by("otp", ann, "otp", "x"), 403, "invalid_grant", "Invalid otp_code.")
	tn.says("mfa-otp: other client's", token, form("grant_type", mfa+"otp", "client_id", "other", "mfa_token", ann, "otp", "x"), 400, "invalid_request", "mfa_token not issued to this client")
	tn.says("mfa-oob: bad token", token, by("oob", "x", "oob_code", "x"), 403, "invalid_grant", "Malformed mfa_token")
	tn.says("mfa-oob: unknown code", token, by("oob", ann, "oob_code", "x"), 403, "invalid_grant", "Invalid oob_code.")
	tn.says("mfa-oob: no code", token, by("oob", ann), 400, "invalid_request", "Missing required parameter: oob_code")

	// A code by text message.
	sent := tn.associate(ann, "authenticator_types", "oob", "oob_channels", "sms", "phone_number", "+15550109167")["oob_code"].(string)
	tn.says("mfa-oob: no binding", token, by("oob", ann, "oob_code", sent), 400, "invalid_request", "Missing required parameter: binding_code")
	tn.says("mfa-oob: bad binding", token, by("oob", ann, "oob_code", sent, "binding_code", "x"), 403, "invalid_grant", "Invalid binding_code.")
	tn.says("mfa-oob: mismatch", token, by("oob", tn.waits("bob"), "oob_code", sent, "binding_code", "x"), 400, "invalid_request", "The oob_code doesn't match the mfa_token")

	// The app on a phone.
	made := tn.associate(ann, "authenticator_types", "oob", "oob_channels", "auth0")
	oob, recovery := made["oob_code"].(string), made["recovery_codes"].([]any)[0].(string)
	tn.says("mfa-oob: pending", token, by("oob", ann, "oob_code", oob), 400, "authorization_pending", "Authorization pending: please repeat the request in a few seconds.")
	tn.says("mfa-oob: too fast", token, by("oob", ann, "oob_code", oob), 400, "slow_down", "")
	tn.AnswerPush(tn.Questions("auth0|ann")[0].ID, "allow")
	if status, body := tn.Token(tn.browser, by("oob", ann, "oob_code", oob)); status != 200 {
		t.Fatalf("%d %v", status, body)
	}
	tn.says("mfa-oob: used", token, by("oob", ann, "oob_code", oob), 403, "invalid_grant", "Malformed mfa_token")
	ann = tn.waits("ann")
	tn.says("associate: already enrolled", "mfa/associate", form("client_id", "app", "mfa_token", ann, "authenticator_types", "otp"), 403, "access_denied", "User is already enrolled.")
	status, asked := tn.Post(tn.browser, challenge, form("client_id", "app", "mfa_token", ann, "challenge_type", "oob"))
	if status != 200 {
		t.Fatalf("%d %v", status, asked)
	}
	tn.AnswerPush(tn.Questions("auth0|ann")[0].ID, "deny")
	tn.says("mfa-oob: rejected", token, by("oob", ann, "oob_code", asked["oob_code"].(string)), 400, "access_denied", "MFA Authorization rejected.")

	// Recovery codes.
	tn.says("mfa-recovery-code: none", token, by("recovery-code", ann), 400, "invalid_request", "Missing required parameter: recovery_code")
	tn.says("mfa-recovery-code: wrong", token, by("recovery-code", ann, "recovery_code", strings.Repeat("A", 24)), 403, "invalid_grant", "MFA Authorization rejected.")
	if status, body := tn.Token(tn.browser, by("recovery-code", ann, "recovery_code", recovery)); status != 200 || body["recovery_code"] == recovery {
		t.Fatalf("%d %v", status, body)
	}
	ann = tn.waits("ann")
	tn.says("mfa-recovery-code: used", token, by("recovery-code", ann, "recovery_code", recovery), 403, "invalid_grant", "MFA Authorization rejected.")
	tn.says("authenticators: no token", "mfa/associate", form("client_id", "app", "authenticator_types", "otp"), 401, "invalid_request", "")
	tn.Advance(10 * time.Minute)
	tn.says("mfa: expired", token, by("otp", ann, "otp", "x"), 401, "expired_token", "mfa_token is expired")

	// A user can only be challenged with an enrolled factor, and the number of guesses is limited.
	bob := tn.waits("bob")
	tn.associate(bob, "authenticator_types", "oob", "oob_channels", "auth0")
	tn.AnswerPush(tn.Questions("auth0|bob")[0].ID, "allow")
	tn.says("challenge: no such type", challenge, form("client_id", "app", "mfa_token", bob, "challenge_type", "magic"), 401, "unsupported_challenge_type", "")
	for range 9 { // one was the binding code that was no code of his
		tn.says("mfa-otp: wrong", token, by("otp", bob, "otp", "x"), 403, "invalid_grant", "Invalid otp_code.")
	}
	tn.Token(tn.browser, by("otp", bob, "otp", "x"))
	tn.says("mfa-otp: too many", token, by("otp", bob, "otp", "x"), 429, "too_many_attempts", "")
}

// TestErrorsOfPasskeysAndCodes has the errors of passkeys and of one-time codes for database connections.
func TestErrorsOfPasskeysAndCodes(t *testing.T) {
	const grant = "urn:okta:params:oauth:grant-type:webauthn"
	tn := factors(t)
	tn.says("passkey: no session", "oauth/token", form("grant_type", grant, "client_id", "app", "authn_response", "{}"), 400, "invalid_request", "Missing required parameter: auth_session")
	tn.says("passkey: no answer", "oauth/token", form("grant_type", grant, "client_id", "app", "auth_session", "x"), 400, "invalid_request", "Missing required parameter: authn_response")
	tn.says("passkey: unknown session", "oauth/token", form("grant_type", grant, "client_id", "app", "auth_session", "x", "authn_response", "{}"), 403, "invalid_grant", "")
	tn.says("passkey: not allowed", "oauth/token", form("grant_type", grant, "client_id", "other", "auth_session", "x", "authn_response", "{}"), 403, "unauthorized_client", "Grant type '"+grant+"' not allowed for the client.")
	_, asked := tn.Post(tn.browser, "passkey/challenge", form("client_id", "app"))
	tn.says("passkey: a bad answer", "oauth/token", form("grant_type", grant, "client_id", "app", "auth_session", asked["auth_session"].(string), "authn_response", "{}"), 403, "invalid_grant", "")
	tn.says("passkey challenge: no connection", "passkey/challenge", form("client_id", "app", "realm", "none"), 400, "invalid_request", "")
	tn.says("passkey challenge: no client", "passkey/challenge", form("client_id", "none"), 401, "access_denied", "Unauthorized")
	tn.says("passkey register: no profile", "passkey/register", form("client_id", "app"), 400, "invalid_request", "Missing required parameter: user_profile")
	tn.says("passkey register: known", "passkey/register", form("client_id", "app", "user_profile", `{"email": "ann@example.com"}`), 400, "invalid_signup", "Invalid sign up")

	tn.says("otp challenge: bad input", "otp/challenge", form("client_id", "app", "connection", "db"), 400, "invalid_request", "Either email or phone_number must be provided")
	tn.says("otp challenge: bad connection", "otp/challenge", form("client_id", "app", "connection", "none", "email", "ann@example.com"), 400, "invalid_connection", "")
	tn.says("otp challenge: no client", "otp/challenge", form("client_id", "none", "connection", "db", "email", "ann@example.com"), 401, "invalid_client", "")
	tn.says("otp challenge: not allowed", "otp/challenge", form("client_id", "other", "connection", "db", "email", "ann@example.com"), 403, "unauthorized_client", "")
	tn.says("otp: unknown session", "oauth/token", form("grant_type", otp, "client_id", "app", "auth_session", "x", "otp", "1"), 400, "invalid_request", "")
	_, asked = tn.Post(tn.browser, "otp/challenge", form("client_id", "app", "connection", "db", "email", "ann@example.com"))
	tn.says("otp: wrong", "oauth/token", form("grant_type", otp, "client_id", "app", "auth_session", asked["auth_session"].(string), "otp", "x"), 400, "invalid_request", "")
}
