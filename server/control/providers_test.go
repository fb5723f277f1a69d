package control_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

const providersFile = `
clients:
  - {name: app, client_id: app, app_type: native, token_endpoint_auth_method: none, grant_types: [authorization_code], callbacks: ["https://app.example.com/callback"]}
databases:
  - {name: people, strategy: auth0, enabled_clients: [app]}
connections:
  - {name: work, strategy: waad, enabled_clients: [app], options: {tenant_domain: corp.example, domain_aliases: [corp.example]}}
  - {name: google-oauth2, strategy: google-oauth2, enabled_clients: [app]}
`

type shownProvider struct {
	Connection, Strategy string
	People               []struct {
		ID      string
		Profile map[string]any
	}
	Choice *struct {
		Outcome, Person string
		Once            bool
	}
}

// TestProviders: there is one per connection to an identity provider, with its people and a choice.
func TestProviders(t *testing.T) {
	l := listener{servertest.Start(t, servertest.Seed(providersFile)), t}
	var all []shownProvider
	l.read(http.MethodGet, "/providers", "", &all)
	if len(all) != 2 || all[0].Connection != "google-oauth2" || all[1].Connection != "work" || all[1].Strategy != "waad" {
		t.Fatalf("the providers are %+v", all)
	}
	if p := all[1].People; len(p) != 2 || p[0].Profile["email"] != "ada@corp.example" || all[1].Choice != nil {
		t.Errorf("the people of the directory are %+v, its choice %v", p, all[1].Choice)
	}
	if status, made := l.ask(http.MethodPost, "/providers/work/people", `{"profile": {"email": "bob@corp.example", "groups": ["a"]}}`); status != http.StatusCreated || !strings.Contains(made, `"id":"`) {
		t.Errorf("a new person: %d %s", status, made)
	}
	if status, made := l.ask(http.MethodPost, "/providers/work/people", `{"id": "b2", "profile": {"email": "carl@corp.example"}}`); status != http.StatusCreated {
		t.Errorf("a new person with an id: %d %s", status, made)
	}
	for _, choice := range []string{`{"person": "bob@corp.example"}`, `{"outcome": "deny", "person": "b2", "once": true}`, `{"outcome": "fail"}`} {
		if status, answer := l.ask(http.MethodPut, "/providers/work/choice", choice); status != http.StatusNoContent {
			t.Errorf("the choice %s: %d %s", choice, status, answer)
		}
	}
	var one shownProvider
	l.read(http.MethodGet, "/providers/work", "", &one)
	if len(one.People) != 4 || one.Choice == nil || one.Choice.Outcome != "fail" || one.Choice.Person != "" {
		t.Errorf("the provider is %+v", one)
	}
	for _, path := range []string{"/providers/work/choice", "/providers/work/people/b2"} {
		if status, answer := l.ask(http.MethodDelete, path, ""); status != http.StatusNoContent {
			t.Errorf("DELETE %s: %d %s", path, status, answer)
		}
	}
	one = shownProvider{}
	l.read(http.MethodGet, "/providers/work", "", &one)
	if len(one.People) != 3 || one.Choice != nil {
		t.Errorf("after that the provider is %+v", one)
	}
}

func TestProvidersThatAreRefused(t *testing.T) {
	l := listener{servertest.Start(t, servertest.Seed(providersFile)), t}
	for _, tt := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{http.MethodGet, "/providers/nobody", "", 404, "GET /providers lists them"},
		{http.MethodGet, "/providers/people", "", 404, "to an identity provider"}, // a database is none
		{http.MethodPost, "/providers/people/people", `{"profile": {}}`, 404, "to an identity provider"},
		{http.MethodPost, "/providers/work/people", `{"id": "x"}`, 400, "a person is"},
		{http.MethodPost, "/providers/work/people", `[]`, 400, "JSON object"},
		{http.MethodPost, "/providers/work/people", `{`, 400, ""},
		{http.MethodPost, "/providers/work/people", `{"profile": {"x": "` + strings.Repeat("x", 70<<10) + `"}}`, 413, ""},
		{http.MethodPut, "/providers/work/choice", `{"outcome": "explode"}`, 400, "allow, deny, fail, without_email"},
		{http.MethodPut, "/providers/work/choice", `{"person": "nobody"}`, 404, "has no person"},
		{http.MethodPut, "/providers/work/choice", `{"person": 1}`, 400, "Invalid parameter person: must be of the type string"},
		{http.MethodPut, "/providers/nobody/choice", `{}`, 404, "GET /providers"},
		{http.MethodDelete, "/providers/people/choice", "", 404, "to an identity provider"},
		{http.MethodPost, "/providers/work/tokens", `{"client_id": "app"}`, 400, "has the strategy waad"},
		{http.MethodPost, "/providers/google-oauth2/tokens", `{"person": "ada@example.com"}`, 400, "must name the application"},
		{http.MethodPost, "/providers/google-oauth2/tokens", `{"client_id": "app", "person": "nobody"}`, 404, "has no person"},
		{http.MethodPost, "/providers/people/tokens", `{"client_id": "app"}`, 404, "to an identity provider"},
		{http.MethodPost, "/providers/work/assertions", `{"client_id": "app"}`, 400, "has the strategy waad"},
		{http.MethodPost, "/providers/work/assertions", `{}`, 400, "must name the application"},
	} {
		status, answer := l.ask(tt.method, tt.path, tt.body)
		if status != tt.status || !strings.Contains(answer, tt.says) {
			t.Errorf("%s %s %.40s: %d %s, want %d with %q", tt.method, tt.path, tt.body, status, answer, tt.status, tt.says)
		}
	}
	var one shownProvider
	l.read(http.MethodGet, "/providers/work", "", &one)
	if len(one.People) != 2 || one.Choice != nil {
		t.Errorf("what was refused has changed the provider: %+v", one)
	}
}

// TestTokensOfSDKs: without a named person they are for the first person; those of Google are ID tokens.
func TestTokensOfSDKs(t *testing.T) {
	l := listener{servertest.Start(t, servertest.Seed(providersFile)), t}
	status, answer := l.ask(http.MethodPost, "/providers/google-oauth2/tokens", `{"client_id": "app"}`)
	var given struct {
		SubjectToken     string `json:"subject_token"`
		SubjectTokenType string `json:"subject_token_type"`
		ExpiresIn        int    `json:"expires_in"`
		UserProfile      any    `json:"user_profile"`
	}
	if err := json.Unmarshal([]byte(answer), &given); err != nil || status != http.StatusCreated {
		t.Fatalf("%d %s %v", status, answer, err)
	}
	var claims map[string]any
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(given.SubjectToken, ".")[1])
	if err == nil {
		err = json.Unmarshal(raw, &claims)
	}
	if err != nil || claims["iss"] != "https://accounts.google.com" || claims["aud"] != "simulated-google-oauth2" || claims["azp"] != "app" || claims["email"] != "ada@example.com" {
		t.Errorf("the claims are %v, %v", claims, err)
	}
	if given.ExpiresIn != 3600 || given.SubjectTokenType != "http://auth0.com/oauth/token-type/google-id-token" || given.UserProfile != nil {
		t.Errorf("it is %+v", given)
	}
}
