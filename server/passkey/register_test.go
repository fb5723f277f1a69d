package passkey_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
)

type object = map[string]any

// post sends JSON.
func (p *person) post(path string, body object) (int, object) {
	p.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := p.client.Post(p.URL+path, "application/json", strings.NewReader(string(raw)))
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer object
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// register requests the options for a new account's passkey and creates it.
func (p *person) register(profile object) (session, response string) {
	p.t.Helper()
	status, body := p.post("passkey/register", object{"client_id": "app", "realm": "Users", "user_profile": profile})
	if status != 200 {
		p.t.Fatalf("%d %v", status, body)
	}
	options := body["authn_params_public_key"].(object)
	user, rp := options["user"].(object), options["rp"].(object)
	selection := options["authenticatorSelection"].(object)
	if user["name"] != profile["email"] || user["id"] == "" || rp["id"] != "localhost" || selection["residentKey"] != "required" || selection["userVerification"] != "preferred" {
		p.t.Errorf("the options are %v", options)
	}
	raw, _ := json.Marshal(options)
	asked, err := virtualwebauthn.ParseAttestationOptions(string(raw))
	if err != nil {
		p.t.Fatal(err)
	}
	p.device.Options.UserHandle = []byte(asked.UserID)
	return body["auth_session"].(string), virtualwebauthn.CreateAttestationResponse(p.party, p.device, p.key, *asked)
}

func (p *person) exchange(app, session, response string) (int, object) {
	p.t.Helper()
	return p.post("oauth/token", object{"grant_type": grant, "client_id": app, "auth_session": session, "authn_response": json.RawMessage(response), "scope": "openid email"})
}

func TestAPasskeyMakesAnAccount(t *testing.T) {
	s := start(t)
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	s.Freeze(now)
	cleo := somebody(t, s)
	session, response := cleo.register(object{"email": "cleo@example.com", "name": "Cleo", "app_metadata": object{"admin": true}, "email_verified": true})
	refused := func(when, app, session, response string) {
		t.Helper()
		if status, body := cleo.exchange(app, session, response); status != 403 || body["error"] != "invalid_grant" {
			t.Errorf("%s: %d %v", when, status, body)
		}
	}
	refused("another application", "other", session, response)
	refused("no session", "app", "x", response)
	refused("no answer", "app", session, `{"id":"x"}`)
	elsewhere, _ := somebody(t, s).register(object{"email": "dan@example.com"})
	refused("another session", "app", elsewhere, response)
	if status, answer := s.Manage(cleo.client, http.MethodGet, "users-by-email?email=cleo%40example.com", nil); status != 200 || len(answer.([]any)) != 0 {
		t.Errorf("there is an account before the passkey: %v", answer)
	}

	status, body := cleo.exchange("app", session, response)
	if status != 200 || body["access_token"] == nil || body["id_token"] == nil {
		t.Fatalf("%d %v", status, body)
	}
	_, found := s.Manage(cleo.client, http.MethodGet, "users-by-email?email=cleo%40example.com", nil)
	user := found.([]any)[0].(object)
	if user["name"] != "Cleo" || user["app_metadata"] != nil || user["email_verified"] != false || user["logins_count"] != 1.0 || !strings.HasPrefix(user["user_id"].(string), "auth0|") {
		t.Errorf("the account is %v", user)
	}
	s.WaitForMessage("cleo@example.com", "verify_email")
	refused("replayed", "app", session, response)

	// The passkey logs in, also on the pages; a password never does.
	status, body = cleo.post("passkey/challenge", object{"client_id": "app"})
	if status != 200 {
		t.Fatal(body)
	}
	raw, _ := json.Marshal(body["authn_params_public_key"])
	if status, body = cleo.exchange("app", body["auth_session"].(string), cleo.use(string(raw))); status != 200 {
		t.Errorf("the next login: %d %v", status, body)
	}
	cleo.ask(nil)
	cleo.send("username", "", "passkey", cleo.use(cleo.asked()))
	cleo.done()

	// A registration that is too late, and a second account.
	late := somebody(t, s)
	session, response = late.register(object{"email": "late@example.com"})
	s.Freeze(now.Add(10 * time.Minute))
	refused("too late", "app", session, response)
	first, second := somebody(t, s), somebody(t, s)
	one, made := first.register(object{"email": "twin@example.com"})
	two, other := second.register(object{"email": "twin@example.com"})
	if status, body := first.exchange("app", one, made); status != 200 {
		t.Fatal(body)
	}
	if status, body := second.exchange("app", two, other); status != 400 || body["error"] != "invalid_signup" {
		t.Errorf("of two who sign up by one address: %d %v", status, body)
	}
}

func TestWhoMayNotRegisterAPasskey(t *testing.T) {
	s := start(t)
	p := somebody(t, s)
	profile := object{"email": "new@example.com"}
	for name, tt := range map[string]struct {
		body   object
		status int
		code   string
	}{
		"no profile":             {object{"client_id": "app"}, 400, "invalid_request"},
		"a profile that is none": {object{"client_id": "app", "user_profile": object{"email": 1}}, 400, "invalid_request"},
		"no address":             {object{"client_id": "app", "user_profile": object{"name": "x"}}, 400, "invalid_signup"},
		"a bad address":          {object{"client_id": "app", "user_profile": object{"email": "x"}}, 400, "invalid_request"},
		"who has an account":     {object{"client_id": "app", "user_profile": object{"email": "ann@example.com"}}, 400, "invalid_signup"},
		"no application":         {object{"client_id": "nobody", "user_profile": profile}, 401, "access_denied"},
		"without a connection":   {object{"client_id": "closed", "user_profile": profile}, 400, "invalid_request"},
		"another connection":     {object{"client_id": "app", "realm": "nothing", "user_profile": profile}, 400, "invalid_request"},
	} {
		if status, body := p.post("passkey/register", tt.body); status != tt.status || body["error"] != tt.code {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	// A connection that allows no sign-ups, or that verifies them by code.
	_, connections := s.Manage(p.client, http.MethodGet, "connections?name=Users", nil)
	conn := connections.([]any)[0].(object)
	options := conn["options"].(object)
	options["disable_signup"] = true
	s.Manage(p.client, http.MethodPatch, "connections/"+conn["id"].(string), object{"options": options})
	if status, body := p.post("passkey/register", object{"client_id": "app", "user_profile": profile}); status != 400 || body["error"] != "unauthorized" || body["error_description"] != "Public signup is disabled" {
		t.Errorf("where nobody signs up: %d %v", status, body)
	}
	options["disable_signup"] = false
	options["attributes"] = object{"email": object{"identifier": object{"active": true}, "profile_required": true, "verification_method": "code", "signup": object{"status": "required", "verification": object{"active": true}}}}
	if status, answer := s.Manage(p.client, http.MethodPatch, "connections/"+conn["id"].(string), object{"options": options}); status != 200 {
		t.Fatal(answer)
	}
	if status, body := p.post("passkey/register", object{"client_id": "app", "user_profile": profile}); status != 400 || body["error"] != "invalid_request" {
		t.Errorf("where codes are sent: %d %v", status, body)
	}
}

// TestARegistrationIsAskedForAFactor like any login: the account already exists then.
func TestARegistrationIsAskedForAFactor(t *testing.T) {
	s := start(t)
	p := somebody(t, s)
	s.Manage(p.client, http.MethodPut, "guardian/factors/otp", object{"enabled": true})
	s.Manage(p.client, http.MethodPut, "guardian/policies", []string{"all-applications"})
	session, response := p.register(object{"email": "eve@example.com"})
	if status, body := p.exchange("app", session, response); status != 403 || body["error"] != "mfa_required" || body["mfa_token"] == nil {
		t.Errorf("%d %v", status, body)
	}
}

// TestAPasskeyIsItsTenants: an answer to one tenant's challenge is refused by another.
func TestAPasskeyIsItsTenants(t *testing.T) {
	s, other := start(t), start(t)
	p, q := somebody(t, s), somebody(t, other)
	session, response := p.register(object{"email": "fay@example.com"})
	if status, body := q.exchange("app", session, response); status != 403 || body["error"] != "invalid_grant" {
		t.Errorf("%d %v", status, body)
	}
}
