package deploy_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

const withProviders = `
clients:
  - {name: app, client_id: app, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code]}
connections:
  - {name: google-oauth2, strategy: google-oauth2, enabled_clients: [app]}
  - {name: mail, strategy: email, enabled_clients: [app]}
databases:
  - {name: db, strategy: auth0, enabled_clients: [app]}
simulatedProviders:
  - connection: google-oauth2
    people:
      - {id: "42", profile: {email: eve@example.com, email_verified: true, name: Eve}}
      - {profile: {email: mallory@example.com}}
    choice: {person: eve@example.com}
`

// TestATenantFileHasThePeopleOfProviders: they log in without a click, also after a reset.
func TestATenantFileHasThePeopleOfProviders(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(withProviders))
	logIn := func() string {
		l := servertest.Login{ClientID: "app", RedirectURI: "https://app.example.com/callback", Params: url.Values{"audience": {""}, "scope": {"openid"}, "connection": {"google-oauth2"}}}
		browser := s.Client()
		answer := s.Exchange(browser, s.Login(browser, l))
		parts := strings.Split(answer["id_token"].(string), ".")
		return parts[1]
	}
	first := logIn()
	s.Choose("google-oauth2", "allow", "ada@example.com")
	if other := logIn(); other == first {
		t.Error("a choice changes nothing")
	}
	s.Reset()
	resp, err := http.Get(s.ControlURL() + "/providers/google-oauth2")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var provider struct {
		People []struct {
			ID      string         `json:"id"`
			Profile map[string]any `json:"profile"`
		} `json:"people"`
		Choice map[string]any `json:"choice"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&provider); err != nil {
		t.Fatal(err)
	}
	emails := map[any]bool{}
	for _, p := range provider.People {
		emails[p.Profile["email"]] = true
		if p.ID == "" {
			t.Errorf("%v has no id", p.Profile)
		}
	}
	if !emails["eve@example.com"] || !emails["mallory@example.com"] || !emails["ada@example.com"] {
		t.Errorf("the provider knows %v", provider.People)
	}
	if diff := cmp.Diff(map[string]any{"outcome": "allow", "person": "eve@example.com", "once": false}, provider.Choice); diff != "" {
		t.Error(diff)
	}
}

// TestProvidersThatATenantFileCannotHave are reported before the tenant is created.
func TestProvidersThatATenantFileCannotHave(t *testing.T) {
	for _, tt := range []struct{ from, to, says string }{
		{"connection: google-oauth2\n", "connection: gogle\n", `there is no connection to an identity provider "gogle" in the file`},
		{"connection: google-oauth2\n", "connection: db\n", `there is no connection to an identity provider "db"`},
		{"connection: google-oauth2\n", "connection: mail\n", `there is no connection to an identity provider "mail"`},
		{"choice: {person: eve@example.com}", "choice: {person: nobody@example.com}", "the provider has no person with the id or e-mail address nobody@example.com"},
		{"choice: {person: eve@example.com}", "choice: {outcome: maybe}", "allow"},
		{"- {profile: {email: mallory@example.com}}", "- {id: x}", "profile"},
		{"choice: {person: eve@example.com}", "choice: {}\n  - {connection: google-oauth2}", "is given twice"},
	} {
		_, err := servertest.Try(t, servertest.Seed(strings.Replace(withProviders, tt.from, tt.to, 1)))
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q: %v", tt.to, err)
		}
	}
}
