package mfa_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/tenant0/tenant0/server/servertest"
)

const file = `
tenant: {default_directory: Username-Password-Authentication, friendly_name: Example Co}
clients:
  - {name: app, client_id: app, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [password,
     refresh_token, authorization_code, "http://auth0.com/oauth/grant-type/mfa-otp", "http://auth0.com/oauth/grant-type/mfa-oob", "http://auth0.com/oauth/grant-type/mfa-recovery-code"]}
  - {name: other, client_id: other, app_type: native, token_endpoint_auth_method: none, callbacks: [], grant_types: [password, "http://auth0.com/oauth/grant-type/mfa-otp"]}
  - {name: plain, client_id: plain, app_type: native, token_endpoint_auth_method: none, callbacks: [], grant_types: [password]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
resourceServers:
  - {name: rs, identifier: "urn:rs", allow_offline_access: true, skip_consent_for_verifiable_first_party_clients: true, scopes: [{value: "read:it"}]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: Username-Password-Authentication}
  - {user_id: "auth0|bob", email: bob@example.com, password: a password of bob, connection: Username-Password-Authentication}
databases:
  - {name: Username-Password-Authentication, strategy: auth0, enabled_clients: [app, other, plain]}
`

const (
	grants = "http://auth0.com/oauth/grant-type/"
	phone  = "+15550109167"
)

type object = map[string]any

type tenant struct {
	*servertest.Server
	client *http.Client
	t      *testing.T
	now    time.Time
}

// start starts a tenant that asks every user for a second factor.
func start(t *testing.T) *tenant {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(file), servertest.HTTP())
	tn := &tenant{s, s.Client(), t, time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)}
	s.Freeze(tn.now)
	for _, factor := range []string{"otp", "sms", "email"} {
		tn.manage(http.MethodPut, "guardian/factors/"+factor, object{"enabled": true})
	}
	tn.manage(http.MethodPut, "guardian/policies", []string{"all-applications"})
	return tn
}

func (tn *tenant) manage(method, path string, body any) any {
	tn.t.Helper()
	status, answer := tn.Manage(tn.client, method, path, body)
	if status/100 != 2 {
		tn.t.Fatalf("%s %s: %d %v", method, path, status, answer)
	}
	return answer
}

func (tn *tenant) later(d time.Duration) {
	tn.now = tn.now.Add(d)
	tn.Freeze(tn.now)
}

// send sends JSON, with a bearer token unless bearer is "".
func (tn *tenant) send(method, path, bearer string, body any) (int, any) {
	tn.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		tn.t.Fatal(err)
	}
	rq, err := http.NewRequestWithContext(tn.t.Context(), method, tn.URL+path, strings.NewReader(string(raw)))
	if err != nil {
		tn.t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		rq.Header.Set("Authorization", "Bearer "+bearer)
	}
	resp, err := tn.client.Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		tn.t.Fatal(err)
	}
	var answer any
	if len(got) > 0 {
		if err := json.Unmarshal(got, &answer); err != nil {
			tn.t.Fatalf("%s: %d %s", path, resp.StatusCode, got)
		}
	}
	return resp.StatusCode, answer
}

func (tn *tenant) ask(client, user string, more ...string) (int, object) {
	tn.t.Helper()
	form := url.Values{
		"grant_type": {"password"}, "client_id": {client}, "username": {user + "@example.com"}, "password": {"a password of " + user},
		"audience": {"urn:rs"}, "scope": {"openid read:it offline_access"},
	}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return tn.Token(tn.client, form)
}

// token returns the mfa_token of a login.
func (tn *tenant) token(client, user string) string {
	tn.t.Helper()
	status, body := tn.ask(client, user)
	token, _ := body["mfa_token"].(string)
	if status != 403 || body["error"] != "mfa_required" || body["error_description"] != "Multifactor authentication required" || !strings.HasPrefix(token, "Fe26.2*") {
		tn.t.Fatalf("the login of %s: %d %v", user, status, body)
	}
	return token
}

func (tn *tenant) finish(grant, token string, more ...string) (int, object) {
	tn.t.Helper()
	form := url.Values{"grant_type": {grants + grant}, "client_id": {"app"}, "mfa_token": {token}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return tn.Token(tn.client, form)
}

func (tn *tenant) refused(status int, body object, want int, code, description string) {
	tn.t.Helper()
	if status != want || body["error"] != code || body["error_description"] != description {
		tn.t.Errorf("%d %v, want %d %s: %s", status, body, want, code, description)
	}
}

func (tn *tenant) code(secret string) string {
	tn.t.Helper()
	code, err := totp.GenerateCodeCustom(secret, tn.now, totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		tn.t.Fatal(err)
	}
	return code
}

// enroll adds a factor for a user who has none.
func (tn *tenant) enroll(token string, body object) object {
	tn.t.Helper()
	body["client_id"] = "app"
	status, answer := tn.send(http.MethodPost, "mfa/associate", token, body)
	if status != 200 {
		tn.t.Fatalf("associate: %d %v", status, answer)
	}
	return answer.(object)
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestAOneTimePassword(t *testing.T) {
	tn := start(t)
	_, body := tn.ask("app", "ann")
	diff(t, "requirements", body["mfa_requirements"], any(object{"enroll": []any{object{"type": "otp"}, object{"type": "phone"}, object{"type": "email"}}}))
	token := body["mfa_token"].(string)
	status, challenge := tn.send(http.MethodPost, "mfa/challenge", "", object{"client_id": "app", "mfa_token": token, "challenge_type": "otp"})
	if status != 403 || challenge.(object)["error"] != "association_required" {
		t.Errorf("a challenge of nobody's factor: %d %v", status, challenge)
	}
	made := tn.enroll(token, object{"authenticator_types": []string{"otp"}})
	secret := made["secret"].(string)
	if !regexp.MustCompile(`^[A-Z2-7]{32}$`).MatchString(secret) || made["authenticator_type"] != "otp" || made["oob_code"] != nil {
		t.Errorf("the enrollment is %v", made)
	}
	key, err := otp.NewKeyFromURL(made["barcode_uri"].(string))
	if err != nil || key.Secret() != secret || key.Issuer() != "Example Co" || key.AccountName() != "ann@example.com" || key.Type() != "totp" {
		t.Errorf("the barcode is %v, %v", made["barcode_uri"], err)
	}
	if codes, _ := made["recovery_codes"].([]any); len(codes) != 1 || len(codes[0].(string)) != 24 {
		t.Errorf("the recovery codes are %v", made["recovery_codes"])
	}
	status, body = tn.finish("mfa-otp", token, "otp", "000000")
	tn.refused(status, body, 403, "invalid_grant", "Invalid otp_code.")
	status, body = tn.finish("mfa-otp", token, "otp", tn.code(secret))
	diff(t, "status", status, 200)
	diff(t, "scope", body["scope"], "openid read:it offline_access")
	if body["refresh_token"] == nil || body["id_token"] == nil {
		t.Errorf("the tokens are %v", body)
	}
	status, body = tn.finish("mfa-otp", token, "otp", tn.code(secret))
	tn.refused(status, body, 403, "invalid_grant", "Malformed mfa_token") // one login each

	// The next login asks for this factor, and accepts no code a second time.
	_, body = tn.ask("app", "ann")
	diff(t, "requirements", body["mfa_requirements"], any(object{"challenge": []any{object{"type": "otp"}, object{"type": "recovery-code"}}}))
	token = body["mfa_token"].(string)
	_, challenge = tn.send(http.MethodPost, "mfa/challenge", "", object{"client_id": "app", "mfa_token": token})
	diff(t, "challenge", challenge, any(object{"challenge_type": "otp"}))
	status, body = tn.finish("mfa-otp", token, "otp", tn.code(secret))
	tn.refused(status, body, 403, "invalid_grant", "Invalid otp_code.")
	tn.later(30 * time.Second)
	if status, body = tn.finish("mfa-otp", token, "otp", tn.code(secret)); status != 200 {
		t.Errorf("the next password: %d %v", status, body)
	}
	methods := tn.manage(http.MethodGet, "users/auth0%7Cann/authentication-methods", nil)
	if text, _ := json.Marshal(methods); strings.Contains(string(text), secret) || strings.Contains(string(text), "mac") || !strings.Contains(string(text), `"confirmed":true`) {
		t.Errorf("the Management API shows %s", text)
	}
}

func TestACodeThatIsSent(t *testing.T) {
	for channel, tt := range map[string]struct {
		enroll object
		to     string
		kinds  []string
	}{
		"sms":   {object{"authenticator_types": []string{"oob"}, "oob_channels": []string{"sms"}, "phone_number": phone}, phone, []string{"otp_enroll", "otp_verify"}},
		"email": {object{"authenticator_types": []string{"oob"}, "oob_channels": []string{"email"}, "email": "spare@example.com"}, "spare@example.com", []string{"mfa_oob_code", "mfa_oob_code"}},
	} {
		t.Run(channel, func(t *testing.T) {
			tn := start(t)
			tn.t = t
			token := tn.token("app", "ann")
			made := tn.enroll(token, tt.enroll)
			diff(t, "binding", made["binding_method"], "prompt")
			diff(t, "channel", made["oob_channel"], channel)
			code, oob := tn.WaitForMessage(tt.to, tt.kinds[0]).Code, made["oob_code"].(string)
			status, body := tn.finish("mfa-oob", token, "oob_code", oob)
			tn.refused(status, body, 400, "invalid_request", "Missing required parameter: binding_code")
			status, body = tn.finish("mfa-oob", token, "oob_code", oob, "binding_code", "x")
			tn.refused(status, body, 403, "invalid_grant", "Invalid binding_code.")
			status, body = tn.finish("mfa-oob", tn.token("app", "bob"), "oob_code", oob, "binding_code", code)
			tn.refused(status, body, 400, "invalid_request", "The oob_code doesn't match the mfa_token")
			if status, body = tn.finish("mfa-oob", token, "oob_code", oob, "binding_code", code); status != 200 {
				t.Fatalf("%d %v", status, body)
			}
			tn.ClearInbox()
			token = tn.token("app", "ann")
			status, body = tn.finish("mfa-oob", token, "oob_code", oob, "binding_code", code)
			tn.refused(status, body, 403, "invalid_grant", "Invalid oob_code.")
			_, listed := tn.send(http.MethodGet, "mfa/authenticators", token, nil)
			first := listed.([]any)[0].(object)
			if first["active"] != true || first["oob_channel"] != channel || !strings.HasPrefix(first["id"].(string), channel+"|dev_") || strings.Contains(first["name"].(string), tt.to) {
				t.Errorf("the authenticators are %v", listed)
			}
			status, challenge := tn.send(http.MethodPost, "mfa/challenge", "", object{"client_id": "app", "mfa_token": token, "challenge_type": "oob", "authenticator_id": first["id"]})
			diff(t, "status of the challenge", status, 200)
			oob = challenge.(object)["oob_code"].(string)
			code = tn.WaitForMessage(tt.to, tt.kinds[1]).Code
			status, body = tn.finish("mfa-oob", tn.token("app", "ann"), "oob_code", oob, "binding_code", code) // the same user's, in another login
			tn.refused(status, body, 400, "invalid_request", "The oob_code doesn't match the mfa_token")
			tn.later(5 * time.Minute)
			status, body = tn.finish("mfa-oob", token, "oob_code", oob, "binding_code", code)
			tn.refused(status, body, 403, "invalid_grant", "Invalid oob_code.") // too late
			status, challenge = tn.send(http.MethodPost, "mfa/challenge", "", object{"client_id": "app", "mfa_token": token, "challenge_type": "otp"})
			if status != 401 || challenge.(object)["error"] != "unsupported_challenge_type" {
				t.Errorf("a challenge of another type: %d %v", status, challenge)
			}
		})
	}
}

func TestARecoveryCode(t *testing.T) {
	tn := start(t)
	token := tn.token("app", "ann")
	made := tn.enroll(token, object{"authenticator_types": []string{"otp"}})
	tn.finish("mfa-otp", token, "otp", tn.code(made["secret"].(string)))
	code := made["recovery_codes"].([]any)[0].(string)
	token = tn.token("app", "ann")
	status, body := tn.finish("mfa-recovery-code", token, "recovery_code", strings.Repeat("A", 24))
	tn.refused(status, body, 403, "invalid_grant", "MFA Authorization rejected.")
	status, body = tn.finish("mfa-recovery-code", token, "recovery_code", code)
	next, _ := body["recovery_code"].(string)
	if status != 200 || len(next) != 24 || next == code {
		t.Fatalf("%d %v", status, body)
	}
	token = tn.token("app", "ann")
	status, body = tn.finish("mfa-recovery-code", token, "recovery_code", code)
	tn.refused(status, body, 403, "invalid_grant", "MFA Authorization rejected.")
	if status, body = tn.finish("mfa-recovery-code", token, "recovery_code", next); status != 200 {
		t.Errorf("the next one: %d %v", status, body)
	}
	regenerated := tn.manage(http.MethodPost, "users/auth0%7Cann/recovery-code-regeneration", nil).(object)["recovery_code"].(string)
	if status, body = tn.finish("mfa-recovery-code", tn.token("app", "ann"), "recovery_code", regenerated); status != 200 {
		t.Errorf("one of the Management API: %d %v", status, body)
	}
	if status, _ := tn.Manage(tn.client, http.MethodPost, "users/auth0%7Cnobody/recovery-code-regeneration", nil); status != 404 {
		t.Errorf("one for nobody: %d", status)
	}
}

// TestWhoseToken: an mfa_token works only for the application that it was issued to, for ten minutes.
func TestWhoseToken(t *testing.T) {
	tn := start(t)
	token := tn.token("app", "ann")
	made := tn.enroll(token, object{"authenticator_types": []string{"otp"}})
	secret := made["secret"].(string)
	status, body := tn.finish("mfa-otp", token, "otp", tn.code(secret), "client_id", "other")
	tn.refused(status, body, 400, "invalid_request", "mfa_token not issued to this client")
	for _, path := range []string{"mfa/challenge", "mfa/associate"} {
		status, answer := tn.send(http.MethodPost, path, token, object{"client_id": "other", "mfa_token": token, "authenticator_types": []string{"otp"}})
		tn.refused(status, answer.(object), 400, "invalid_request", "mfa_token not issued to this client")
		status, answer = tn.send(http.MethodPost, path, "x", object{"client_id": "app", "mfa_token": "Fe26.2*x", "authenticator_types": []string{"otp"}})
		tn.refused(status, answer.(object), 403, "invalid_grant", "Malformed mfa_token")
	}
	status, body = tn.finish("mfa-otp", tn.token("plain", "ann"), "otp", tn.code(secret), "client_id", "plain")
	tn.refused(status, body, 403, "unauthorized_client", "Grant type '"+grants+"mfa-otp' not allowed for the client.")
	status, body = tn.finish("mfa-otp", tn.token("app", "bob"), "otp", tn.code(secret))
	tn.refused(status, body, 403, "invalid_grant", "Invalid otp_code.") // another user's
	tn.later(10 * time.Minute)
	status, body = tn.finish("mfa-otp", token, "otp", tn.code(secret))
	tn.refused(status, body, 401, "expired_token", "mfa_token is expired")
	token = tn.token("app", "ann")
	tn.manage(http.MethodPatch, "users/auth0%7Cann", object{"password": "another Password 2", "connection": "Username-Password-Authentication"})
	status, body = tn.finish("mfa-otp", token, "otp", tn.code(secret))
	tn.refused(status, body, 403, "invalid_grant", "Malformed mfa_token") // the password was changed
}

func TestCodesAreNotGuessed(t *testing.T) {
	tn := start(t)
	token := tn.token("app", "ann")
	secret := tn.enroll(token, object{"authenticator_types": []string{"otp"}})["secret"].(string)
	for range 10 {
		status, body := tn.finish("mfa-otp", token, "otp", "x")
		tn.refused(status, body, 403, "invalid_grant", "Invalid otp_code.")
	}
	status, body := tn.finish("mfa-otp", token, "otp", tn.code(secret))
	tn.refused(status, body, 429, "too_many_attempts", "Too many failed codes. Wait for some minutes before retrying.")
	tn.later(6 * time.Minute)
	if status, body := tn.finish("mfa-otp", token, "otp", tn.code(secret)); status != 200 {
		t.Errorf("after six minutes: %d %v", status, body)
	}
}

// TestThePasswordAloneChangesNothing if the user has a factor.
func TestThePasswordAloneChangesNothing(t *testing.T) {
	tn := start(t)
	token := tn.token("app", "ann")
	secret := tn.enroll(token, object{"authenticator_types": []string{"otp"}})["secret"].(string)
	tn.finish("mfa-otp", token, "otp", tn.code(secret))
	token = tn.token("app", "ann")
	status, answer := tn.send(http.MethodPost, "mfa/associate", token, object{"client_id": "app", "authenticator_types": []string{"otp"}})
	tn.refused(status, answer.(object), 403, "access_denied", "User is already enrolled.")
	_, listed := tn.send(http.MethodGet, "mfa/authenticators", token, nil)
	id := url.PathEscape(listed.([]any)[0].(object)["id"].(string))
	status, answer = tn.send(http.MethodDelete, "mfa/authenticators/"+id, token, nil)
	tn.refused(status, answer.(object), 403, "insufficient_scope", "Insufficient scope, expected: remove:authenticators")

	// An access token of the MFA API, which requires the factor, can.
	_, body := tn.ask("app", "ann", "audience", tn.URL+"mfa/", "scope", "enroll remove:authenticators")
	tn.later(time.Minute)
	status, body = tn.finish("mfa-otp", body["mfa_token"].(string), "otp", tn.code(secret))
	access, _ := body["access_token"].(string)
	if status != 200 || body["expires_in"] != 600.0 {
		t.Fatalf("%d %v", status, body)
	}
	if status, answer = tn.send(http.MethodGet, "mfa/authenticators", access, nil); status != 403 {
		t.Errorf("a list without its scope: %d %v", status, answer)
	}
	status, answer = tn.send(http.MethodPost, "mfa/associate", access, object{"client_id": "app", "authenticator_types": []string{"oob"}, "oob_channels": []string{"sms"}, "phone_number": phone})
	if status != 200 || answer.(object)["recovery_codes"] != nil {
		t.Fatalf("a second factor: %d %v", status, answer)
	}
	status, body = tn.finish("mfa-oob", tn.token("app", "bob"), "oob_code", answer.(object)["oob_code"].(string), "binding_code", tn.WaitForMessage(phone, "otp_enroll").Code)
	tn.refused(status, body, 400, "invalid_request", "The oob_code doesn't match the mfa_token")
	if status, body = tn.finish("mfa-oob", tn.token("app", "ann"), "oob_code", answer.(object)["oob_code"].(string), "binding_code", tn.WaitForMessage(phone, "otp_enroll").Code); status != 200 {
		t.Errorf("the second factor is not confirmed: %d %v", status, body)
	}
	if status, _ = tn.send(http.MethodDelete, "mfa/authenticators/totp%7Cdev_x", access, nil); status != 404 {
		t.Errorf("removing what is not there: %d", status)
	}
	if status, answer = tn.send(http.MethodDelete, "mfa/authenticators/"+id, access, nil); status != 204 {
		t.Errorf("removing: %d %v", status, answer)
	}
	_, body = tn.ask("app", "ann")
	diff(t, "requirements", body["mfa_requirements"], any(object{"challenge": []any{object{"type": "recovery-code"}, object{"type": "phone"}}}))
}

func TestWhatCannotBeEnrolled(t *testing.T) {
	tn := start(t)
	tn.manage(http.MethodPut, "guardian/factors/email", object{"enabled": false})
	token := tn.token("app", "ann")
	for _, tt := range []struct {
		body   object
		status int
		code   string
	}{
		{object{}, 400, "invalid_request"},
		{object{"authenticator_types": []string{"magic"}}, 400, "invalid_request"},
		{object{"authenticator_types": []string{"oob"}}, 400, "invalid_request"},
		{object{"authenticator_types": []string{"oob"}, "oob_channels": []string{"sms"}}, 400, "invalid_request"},
		{object{"authenticator_types": []string{"oob"}, "oob_channels": []string{"sms"}, "phone_number": "1"}, 400, "invalid_request"},
		{object{"authenticator_types": []string{"oob"}, "oob_channels": []string{"voice"}, "phone_number": phone}, 400, "invalid_request"},
		{object{"authenticator_types": []string{"oob"}, "oob_channels": []string{"email"}, "email": "a@example.com"}, 400, "invalid_request"},
		{object{"authenticator_types": []string{"oob"}, "oob_channels": []string{"auth0"}}, 400, "invalid_request"},
	} {
		tt.body["client_id"] = "app"
		if status, answer := tn.send(http.MethodPost, "mfa/associate", token, tt.body); status != tt.status || answer.(object)["error"] != tt.code {
			t.Errorf("%v: %d %v", tt.body, status, answer)
		}
	}
	if inbox := tn.Inbox(); len(inbox) != 0 {
		t.Errorf("messages were sent: %v", inbox)
	}
	for _, path := range []string{"mfa/authenticators", "mfa/associate"} {
		method := http.MethodGet
		if path == "mfa/associate" {
			method = http.MethodPost
		}
		if status, _ := tn.send(method, path, "", object{"client_id": "app", "authenticator_types": []string{"otp"}}); status != 401 {
			t.Errorf("%s without a token: %d", path, status)
		}
	}
}

// TestThePolicyDecides, and without an enabled factor no policy asks for one.
func TestThePolicyDecides(t *testing.T) {
	tn := start(t)
	logsIn := func(when string, want int) {
		t.Helper()
		if status, body := tn.ask("app", "ann"); status != want {
			t.Errorf("%s: %d %v", when, status, body)
		}
	}
	logsIn("always", 403)
	tn.manage(http.MethodPut, "guardian/policies", []string{})
	logsIn("never", 200)
	tn.manage(http.MethodPut, "guardian/policies", []string{"confidence-score"})
	logsIn("where the login is not trusted", 200)
	tn.manage(http.MethodPut, "guardian/policies", []string{"all-applications"})
	for _, factor := range []string{"otp", "sms", "email"} {
		tn.manage(http.MethodPut, "guardian/factors/"+factor, object{"enabled": false})
	}
	logsIn("always, without a factor", 200)
}
