package errortable_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// explained is the control listener's trace of a request.
type explained struct {
	Status int
	Steps  []struct{ Room, Said, Setting string }
}

// settings returns the settings that the steps name.
func (e explained) settings() string {
	var all []string
	for _, step := range e.Steps {
		if step.Setting != "" {
			all = append(all, step.Setting)
		}
	}
	return strings.Join(all, "; ")
}

// explains reads the trace of the request with an id or, if id is "", of the newest request to a path.
func explains(t *testing.T, s *servertest.Server, id, path string) (e explained) {
	t.Helper()
	target := s.ControlURL() + "/trace/" + id
	if id == "" {
		target = s.ControlURL() + "/trace?path=" + path
	}
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var all []explained
	if id == "" {
		if err := json.Unmarshal(raw, &all); err != nil || len(all) == 0 {
			t.Fatalf("the traces of %s: %s %v", path, raw, err)
		}
		return all[0]
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatalf("the trace of %s: %s %v", id, raw, err)
	}
	return e
}

// nothing is the setting of refusals that only another request could change.
const nothing = ""

// settings gives, for each row of the table, a part of the setting that the trace must name.
var settings = map[string]string{
	"token: missing parameter": "the parameter grant_type", "token: unknown grant": "the parameter grant_type", "token: grant not enabled": "grant_types of the application",
	"token: bad secret": "client_secret", "token: unknown client": "client_id", "token: bad assertion": "the claims of the assertion",
	"token: bad code": "the parameter code", "token: no code": "the parameter code", "token CC: no audience": "default_audience of the tenant",
	"token CC: unknown API": "identifier of an API", "token CC: no grant": "client grants of the application", "token CC: scope not granted": "scope of the client grant",
	"token refresh: unknown": "rotation_type, leeway", "token refresh: none": "the parameter refresh_token",
	"token ROPG: wrong": "default_directory of the tenant", "token ROPG: unknown user": "default_directory of the tenant", "token ROPG: blocked user": "the user's property blocked",
	"token ROPG: wrong realm": "the parameter connection", "token ROPG: realm disabled": "enabled_clients of the connection", "token ROPG: non-password connection": "the parameter realm",
	"token OTP: wrong": "good once and for one application", "token mfa: bad token": "the parameter mfa_token", "token device: unknown": "the parameter device_code",
	"PAR: bad": "the parameter response_type", "PAR: bad client": "client_secret", "revoke: missing": "the parameter token", "revoke: bad client": "client_secret",
	"device: grant not enabled": "grant_types of the application", "passwordless: bad connection": "the parameter connection", "passwordless: bad email": "the parameter email",
	"co: body shape": "the parameters client_id", "co: credential type": "the parameter credential_type", "co: realm": "the parameter realm",
	"co: feature off": "cross_origin_authentication of the application", "co: wrong": "username and password", "co: blocked": "the user's property blocked", "classic: wrong": "username and password",
	"sign-up: exists": "flags.enable_public_signup_user_exists_error", "sign-up: weak": "the password policy",

	"unknown client": "the parameter client_id", "callback not allowed": "callbacks of the application", "no client_id": "the parameter client_id", "no response_type": "the parameter response_type",
	"bad response_type": "the parameter response_type", "grant not enabled": "grant_types of the application", "implicit id_token without nonce": "the parameter nonce",
	"unknown audience": "identifier of an API", "no connection": "enabled_clients of a connection", "wrong connection": "the parameter connection", "disabled connection": "enabled_clients of the connection",
	"prompt=none no session": "session lifetimes of the tenant", "org missing": "organization_usage of the application", "org not allowed": "organization_usage of the application",
	"org name while disabled": "allow_organization_name_in_authentication_api", "unknown org": "the parameter organization", "online+offline": "the parameter scope",

	"challenge: not enrolled": "authentication methods of the user", "challenge: bad token": "the parameter mfa_token", "challenge: no such type": "the parameter challenge_type",
	"associate: other client's": "client_id", "associate: already enrolled": "authentication methods of the user", "authenticators: no token": "the header Authorization",
	"mfa-otp: wrong": "the clocks", "mfa-otp: other client's": "client_id", "mfa-otp: too many": "every six minutes", "mfa: expired": "ten minutes",
	"mfa-oob: bad token": "the parameter mfa_token", "mfa-oob: unknown code": "the parameter oob_code", "mfa-oob: no code": "the parameter oob_code", "mfa-oob: no binding": "the parameter binding_code",
	"mfa-oob: bad binding": "the parameter binding_code", "mfa-oob: mismatch": "oob_code and mfa_token", "mfa-oob: pending": "/push", "mfa-oob: too fast": "how often",
	"mfa-oob: used": "good once", "mfa-oob: rejected": "/push", "mfa-recovery-code: none": "the parameter recovery_code", "mfa-recovery-code: wrong": "the parameter recovery_code", "mfa-recovery-code: used": "the parameter recovery_code",
	"passkey: no session": "the parameter auth_session", "passkey: no answer": "the parameter authn_response", "passkey: unknown session": "auth_session", "passkey: not allowed": "grant_types of the application",
	"passkey: a bad answer": "authn_response", "passkey challenge: no connection": "enabled_clients", "passkey challenge: no client": "client_id", "passkey register: no profile": "the parameter user_profile",
	"passkey register: known": "an account that exists already", "otp challenge: bad input": "the parameter email", "otp challenge: bad connection": "email_otp", "otp challenge: no client": "client_id",
	"otp challenge: not allowed": "grant_types of the application", "otp: unknown session": "the parameter auth_session", "otp: wrong": "the parameter otp",

	"another callback": "the parameter redirect_uri", "another verifier": "the parameter code_verifier", "a code a second time": "good once", "a code that is over": "good once",
	"Token Vault without an account": "a login of the user with the connection", "refresh: blocked": "the user's property blocked", "refresh: revoked": "the parameter refresh_token",
	"a wrong code": "good once", "the right code after too many": "good once", "sign-up is off": "disable_signup",

	"token ROPG: breached": "breached-password-detection", "co: breached": "breached-password-detection", "sign-up: breached": "breached-password-detection",
	"co: brute force": "blocks of the user", "token ROPG: brute force": "blocks of the user", "token ROPG: IP": "suspicious-ip-throttling", "co: IP": "suspicious-ip-throttling",
	"token ROPG: no default directory": "default_directory of the tenant", "sign-up: dictionary": "the password policy", "sign-up: user info": "the password policy", "dbconnections: connection": "the parameter connection",
	"passwordless: bad phone": "the parameter phone_number", "passwordless: disabled connection": "enabled_clients", "passwordless: bad send": "the parameter send", "passwordless: bad authParams": "the parameter authParams",
	"passwordless: missing client_id": "the parameter client_id", "passwordless: missing connection": "the parameter connection", "passwordless: missing phone_number": "the parameter phone_number",
	"passwordless: no client": "client_secret", "token OTP: wrong phone": "good once and for one application", "token OBO: chain too deep": "act of the subject_token", "logout: mismatch of hints": "id_token_hint",
	"token CC: quota": "token_quota of the application", "token CC: quota of all": "default_token_quota of the tenant", "token ROPG: same user rate": "tenant0_rate_limits", "passwordless: rate": "tenant0_rate_limits", "change password: rate": "tenant0_rate_limits",
	"token jwt-bearer: none": "the parameter assertion", "token jwt-bearer: bad assertion": "the parameter assertion", "token jwt-bearer: not enabled": "identity_assertion_authorization_grant",
	"token CTE: no token": "the parameter subject_token", "token CTE: no type": "the parameter subject_token_type", "token CTE: no profile": "token exchange profile", "token CTE: not enabled": "token_exchange",
	"token CTE: its Action": "no setting", "details: no list": "authorization_details", "details: unknown type": "authorization_details", "details: no type": "authorization_details",
	"any: endpoint off": "pushed_authorization_requests_supported", "not emulated": "no setting", "token CIBA": "no setting", "token CTE: session transfer": "no setting", "refresh: session transfer": "can_create_session_transfer_token", "refresh: session transfer elsewhere": "identifier of an API",
	"userinfo: expired": "the clock", "refresh: user gone": "the user, who has been deleted", "token device: denied": "the answer of the person", "prompt=none + MFA": "factors of guardian", "token: MFA needed": "factors of guardian",
}

// holds checks that a refusal explains itself: its trace has the rule that refused, as a step with at least the
// error that the client got, and the setting that would change it.
func (e explained) holds(t *testing.T, situation, code, sentence string) {
	t.Helper()
	want, known := settings[situation]
	if !known {
		t.Errorf("%s: nothing says which setting the trace names: %+v", situation, e.Steps)
		return
	}
	told := false
	for _, step := range e.Steps {
		told = told || step.Room != "" && strings.Contains(step.Said, sentence) && (strings.HasPrefix(step.Said, code+": ") || code == nothing)
	}
	if got := e.settings(); !told || e.Status < http.StatusBadRequest || !strings.Contains(got, want) || (want == nothing) != (got == nothing) {
		t.Errorf("%s: the trace is %+v, want a step that says %s: %s, and the setting %q", situation, e, code, sentence, want)
	}
}
