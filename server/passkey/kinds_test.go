package passkey_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"github.com/tenant0/tenant0/server/servertest"
)

// twoFile is a tenant with two databases that allow passkeys.
var twoFile = strings.Replace(file, "enabled_clients: [app, other]", "enabled_clients: [app, other, both]", 1) + `
  - {name: Others, strategy: auth0, enabled_clients: [both], options: {authentication_methods: {password: {enabled: true}, passkey: {enabled: true}}}}
`

// TestAPasskeyIsOfItsDatabase: if an application has several databases, a passkey works only for its own.
func TestAPasskeyIsOfItsDatabase(t *testing.T) {
	seed := strings.Replace(twoFile, "  - {name: Closed,", `  - {name: Both, client_id: both, app_type: native, token_endpoint_auth_method: none, callbacks: [], grant_types: ["`+grant+`"]}`+"\n  - {name: Closed,", 1)
	s := servertest.Start(t, servertest.Seed(seed), servertest.HTTP())
	eve := somebody(t, s)
	status, body := eve.post("passkey/register", object{"client_id": "both", "realm": "Others", "user_profile": object{"email": "eve@example.com"}})
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, body)
	}
	raw, _ := json.Marshal(body["authn_params_public_key"])
	asked, err := virtualwebauthn.ParseAttestationOptions(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	eve.device.Options.UserHandle = []byte(asked.UserID)
	if status, body = eve.exchange("both", body["auth_session"].(string), virtualwebauthn.CreateAttestationResponse(eve.party, eve.device, eve.key, *asked)); status != http.StatusOK {
		t.Fatalf("%d %v", status, body)
	}
	for name, tt := range map[string]struct {
		asked, sent string
		status      int
	}{
		"its own":                  {"Others", "Others", 200},
		"its own, as it was asked": {"Others", "", 200},
		"the other one":            {"Users", "", 403},
		"another than was asked":   {"Others", "Users", 403},
		"its own in the end":       {"Users", "Others", 403},
	} {
		status, body := eve.post("passkey/challenge", object{"client_id": "both", "realm": tt.asked})
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, body)
		}
		raw, _ := json.Marshal(body["authn_params_public_key"])
		form := object{"grant_type": grant, "client_id": "both", "auth_session": body["auth_session"], "authn_response": json.RawMessage(eve.use(string(raw))), "scope": "openid"}
		if tt.sent != "" {
			form["realm"] = tt.sent
		}
		if status, body := eve.post("oauth/token", form); status != tt.status {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
}

// TestAPasskeyIsNoFurtherFactor, and a security key enrolled as a second factor is no passkey.
func TestAPasskeyIsNoFurtherFactor(t *testing.T) {
	s := start(t)
	ann := somebody(t, s)
	ann.enroll("ann")
	for path, body := range map[string]any{"guardian/factors/webauthn-roaming": object{"enabled": true}, "guardian/policies": []string{"all-applications"}} {
		if status, answer := s.Manage(s.Client(), http.MethodPut, path, body); status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
	}
	factor := somebody(t, s)
	factor.password("ann", "false")
	factor.at("/u/mfa-webauthn-roaming-enrollment")
	factor.send("response", factor.make(), "action", "default")
	factor.done()

	factor.client = s.Client()
	factor.password("ann", "false")
	factor.at("/u/mfa-webauthn-roaming-challenge")
	ann.device.Options.UserHandle = nil
	factor.send("response", ann.use(factor.asked()), "action", "default")
	factor.at("/u/mfa-webauthn-roaming-challenge")
	_, body := factor.post("passkey/challenge", object{"client_id": "app"})
	raw, _ := json.Marshal(body["authn_params_public_key"])
	if status, body := factor.exchange("app", body["auth_session"].(string), factor.use(string(raw))); status != http.StatusForbidden || body["error"] != "invalid_grant" {
		t.Errorf("a key that is a factor as a passkey: %d %v", status, body)
	}
	factor.send("response", factor.use(factor.asked()), "action", "default")
	factor.done()
}

// TestAPasskeyIsWhoseItWasAskedOf: a passkey created for one user is not stored for another user who has
// logged in meanwhile in another tab of the same login.
func TestAPasskeyIsWhoseItWasAskedOf(t *testing.T) {
	s := start(t)
	ann := somebody(t, s)
	ann.password("ann", "true")
	ann.at("/u/passkey-enrollment")
	page, made := ann.page, ann.make()
	state := page.URL.Query().Get("state")
	stay := *ann.client
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, page := range []string{"identifier", "password"} {
		form := url.Values{"username": {"bob@example.com"}, "password": {"a password of bob"}, "action": {"default"}, "webauthn-platform-available": {"true"}}
		resp, err := stay.PostForm(s.URL+"u/login/"+page+"?state="+url.QueryEscape(state), form)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	ann.page = page
	ann.send("passkey", made, "action", "default")
	for _, user := range []string{"ann", "bob"} {
		_, methods := s.Manage(s.Client(), http.MethodGet, "users/auth0%7C"+user+"/authentication-methods", nil)
		for _, m := range methods.([]any) {
			if m.(object)["type"] == "passkey" {
				t.Errorf("%s has the passkey %v", user, m)
			}
		}
	}
	ann.at("/u/passkey-enrollment") // it is asked of bob now
}
