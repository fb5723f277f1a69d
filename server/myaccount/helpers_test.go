package myaccount_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

const (
	vaultGrant = "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token"
	secret     = "a secret of sixteen characters"
	callback   = "https://app.example.com/callback"
	google     = "google-oauth2"
	every      = "create:me:connected_accounts read:me:connected_accounts delete:me:connected_accounts " +
		"create:me:authentication_methods read:me:authentication_methods update:me:authentication_methods delete:me:authentication_methods read:me:factors"
)

const file = `
tenant: {default_directory: people, friendly_name: Example Co}
clients:
  - {name: web, client_id: app, app_type: regular_web, oidc_conformant: true, client_secret: ` + secret + `, callbacks: ["` + callback + `", "` + callback + `?a=b"],
     grant_types: [password, authorization_code, refresh_token, "` + vaultGrant + `"], web_origins: ["https://app.example.com"]}
  - {name: other, client_id: other, app_type: regular_web, oidc_conformant: true, client_secret: ` + secret + `, callbacks: ["` + callback + `", "` + callback + `?a=b"],
     grant_types: [password]}
  - {name: ungranted, client_id: ungranted, app_type: regular_web, oidc_conformant: true, client_secret: ` + secret + `, callbacks: ["` + callback + `", "` + callback + `?a=b"],
     grant_types: [password, client_credentials]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
resourceServers:
  - {name: Auth0 My Account API, identifier: "${issuer}me/"}
  - {name: API, identifier: https://api.test, allow_offline_access: true}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
  - {client_id: app, audience: "${issuer}me/", subject_type: user, allow_all_scopes: true}
  - {client_id: other, audience: "${issuer}me/", subject_type: user, allow_all_scopes: true}
databases:
  - {name: people, strategy: auth0, enabled_clients: [app, other, ungranted], options: {passwordPolicy: good, authentication_methods: {password: {enabled: true}, passkey: {enabled: true}}}}
connections:
  - {name: google-oauth2, strategy: google-oauth2, connected_accounts: {active: true}, enabled_clients: [app, other],
     options: {scope: [email, profile, "https://www.googleapis.com/auth/calendar"], offline_access: true}}
  - {name: tracker, strategy: oauth2, connected_accounts: {active: true}, authentication: {active: false}, enabled_clients: [app],
     options: {client_id: c, client_secret: s, authorizationURL: "https://tracker.invalid/a", tokenURL: "https://tracker.invalid/t", scope: "read offline_access"}}
  - {name: github, strategy: github, enabled_clients: [app], options: {scope: [repo]}}
  - {name: line, strategy: line, connected_accounts: {active: true}, enabled_clients: [other]}
  - {name: directory, strategy: samlp, connected_accounts: {active: true}, enabled_clients: [app]}
users:
  - {user_id: "auth0|ann", email: ann@example.com, password: A 1st password of ann, connection: people}
  - {user_id: "auth0|bob", email: bob@example.com, password: A 1st password of bob, connection: people}
`

type object = map[string]any

type tenant struct {
	*servertest.Server
	browser *http.Client
	t       *testing.T
}

func start(t *testing.T) *tenant {
	t.Helper()
	s := servertest.Start(t, servertest.Seed(file))
	s.Freeze(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	tn := &tenant{s, s.Client(), t}
	for _, id := range []string{"1081", "1082"} {
		tn.Person(google, id, object{"email": id + "@gmail.example"})
	}
	tn.Person("tracker", "t1", object{"email": "ann@tracker.example"})
	tn.Choose(google, "allow", "1081")
	tn.Choose("tracker", "allow", "t1")
	return tn
}

// token returns an access token of a user for the API.
func (tn *tenant) token(user, client, scope string) string {
	tn.t.Helper()
	status, answer := tn.tokens(user, client, scope, tn.issuer()+"me/")
	if status != http.StatusOK {
		tn.t.Fatalf("%d %v", status, answer)
	}
	return answer["access_token"].(string)
}

func (tn *tenant) tokens(user, client, scope, audience string) (int, object) {
	tn.t.Helper()
	return tn.Token(tn.browser, url.Values{
		"grant_type": {"password"}, "client_id": {client}, "client_secret": {secret}, "username": {user + "@example.com"},
		"password": {"A 1st password of " + user}, "audience": {audience}, "scope": {scope},
	})
}

func (tn *tenant) issuer() string { return tn.URL }

// call calls the API. The answer is nil if it has no body.
func (tn *tenant) call(method, path, token string, body any, headers ...string) (resp *http.Response, answer object) {
	tn.t.Helper()
	var raw io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			tn.t.Fatal(err)
		}
		raw = strings.NewReader(string(text))
	}
	rq, err := http.NewRequestWithContext(tn.t.Context(), method, tn.URL+"me/v1/"+path, raw)
	if err != nil {
		tn.t.Fatal(err)
	}
	rq.Header.Set("Content-Type", "application/json")
	if token != "" {
		rq.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		rq.Header.Set(headers[i], headers[i+1])
	}
	resp, err = tn.browser.Do(rq)
	if err != nil {
		tn.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		tn.t.Fatal(err)
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer); err != nil {
			tn.t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, text)
		}
	}
	return resp, answer
}

// must calls the API and expects the status want.
func (tn *tenant) must(want int, method, path, token string, body any) object {
	tn.t.Helper()
	resp, answer := tn.call(method, path, token, body)
	if resp.StatusCode != want {
		tn.t.Fatalf("%s %s: %d %v", method, path, resp.StatusCode, answer)
	}
	return answer
}

// refused calls the API and expects an error of the type kind.
func (tn *tenant) refused(kind, method, path, token string, body any) object {
	tn.t.Helper()
	resp, answer := tn.call(method, path, token, body)
	status := 0
	if _, err := fmt.Sscanf(kind, "A0E-%d", &status); err != nil {
		tn.t.Fatal(err)
	}
	if resp.StatusCode != status || answer["status"] != float64(status) || answer["type"] != "https://auth0.com/api-errors/"+kind || answer["title"] == "" || answer["detail"] == "" {
		tn.t.Errorf("%s %s %v: %d %v, not %s", method, path, body, resp.StatusCode, answer, kind)
	}
	return answer
}

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// with returns a copy of an object with changed members; members set to nil are removed.
func with(o object, changes ...any) object {
	c := maps.Clone(o)
	for i := 0; i < len(changes); i += 2 {
		if c[changes[i].(string)] = changes[i+1]; changes[i+1] == nil {
			delete(c, changes[i].(string))
		}
	}
	return c
}
