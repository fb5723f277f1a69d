package tenantfile_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config/tenantfile"
)

func TestTheTenantsOwnAPIsInEverySpelling(t *testing.T) {
	spellings := []string{
		"https://##AUTH0_DOMAIN##/api/v2/", "https://localhost:4400/api/v2/", "http://localhost:4400/api/v2/", "http://127.0.0.1:8080/api/v2",
		"https://login.example.com/api/v2/", "https://##ENV##.eu.auth0.com/api/v2/", "https://acme.auth0.com/api/v2", "https://ACME.us.auth0.com/api/v2/",
		"${issuer}api/v2/", "${issuer}api/v2", "https://x.example/api/v2/", "https://acme-@@ENV@@.eu.auth0.com/api/v2/",
		"HTTPS://Login.Example.com/api/v2/", "##ISSUER##api/v2/", "##BASE_URL##/api/v2",
	}
	for i, own := range map[int]string{0: "api/v2/", 1: "me/", 2: "my-org/"} {
		for _, spelling := range spellings {
			if i > 0 {
				spelling = strings.Replace(spelling, "api/v2", strings.TrimSuffix(own, "/"), 1)
			}
			file := fmt.Sprintf(`
tenant: {default_audience: %[1]q}
clients: [{name: A, refresh_token: {rotation_type: non-rotating, expiration_type: non-expiring, policies: [{audience: %[1]q, scope: []}]}}]
clientGrants: [{client_id: A, audience: %[1]q, scope: ["read:users"]}]
roles: [{name: R, permissions: [{resource_server_identifier: %[1]q, permission_name: "read:users"}]}]
users: [{email: a@b.example, permissions: [{resource_server_identifier: %[1]q, permission_name: "read:users"}]}]
organizations: [{name: o, client_grants: [{client_id: A, audience: %[1]q}]}]
authorizationExtension: {tokenClaims: [{audience: %[1]q, accessToken: {"https://a.example/e": user.email}}]}
`, spelling)
			tenant, err := tenantfile.Parse("seed.yaml", []byte(file))
			if err != nil {
				t.Errorf("%s: %v", spelling, err)
				continue
			}
			sections := decoded(t, tenant)
			for _, where := range []string{
				"tenant.default_audience", "clients.0.refresh_token.policies.0.audience", "clientGrants.0.audience",
				"roles.0.permissions.0.resource_server_identifier", "users.0.permissions.0.resource_server_identifier",
				"organizations.0.client_grants.0.audience", "authorizationExtension.tokenClaims.0.audience",
			} {
				diff(t, spelling+" in "+where, within(sections, where), any("${issuer}"+own))
			}
			diff(t, "warnings of "+spelling, tenant.Warnings, []string(nil))
		}
	}
}

func TestAnAPIThatIsDeclaredIsItself(t *testing.T) {
	const file = `
clients: [{name: A}]
resourceServers: [{name: Other, identifier: "https://x.example/api/v2/", scopes: [{value: read}]}]
clientGrants:
  - {client_id: A, audience: "https://x.example/api/v2/", scope: [read]}
  - {client_id: A, audience: "https://y.example/api/v2/", scope: ["read:users"]}
`
	tenant, err := tenantfile.Parse("seed.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "the declared API", tenant.ClientGrants[0]["audience"], any("https://x.example/api/v2/"))
	diff(t, "another", tenant.ClientGrants[1]["audience"], any("${issuer}api/v2/"))
	// A missing slash does not grant the Management API to anybody.
	_, err = tenantfile.Parse("seed.yaml", []byte(strings.Replace(file, `audience: "https://x.example/api/v2/"`, `audience: "https://x.example/api/v2"`, 1)))
	if err == nil || !strings.Contains(err.Error(), `did you mean "https://x.example/api/v2/"?`) {
		t.Errorf("a slash is missing: %v", err)
	}
	// An API that the running tenant has is not replaced either.
	sections := tenantfile.Document{"clientGrants": []any{
		tenantfile.Document{"audience": "https://x.example/api/v2/"}, tenantfile.Document{"audience": "https://y.example/api/v2/"},
	}}
	tenantfile.OwnAPIs(sections, func(identifier string) bool { return identifier == "https://x.example/api/v2/" })
	diff(t, "an API of the tenant", within(sections, "clientGrants.0.audience"), any("https://x.example/api/v2/"))
	diff(t, "an API of none", within(sections, "clientGrants.1.audience"), any("${issuer}api/v2/"))
}

func TestTheManagementAPIOfAnExportIsLeftToTheTenant(t *testing.T) {
	for _, entry := range []string{
		`{name: Auth0 Management API, identifier: "https://acme.eu.auth0.com/api/v2/"}`,
		`{name: Auth0 Management API, identifier: "https://##AUTH0_DOMAIN##/api/v2/", is_system: true, scopes: [{value: "read:users"}]}`,
		`{name: Auth0 Management API, identifier: "http://localhost:4400/api/v2/"}`,
		`{name: Renamed, identifier: "https://login.example.com/api/v2", is_system: true}`,
	} {
		path := filepath.Join(write(t, map[string]string{"tenant.yaml": "resourceServers: [" + entry + ", {name: O, identifier: urn:o}]\n"}), "tenant.yaml")
		tenant, err := tenantfile.Load(path, nil)
		if err != nil {
			t.Errorf("%s: %v", entry, err)
			continue
		}
		if len(tenant.ResourceServers) != 1 || tenant.ResourceServers[0]["identifier"] != "urn:o" {
			t.Errorf("%s: %v", entry, tenant.ResourceServers)
		}
	}
}

// TestScopesOfAnAPIOfTheTenantsOwn are those that Auth0 gives the API: a file that activates it need not list them.
func TestScopesOfAnAPIOfTheTenantsOwn(t *testing.T) {
	const file = `
clients: [{name: A, refresh_token: {rotation_type: non-rotating, expiration_type: non-expiring, policies: [{audience: "${issuer}me/", scope: ["read:me:factors"]}]}}]
resourceServers: [{name: Auth0 My Account API, identifier: "${issuer}me/"}]
`
	if _, err := tenantfile.Parse("seed.yaml", []byte(file)); err != nil {
		t.Error(err)
	}
	if _, err := tenantfile.Parse("seed.yaml", []byte(strings.ReplaceAll(file, "${issuer}me/", "https://other.example"))); err == nil {
		t.Error("the scope of another API has to be there")
	}
}
