package authorize_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// file is a tenant for which every check of /authorize has something to refuse.
const file = `
tenant: {friendly_name: Example, session_lifetime: 10, idle_session_lifetime: 2}
clients:
  - {name: app, client_id: app, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code, refresh_token],
     callbacks: ["https://app.example.com/callback", "https://app.example.com/with?query=1", "com.example.app://callback/path", "https://*.apps.example.com/cb", "https://pr-*.example.org", "http://localhost:3000"]}
  - {name: second, client_id: second, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code], callbacks: ["https://second.example.com/callback"]}
  - {name: web, client_id: web, app_type: regular_web, token_endpoint_auth_method: client_secret_post, client_secret: a secret of sixteen, grant_types: [authorization_code], callbacks: ["https://web.example.com/callback"]}
  - {name: third, client_id: third, app_type: native, token_endpoint_auth_method: none, is_first_party: false, grant_types: [authorization_code], callbacks: ["https://third.example.com/callback"]}
  - {name: nogrant, client_id: nogrant, app_type: native, token_endpoint_auth_method: none, grant_types: [implicit], callbacks: ["https://app.example.com/callback"]}
  - {name: hybrid, client_id: hybrid, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code, implicit], callbacks: ["https://app.example.com/callback"]}
  - {name: socialonly, client_id: socialonly, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code], callbacks: ["https://app.example.com/callback"]}
  - {name: noconnection, client_id: noconnection, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code], callbacks: ["https://app.example.com/callback"]}
  - {name: par, client_id: par, app_type: native, token_endpoint_auth_method: none, require_pushed_authorization_requests: true, grant_types: [authorization_code], callbacks: ["https://app.example.com/callback"]}
  - {name: org, client_id: org, app_type: native, token_endpoint_auth_method: none, organization_usage: require, grant_types: [authorization_code], callbacks: ["https://app.example.com/callback"]}
  - {name: manager, client_id: manager, app_type: non_interactive, token_endpoint_auth_method: client_secret_post, client_secret: a secret of sixteen, grant_types: [client_credentials]}
clientGrants:
  - {client_id: manager, audience: "https://example.auth0.com/api/v2/", scope: ["update:clients", "update:tenant_settings"]}
resourceServers:
  - {name: open, identifier: "urn:open", skip_consent_for_verifiable_first_party_clients: true, allow_offline_access: true, scopes: [{value: "read:it"}, {value: "write:it"}]}
  - {name: asking, identifier: "urn:asking", skip_consent_for_verifiable_first_party_clients: false, scopes: [{value: "read:it"}, {value: "write:it"}]}
  - {name: granted, identifier: "urn:granted", skip_consent_for_verifiable_first_party_clients: true, subject_type_authorization: {user: {policy: require_client_grant}}, scopes: [{value: "read:it"}]}
  - {name: denied, identifier: "urn:denied", skip_consent_for_verifiable_first_party_clients: true, subject_type_authorization: {user: {policy: deny_all}}, scopes: [{value: "read:it"}]}
databases:
  - {name: db, strategy: auth0, enabled_clients: [app, second, web, third, nogrant, hybrid, par, org]}
  - {name: db2, strategy: auth0, enabled_clients: [app]}
  - {name: unused, strategy: auth0, enabled_clients: [second]}
connections:
  - {name: social, strategy: google-oauth2, enabled_clients: [app, socialonly]}
  - {name: social2, strategy: google-oauth2, enabled_clients: [socialonly]}
  - {name: other, strategy: facebook, enabled_clients: [socialonly]}
  - {name: closed, strategy: oauth2, authentication: {active: false}, enabled_clients: [app]}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: a password of ann, connection: db}
  - {user_id: "auth0|bob", email: bob@example.com, password: a password of bob, connection: db, blocked: true}
  - {user_id: "auth0|cat", email: cat@example.com, password: a password of cat, connection: db2}
`

const (
	ann, annPassword = "ann@example.com", "a password of ann"
	callbackURL      = "https://app.example.com/callback"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// tenant is a running tenant of file, with a browser.
type tenant struct {
	*servertest.Server
	browser *http.Client
	t       *testing.T
}

func start(t *testing.T, opts ...servertest.Option) tenant {
	t.Helper()
	s := servertest.Start(t, append([]servertest.Option{servertest.Seed(file)}, opts...)...)
	return tenant{s, s.Client(), t}
}

// target returns the URL of an authorization request of the application app, with parameters changed in
// pairs; the value "" leaves a parameter out.
func (tn tenant) target(pairs ...string) string {
	tn.t.Helper()
	params := url.Values{"scope": {"openid"}, "audience": {""}, "state": {"s&1 ü"}}
	for i := 0; i < len(pairs); i += 2 {
		params.Set(pairs[i], pairs[i+1])
	}
	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: "app", RedirectURI: callbackURL, Params: params})
	return target
}

// fetch requests a URL without following redirects.
func (tn tenant) fetch(target string) (status int, location, body string) {
	tn.t.Helper()
	resp, err := tn.browser.Get(target)
	if err != nil {
		tn.t.Fatal(err)
	}
	return read(tn.t, resp)
}

// logIn logs a user in to the application app.
func (tn tenant) logIn(username string) servertest.Result {
	tn.t.Helper()
	params := url.Values{"scope": {"openid"}, "audience": {""}}
	name, _, _ := strings.Cut(username, "@")
	return tn.Login(tn.browser, servertest.Login{ClientID: "app", RedirectURI: callbackURL, Username: username, Password: "a password of " + name, Params: params})
}

// outcome returns the result of an authorization request: the path of a page, "code", or
// "error: description".
func (tn tenant) outcome(pairs ...string) string {
	tn.t.Helper()
	left, page := tn.Visit(tn.browser, tn.target(pairs...))
	switch {
	case left == nil:
		return page.URL.Path
	case left.Query().Get("code") != "":
		return "code"
	}
	return left.Query().Get("error") + ": " + left.Query().Get("error_description")
}

// manager returns a function that changes an object by a PATCH of the Management API.
func (tn tenant) manager() func(path string, body any) {
	tn.t.Helper()
	return func(path string, body any) {
		tn.t.Helper()
		raw, err := json.Marshal(body)
		if err != nil {
			tn.t.Fatal(err)
		}
		_, token := tn.Token(tn.browser, url.Values{
			"grant_type": {"client_credentials"}, "client_id": {"manager"}, "client_secret": {"a secret of sixteen"}, "audience": {tn.URL + "api/v2/"},
		})
		rq, err := http.NewRequestWithContext(tn.t.Context(), http.MethodPatch, tn.URL+"api/v2/"+path, bytes.NewReader(raw))
		if err != nil {
			tn.t.Fatal(err)
		}
		access, _ := token["access_token"].(string)
		rq.Header.Set("Authorization", "Bearer "+access)
		rq.Header.Set("Content-Type", "application/json")
		resp, err := tn.browser.Do(rq)
		if err != nil {
			tn.t.Fatal(err)
		}
		if status, _, text := read(tn.t, resp); status != http.StatusOK {
			tn.t.Fatalf("%s: %d %s, by %v", path, status, text, token)
		}
	}
}

// discovered returns a member of the discovery document.
func (tn tenant) discovered(name string) any {
	tn.t.Helper()
	_, _, body := tn.fetch(tn.URL + ".well-known/openid-configuration")
	var document map[string]any
	if err := json.Unmarshal([]byte(body), &document); err != nil {
		tn.t.Fatal(err)
	}
	return document[name]
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// startPlain starts a tenant whose issuer uses plain HTTP.
func startPlain(t *testing.T) tenant {
	t.Helper()
	return start(t, servertest.HTTP())
}
