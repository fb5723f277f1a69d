package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/servertest"
)

// TestAnApplicationHoldsAGrantForItselfAndOneForItsUsers has both client grants in a tenant file, in
// any order, and uses the file for an import and as a seed.
func TestAnApplicationHoldsAGrantForItselfAndOneForItsUsers(t *testing.T) {
	const own = `{"client_id":"Shop","audience":"https://orders.test","scope":["read:orders"]}`
	const users = `{"client_id":"Shop","audience":"https://orders.test","scope":["ship:orders"],"subject_type":"user"}`
	const rest = `"resourceServers":[{"name":"Orders","identifier":"https://orders.test","scopes":[{"value":"read:orders"},{"value":"ship:orders"}]}],
		"clients":[{"name":"Shop","app_type":"regular_web","grant_types":["authorization_code","client_credentials"]}]`
	grants := func(list ...string) string { return `"clientGrants":[` + strings.Join(list, ",") + `]` }
	s := servertest.Start(t)
	did := func(sections string) []string {
		t.Helper()
		return done(t, s, `{"sections":{`+sections+`}}`, "clientGrants")
	}
	want := []string{"create clientGrants Shop for https://orders.test", "create clientGrants Shop for https://orders.test (user)"}
	if diff := cmp.Diff(want, did(rest+","+grants(own, users))); diff != "" {
		t.Errorf("the import (- want, + got):\n%s", diff)
	}
	want = []string{"unchanged clientGrants Shop for https://orders.test (user)", "unchanged clientGrants Shop for https://orders.test"}
	if diff := cmp.Diff(want, did(grants(users, own))); diff != "" {
		t.Errorf("the import again, in another order (- want, + got):\n%s", diff)
	}
	changed := strings.Replace(users, `"ship:orders"`, `"read:orders","ship:orders"`, 1)
	if got := did(grants(own, changed)); len(got) != 2 || !strings.HasPrefix(got[0], "unchanged") || !strings.HasPrefix(got[1], "update clientGrants Shop for https://orders.test (user)") {
		t.Errorf("a change of one does %q", got)
	}
	seeded := servertest.Start(t, servertest.Seed("{"+rest+","+grants(own, changed)+"}"))
	for name, server := range map[string]*servertest.Server{"imported": s, "seeded": seeded} {
		exported := exportOf(t, server)
		var got []string
		for _, grant := range exported["clientGrants"].([]any) {
			if doc := grant.(map[string]any); doc["client_id"] == "Shop" {
				got = append(got, doc["subject_type"].(string))
			}
		}
		if slices.Sort(got); !slices.Equal(got, []string{"client", "user"}) {
			t.Errorf("%s: the export has grants for %q", name, got)
		}
	}
	status, report := bring(t, s, `{"sections":{`+grants(strings.Replace(own, `"read:orders"`, `7`, 1))+`}}`)
	if status != http.StatusUnprocessableEntity || !strings.Contains(report.Message, `"Shop for https://orders.test": `) {
		t.Errorf("a fault is told as %d %s", status, report.Message)
	}
	// A grant for all third-party applications has no client_id.
	const all = `{"default_for":"third_party_clients","audience":"https://orders.test","scope":["read:orders"],"subject_type":"user"}`
	for _, action := range []string{"create", "unchanged"} {
		if got := did(grants(all)); !slices.Equal(got, []string{action + " clientGrants third_party_clients for https://orders.test (user)"}) {
			t.Errorf("a grant for third parties does %q", got)
		}
	}
}

// TestTheManagementAPIOfAnotherTenantIsThisOnes: grants and permissions of another tenant's Management
// API, however an export spells its address, become those of this tenant's.
func TestTheManagementAPIOfAnotherTenantIsThisOnes(t *testing.T) {
	s := servertest.Start(t)
	for _, audience := range []string{
		"https://##AUTH0_DOMAIN##/api/v2/", "http://localhost:4401/api/v2/", "https://login.example.com/api/v2", "https://acme.eu.auth0.com/api/v2/", "${issuer}api/v2",
	} {
		_, report := bring(t, s, `{"dry_run":true,"sections":{
			"resourceServers":[{"identifier":"`+audience+`","name":"Auth0 Management API","is_system":true,"scopes":[{"value":"read:users"}]}],
			"clients":[{"name":"Job","app_type":"non_interactive"}],
			"clientGrants":[{"client_id":"Job","audience":"`+audience+`","scope":["read:users"]}],
			"roles":[{"name":"Reader","permissions":[{"resource_server_identifier":"`+audience+`","permission_name":"read:users"}]}],
			"organizations":[{"name":"acme","client_grants":[{"client_id":"Job","audience":"`+audience+`"}]}],
			"users":[{"email":"new@exampleco.com","password":"Correct horse 1!","permissions":[{"resource_server_identifier":"`+audience+`","permission_name":"read:users"}]}]}}`)
		var got []string
		for _, c := range report.Changes {
			got = append(got, c.Action+" "+c.Section+" "+c.Name)
		}
		want := []string{
			"unchanged resourceServers " + s.Issuer() + "api/v2/", "create clients Job", "create clientGrants Job for " + s.Issuer() + "api/v2/",
			"create roles Reader", "create organizations acme", "create users new@exampleco.com",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s (- want, + got):\n%s", audience, report.Message, diff)
		}
	}
	// An API that the tenant itself has is not replaced, although its address looks like a Management API.
	const stranger = "https://x.example/api/v2/"
	done(t, s, `{"sections":{"resourceServers":[{"name":"X","identifier":"`+stranger+`","scopes":[{"value":"read"}]}]}}`)
	got := done(t, s, `{"sections":{"clientGrants":[{"client_id":"Timesheets Cron","audience":"`+stranger+`","scope":["read"]}]}}`)
	if !slices.Equal(got, []string{"create clientGrants Timesheets Cron for " + stranger}) {
		t.Errorf("a grant for an API of the tenant does %q", got)
	}
}

// TestAllScopesOfASystemAPIAreSpelledOut: allow_all_scopes of a grant for a system API becomes the list of
// all its scopes, in a seed and in an import, since Auth0 has no allow_all_scopes for system APIs.
func TestAllScopesOfASystemAPIAreSpelledOut(t *testing.T) {
	const grants = `"clientGrants":[{"client_id":"Job","audience":"${issuer}api/v2/","allow_all_scopes":true}]`
	const clients = `"clients":[{"name":"Job","app_type":"non_interactive"}]`
	imported, seeded := servertest.Start(t), servertest.Start(t, servertest.Seed("{"+clients+","+grants+"}"))
	done(t, imported, `{"sections":{`+clients+`,`+grants+`}}`)
	for name, server := range map[string]*servertest.Server{"imported": imported, "seeded": seeded} {
		for _, grant := range exportOf(t, server)["clientGrants"].([]any) {
			doc := grant.(map[string]any)
			if doc["client_id"] != "Job" {
				continue
			}
			if scope, _ := doc["scope"].([]any); len(scope) != len(resource.ManagementScopes()) || doc["allow_all_scopes"] != nil {
				t.Errorf("%s: the grant has %d scopes, allow_all_scopes %v", name, len(scope), doc["allow_all_scopes"])
			}
		}
		if got := done(t, server, `{"sections":{`+grants+`}}`); !slices.Equal(got, []string{"unchanged clientGrants Job for " + server.Issuer() + "api/v2/"}) {
			t.Errorf("%s: the same again does %q", name, got)
		}
	}
}

// TestAGrantOfASystemAPIWithoutAllScopes: an import accepts allow_all_scopes: false for a system API, which the Management
// API refuses.
func TestAGrantOfASystemAPIWithoutAllScopes(t *testing.T) {
	s := servertest.Start(t)
	const sections = `{"sections":{"clients":[{"name":"Job","app_type":"non_interactive"}],
		"clientGrants":[{"client_id":"Job","audience":"https://acme.auth0.com/api/v2/","scope":["read:users"],"allow_all_scopes":false}]}}`
	done(t, s, sections)
	if got, want := done(t, s, sections, "clientGrants"), []string{"unchanged clientGrants Job for " + s.Issuer() + "api/v2/"}; !slices.Equal(got, want) {
		t.Errorf("the same again does %q, want %q", got, want)
	}
}

// TestReportsNameThings: the report of an import names objects that have only generated ids in the API.
func TestReportsNameThings(t *testing.T) {
	s := servertest.Start(t)
	const sections = `{"sections":{
		"pages":[{"name":"login","enabled":true,"html":"<p>@@config@@</p>"},{"name":"error_page","html":"<p></p>","show_log_link":false}],
		"selfServiceProfiles":[{"name":"SSO","customText":{"en":{"get-started":{"introduction":"Hello"}}}}],
		"connections":[{"name":"okta","strategy":"okta","options":{"client_id":"x","domain":"okta.test"},"enabled_clients":["Timesheets SPA"],
			"scim_configuration":{"user_id_attribute":"externalId","mapping":[{"scim":"userName","auth0":"username"}]}}]}}`
	got := done(t, s, sections)
	for _, want := range []string{"update pages login", "update pages error_page", "create selfServiceProfiles SSO", "update selfServiceProfiles SSO: customText en get-started", "create connections okta", "create connections okta: scim_configuration"} {
		if !slices.ContainsFunc(got, func(line string) bool { return line == want || strings.HasPrefix(line, want+";") }) {
			t.Errorf("the report has no %q: %q", want, got)
		}
	}
	got = done(t, s, strings.Replace(sections, "Timesheets SPA", "Timesheets Web", 1), "connections")
	if want := `update connections okta; enabled_clients: ["Timesheets SPA"] → ["Timesheets Web"]`; len(got) == 0 || got[0] != want {
		t.Errorf("other applications are told as %q, want %q", got, want)
	}
}

// exportOf returns the control listener's export, by section.
func exportOf(t *testing.T, s *servertest.Server) map[string]any {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.ControlURL()+"/export", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var exported struct{ Sections map[string]any }
	if err := json.NewDecoder(resp.Body).Decode(&exported); err != nil {
		t.Fatal(err)
	}
	return exported.Sections
}
