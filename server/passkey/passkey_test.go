package passkey_test

import (
	"encoding/json"
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"

	"github.com/tenant0/tenant0/server/servertest"
)

const file = `
tenant: {default_directory: Users}
clients:
  - {name: App, client_id: app, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"],
     grant_types: [authorization_code, "urn:okta:params:oauth:grant-type:webauthn"]}
  - {name: Other, client_id: other, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://other.example.com/callback"],
     grant_types: [authorization_code, "urn:okta:params:oauth:grant-type:webauthn"]}
  - {name: Closed, client_id: closed, app_type: native, token_endpoint_auth_method: none, callbacks: [], grant_types: ["urn:okta:params:oauth:grant-type:webauthn"]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: Users}
  - {user_id: "auth0|bob", email: bob@example.com, password: a password of bob, connection: Users}
databases:
  - name: Users
    strategy: auth0
    enabled_clients: [app, other]
    options:
      authentication_methods: {password: {enabled: true}, passkey: {enabled: true}}
      passkey_options: {challenge_ui: both, progressive_enrollment_enabled: true, local_enrollment_enabled: true}
`

const grant = "urn:okta:params:oauth:grant-type:webauthn"

// start starts a tenant that asks for the identifier first.
func start(t *testing.T) *servertest.Server {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(file), servertest.HTTP())
	if status, answer := s.Manage(s.Client(), http.MethodPatch, "prompts", map[string]any{"identifier_first": true}); status != 200 {
		t.Fatal(answer)
	}
	return s
}

// person is a user with a browser and an authenticator.
type person struct {
	*servertest.Server
	t      *testing.T
	client *http.Client
	page   servertest.Page
	left   *url.URL
	device virtualwebauthn.Authenticator
	key    virtualwebauthn.Credential
	party  virtualwebauthn.RelyingParty
}

func somebody(t *testing.T, s *servertest.Server) *person {
	t.Helper()
	return &person{
		Server: s, t: t, client: s.Client(), device: virtualwebauthn.NewAuthenticator(), key: servertest.NewKey(),
		party: virtualwebauthn.RelyingParty{ID: "localhost", Origin: strings.TrimSuffix(s.URL, "/")},
	}
}

func (p *person) ask(params url.Values) {
	p.t.Helper()
	all := url.Values{"audience": {""}, "scope": {"openid"}}
	maps.Copy(all, params)
	target, _ := p.AuthorizeURL(servertest.Login{ClientID: "app", RedirectURI: "https://app.example.com/callback", Params: all})
	p.left, p.page = p.Visit(p.client, target)
}

func (p *person) send(fields ...string) {
	p.t.Helper()
	form := p.page.Form()
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	p.left, p.page = p.Submit(p.client, p.page, form)
}

func (p *person) at(path string) {
	p.t.Helper()
	if p.left != nil || p.page.URL.Path != path {
		p.t.Fatalf("the browser is at %v %v, want %s: %s", p.left, p.page.URL, path, p.page.Body)
	}
}

func (p *person) done() {
	p.t.Helper()
	if p.left == nil || p.left.Query().Get("code") == "" {
		p.t.Fatalf("the login has not ended: %v %v %s", p.left, p.page.URL, p.page.Body)
	}
}

// password logs in with a password; capable says whether the browser can store passkeys.
func (p *person) password(user, capable string) {
	p.t.Helper()
	p.ask(url.Values{"prompt": {"login"}})
	p.at("/u/login/identifier")
	p.send("username", user+"@example.com", "webauthn-platform-available", capable, "action", "default")
	p.at("/u/login/password")
	p.send("password", "a password of "+user, "action", "default")
}

var options = regexp.MustCompile(`data-options="([^"]*)"`)

func (p *person) asked() string {
	p.t.Helper()
	found := options.FindStringSubmatch(p.page.Body)
	if found == nil {
		p.t.Fatalf("the page asks no authenticator: %s", p.page.Body)
	}
	return html.UnescapeString(found[1])
}

func (p *person) make() string {
	p.t.Helper()
	asked, err := virtualwebauthn.ParseAttestationOptions(p.asked())
	if err != nil {
		p.t.Fatal(err)
	}
	p.device.Options.UserHandle = []byte(asked.UserID)
	return virtualwebauthn.CreateAttestationResponse(p.party, p.device, p.key, *asked)
}

func (p *person) use(options string) string {
	p.t.Helper()
	asked, err := virtualwebauthn.ParseAssertionOptions(options)
	if err != nil {
		p.t.Fatal(err)
	}
	p.key.Counter++
	return virtualwebauthn.CreateAssertionResponse(p.party, p.device, p.key, *asked)
}

// enroll creates a passkey for a user.
func (p *person) enroll(user string) {
	p.t.Helper()
	p.password(user, "true")
	p.at("/u/passkey-enrollment")
	p.send("passkey", p.make(), "action", "default")
	p.done()
}

func TestPasskeys(t *testing.T) {
	s := start(t)
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	s.Freeze(now)
	ann := somebody(t, s)
	ann.password("ann", "false") // nothing is offered to a browser that cannot
	ann.done()
	ann.password("ann", "true")
	ann.at("/u/passkey-enrollment")
	for _, has := range []string{`value="abort-passkey-enrollment"`, "_link-abort-passkey-enrollment", "Create a passkey", "Continue without passkeys"} {
		if !strings.Contains(ann.page.Body, has) {
			t.Errorf("the page has no %s: %s", has, ann.page.Body)
		}
	}
	ann.send("action", "abort-passkey-enrollment")
	ann.done()
	// A user who continues without a passkey is not asked again in this browser for 30 days.
	s.Freeze(now.Add(29 * 24 * time.Hour))
	ann.password("ann", "true")
	ann.done()
	elsewhere := somebody(t, s)
	elsewhere.password("ann", "true")
	elsewhere.at("/u/passkey-enrollment")
	now = now.Add(30 * 24 * time.Hour)
	s.Freeze(now)
	ann.password("ann", "true")
	old := ann.make()
	ann.send("passkey", "{}", "action", "default")
	for _, wrong := range []string{old, "", "x"} {
		ann.at("/u/passkey-enrollment")
		if ann.page.Status != 400 || !strings.Contains(ann.page.Body, "passkey-enrollment-failure") {
			t.Fatalf("%q: %d %s", wrong, ann.page.Status, ann.page.Body)
		}
		ann.send("passkey", wrong, "action", "default")
	}
	ann.send("passkey", ann.make(), "action", "default")
	ann.done()
	ann.password("ann", "true") // who has one is not offered another
	ann.done()
	_, methods := s.Manage(ann.client, http.MethodGet, "users/auth0%7Cann/authentication-methods", nil)
	shown, _ := json.Marshal(methods)
	for _, has := range []string{`"type":"passkey"`, `"credential_device_type":"single_device"`, `"relying_party_identifier":"localhost"`, `"key_id"`, `"user_handle"`} {
		if !strings.Contains(string(shown), has) || strings.Contains(string(shown), "webauthn_credential") {
			t.Errorf("the Management API shows no %s: %s", has, shown)
		}
	}

	// Sign-in with the passkey alone.
	ann.client = s.Client()
	ann.ask(nil)
	ann.at("/u/login/identifier")
	if !strings.Contains(ann.page.Body, `autocomplete="username webauthn"`) || !strings.Contains(ann.page.Body, `name="passkey"`) {
		t.Errorf("the page is %s", ann.page.Body)
	}
	first := ann.use(ann.asked())

	ann.send("username", "", "passkey", first)
	ann.done()
	_, sessions := s.Manage(ann.client, http.MethodGet, "users/auth0%7Cann/sessions", nil)
	if raw, _ := json.Marshal(sessions); !strings.Contains(string(raw), `"name":"passkey"`) {
		t.Errorf("the sessions are %s", raw)
	}
	// The answer works once, in its own login, for ten minutes.
	refused := func(when string, p *person) {
		t.Helper()
		if p.left != nil || p.page.Status != 400 || !strings.Contains(p.page.Body, "passkey-authentication-failed") {
			t.Errorf("%s: %v %d", when, p.left, p.page.Status)
		}
	}
	ann.client = s.Client()
	ann.ask(nil)
	ann.send("passkey", first)
	refused("replayed", ann)
	stranger := somebody(t, s)
	stranger.device.Options.UserHandle = ann.device.Options.UserHandle
	ann.send("passkey", stranger.use(ann.asked()))
	refused("nobody's key", ann)
	ann.party.Origin = "https://evil.example.com"
	ann.send("passkey", ann.use(ann.asked()))
	refused("another origin", ann)
	ann.party.Origin = strings.TrimSuffix(s.URL, "/")
	late := ann.use(ann.asked())
	now = now.Add(10 * time.Minute)
	s.Freeze(now)
	ann.send("passkey", late)
	refused("too late", ann)
	bob := somebody(t, s)
	bob.enroll("bob")
	handle := bob.device.Options.UserHandle
	bob.device.Options.UserHandle = ann.device.Options.UserHandle
	ann.send("passkey", bob.use(ann.asked()))
	refused("another user's handle", ann)
	bob.device.Options.UserHandle = handle
	// A passkey of a deleted account logs nobody in.
	if status, answer := s.Manage(ann.client, http.MethodDelete, "users/auth0%7Cbob", nil); status != 204 {
		t.Fatal(answer)
	}
	ann.send("passkey", bob.use(ann.asked()))
	refused("a user who has gone", ann)
	ann.send("passkey", ann.use(ann.asked()))
	ann.done()
}

func TestThePasskeyGrant(t *testing.T) {
	s := start(t)
	s.Freeze(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	ann := somebody(t, s)
	ann.enroll("ann")
	challenge := func(app string) (session, options string) {
		t.Helper()
		status, body := s.Post(ann.client, "passkey/challenge", url.Values{"client_id": {app}})
		if status != 200 || body["auth_session"] == nil {
			t.Fatalf("%d %v", status, body)
		}
		raw, _ := json.Marshal(body["authn_params_public_key"])
		return body["auth_session"].(string), string(raw)
	}
	exchange := func(app, session, response string) (int, map[string]any) {
		t.Helper()
		raw, _ := json.Marshal(map[string]any{"grant_type": grant, "client_id": app, "auth_session": session, "authn_response": json.RawMessage(response), "scope": "openid", "realm": "Users"})
		resp, err := ann.client.Post(s.URL+"oauth/token", "application/json", strings.NewReader(string(raw)))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var body map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, body
	}
	session, options := challenge("app")
	if !strings.Contains(options, `"rpId":"localhost"`) || !strings.Contains(options, `"userVerification":"preferred"`) {
		t.Errorf("the options are %s", options)
	}
	refused := func(when, app, session, response string) {
		t.Helper()
		if status, body := exchange(app, session, response); status != 403 || body["error"] != "invalid_grant" {
			t.Errorf("%s: %d %v", when, status, body)
		}
	}
	response := ann.use(options)
	refused("another application", "other", session, response)
	refused("no session", "app", "x", response)
	refused("no answer", "app", session, `{"id":"x"}`)
	other, _ := challenge("app")
	refused("another session", "app", other, response)
	status, body := exchange("app", session, response)
	if status != 200 || body["id_token"] == nil {
		t.Fatalf("%d %v", status, body)
	}
	refused("replayed", "app", session, response)
	if status, body := s.Post(ann.client, "passkey/challenge", url.Values{"client_id": {"closed"}}); status != 400 {
		t.Errorf("an application without a connection: %d %v", status, body)
	}
	if status, body := s.Post(ann.client, "passkey/challenge", url.Values{"client_id": {"app"}, "realm": {"nothing"}}); status != 400 {
		t.Errorf("no connection: %d %v", status, body)
	}
}
