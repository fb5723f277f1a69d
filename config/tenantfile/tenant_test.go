package tenantfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tenant0/tenant0/config/seeds"
	"github.com/tenant0/tenant0/config/tenantfile"
)

// pick returns a document with only some of its keys.
func pick(doc tenantfile.Document, keys ...string) tenantfile.Document {
	out := tenantfile.Document{}
	for _, key := range keys {
		if value, ok := doc[key]; ok {
			out[key] = value
		}
	}
	return out
}

func mustLoad(t *testing.T, nameOrPath string) *tenantfile.Tenant {
	t.Helper()
	tenant, err := tenantfile.Load(nameOrPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tenant
}

// whereverItIs compares tenants that are read from different files.
var whereverItIs = cmpopts.IgnoreTypes(tenantfile.Positions{})

func diff(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, whereverItIs); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestEmbeddedTenantsLoadWithoutWarnings(t *testing.T) {
	diff(t, "seeds", seeds.Names(), []string{"empty", "timesheets"})
	for _, name := range seeds.Names() {
		data, err := os.ReadFile("../seeds/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		checked, err := tenantfile.Parse(name, data)
		if err != nil {
			t.Fatal(err)
		}
		if checked.Warnings != nil {
			t.Errorf("%s: %q", name, checked.Warnings)
		}
		diff(t, name, mustLoad(t, name), checked)
	}
}

func TestTimesheetsHasItsApplications(t *testing.T) {
	const port = "http://localhost:3000"
	var got []tenantfile.Document
	for _, client := range mustLoad(t, "timesheets").Clients {
		got = append(got, pick(client, "name", "client_id", "client_secret", "app_type", "token_endpoint_auth_method",
			"callbacks", "allowed_logout_urls", "web_origins", "grant_types"))
	}
	interactive, machine := []any{"authorization_code", "refresh_token"}, []any{"client_credentials"}
	diff(t, "clients", got, []tenantfile.Document{
		{
			"name": "Timesheets Mobile", "client_id": "TimesheetsMobileNativeApp0000001",
			"app_type": "native", "token_endpoint_auth_method": "none", "grant_types": interactive,
			"callbacks":           []any{"http://localhost:8484/callback", "demo://localhost:4400/android/com.auth0.samples/callback"},
			"allowed_logout_urls": []any{"http://localhost:8484/callback", "demo://localhost:4400/android/com.auth0.samples/callback"},
		},
		{
			"name": "Timesheets SPA", "client_id": "TimesheetsSinglePageApp000000001",
			"app_type": "spa", "token_endpoint_auth_method": "none", "grant_types": interactive,
			"callbacks":           []any{port, port + "/callback"},
			"allowed_logout_urls": []any{port}, "web_origins": []any{port},
		},
		{
			"name": "Timesheets Web", "client_id": "TimesheetsRegularWebApp000000001",
			"client_secret": "timesheets-web-secret-for-development-only",
			"app_type":      "regular_web", "token_endpoint_auth_method": "client_secret_post", "grant_types": interactive,
			"callbacks": []any{port + "/callback"}, "allowed_logout_urls": []any{port},
		},
		{
			"name": "Timesheets Cron", "client_id": "TimesheetsCronMachine00000000001",
			"client_secret": "timesheets-cron-secret-for-development-only",
			"app_type":      "non_interactive", "token_endpoint_auth_method": "client_secret_post", "grant_types": machine,
		},
		{
			"name": "tenant0 Management", "client_id": "Tenant0ManagementClient000000001",
			"client_secret": "tenant0-management-secret-for-development-only",
			"app_type":      "non_interactive", "token_endpoint_auth_method": "client_secret_post", "grant_types": machine,
		},
	})
}

func TestTimesheetsRotatesTheRefreshTokensOfTheBrowserAppOnly(t *testing.T) {
	clients := mustLoad(t, "timesheets").Clients
	diff(t, "mobile", clients[0]["refresh_token"], tenantfile.Document{"rotation_type": "non-rotating", "expiration_type": "non-expiring"})
	diff(t, "spa", pick(clients[1]["refresh_token"].(tenantfile.Document), "rotation_type", "expiration_type"),
		tenantfile.Document{"rotation_type": "rotating", "expiration_type": "expiring"})
}

func TestTimesheetsHasItsAPIAndGrants(t *testing.T) {
	tenant := mustLoad(t, "timesheets").WithIssuer("https://localhost:4400/")
	if len(tenant.ResourceServers) != 1 {
		t.Fatalf("%d APIs", len(tenant.ResourceServers))
	}
	api := tenant.ResourceServers[0]
	diff(t, "API", pick(api, "name", "identifier", "signing_alg", "allow_offline_access", "skip_consent_for_verifiable_first_party_clients"),
		tenantfile.Document{
			"name": "Timesheets API", "identifier": "https://api.exampleco.com/timesheets", "signing_alg": "RS256",
			"allow_offline_access": true, "skip_consent_for_verifiable_first_party_clients": false,
		})
	var scopes []string
	for _, entry := range api["scopes"].([]any) {
		scope := entry.(tenantfile.Document)
		scopes = append(scopes, scope["value"].(string))
		if description, _ := scope["description"].(string); len(description) < 10 {
			t.Errorf("scope %v is described as %q", scope["value"], description)
		}
	}
	diff(t, "scopes", scopes, []string{"read:timesheets", "create:timesheets", "delete:timesheets", "approve:timesheets", "batch:upload"})
	diff(t, "grants", tenant.ClientGrants, []tenantfile.Document{
		{"client_id": "Timesheets Cron", "audience": "https://api.exampleco.com/timesheets", "scope": []any{"batch:upload"}},
		{"client_id": "tenant0 Management", "audience": "https://localhost:4400/api/v2/", "allow_all_scopes": true},
		{"client_id": "tenant0 Management", "audience": "urn:auth0-authz-api", "allow_all_scopes": true},
	})
}

func TestTimesheetsHasItsUsers(t *testing.T) {
	tenant := mustLoad(t, "timesheets")
	var got []tenantfile.Document
	for _, user := range tenant.Users {
		got = append(got, pick(user, "email", "email_verified", "password", "connection"))
	}
	var want []tenantfile.Document
	for _, who := range []string{"employee", "manager", "contractor"} {
		want = append(want, tenantfile.Document{
			"email": who + "@exampleco.com", "email_verified": true, "password": "ExampleCo!2026",
			"connection": "Username-Password-Authentication",
		})
	}
	diff(t, "users", got, want)
	diff(t, "databases", tenant.Databases, []tenantfile.Document{{
		"name": "Username-Password-Authentication", "strategy": "auth0",
		"options":         defaultConnectionOptions(),
		"enabled_clients": []any{"Timesheets Mobile", "Timesheets SPA", "Timesheets Web"},
	}})
}

func TestTimesheetsHasItsExtensionStore(t *testing.T) {
	extension := mustLoad(t, "timesheets").AuthorizationExtension
	ids := map[string]string{}
	var permissions []string
	for _, permission := range extension.Permissions {
		ids[permission.ID] = permission.Name
		permissions = append(permissions, permission.Application+" "+permission.Name)
	}
	diff(t, "permissions", permissions, []string{
		"Timesheets Mobile read:timesheets", "Timesheets Mobile create:timesheets",
		"Timesheets Mobile delete:timesheets", "Timesheets Mobile approve:timesheets",
	})
	roles := map[string][]string{}
	for _, role := range extension.Roles {
		holds := []string{role.Application}
		for _, id := range role.Permissions {
			holds = append(holds, ids[id])
		}
		roles[role.Name] = append(holds, role.Users...)
	}
	diff(t, "roles", roles, map[string][]string{
		"Employee": {"Timesheets Mobile", "read:timesheets", "create:timesheets", "delete:timesheets", "employee@exampleco.com"},
		"Manager": {
			"Timesheets Mobile", "read:timesheets", "create:timesheets", "delete:timesheets", "approve:timesheets",
			"manager@exampleco.com",
		},
	})
	diff(t, "groups", extension.Groups, []tenantfile.ExtensionGroup(nil))
	diff(t, "configuration", extension.Configuration, []tenantfile.ExtensionConfiguration{{PermissionsInToken: true}})
	diff(t, "scope policies", extension.ScopePolicies, []tenantfile.ScopePolicy{{Application: "Timesheets Mobile", Mode: "append"}})
	diff(t, "token claims", extension.TokenClaims, []tenantfile.TokenClaims{{
		Audience:    "https://api.exampleco.com/timesheets",
		AccessToken: map[string]tenantfile.ClaimSource{"https://api.exampleco.com/email": {Path: "user.email"}},
	}})
}

func TestEmptyHasTheDefaultConnectionAndTheManagementClientOnly(t *testing.T) {
	tenant, timesheets := mustLoad(t, "empty"), mustLoad(t, "timesheets")
	diff(t, "tenant", tenant, &tenantfile.Tenant{
		Clients: timesheets.Clients[4:],
		Databases: []tenantfile.Document{{
			"name": tenantfile.DefaultConnection, "strategy": "auth0", "options": defaultConnectionOptions(),
		}},
		ClientGrants: timesheets.ClientGrants[1:],
	})
}

// TestAnExportOfARealTenantLoadsWithWarningsOnly: the file has every section that auth0-deploy-cli exports.
func TestAnExportOfARealTenantLoadsWithWarningsOnly(t *testing.T) {
	tenant := mustLoad(t, "testdata/harborbooks.yaml")
	count := map[string]int{
		"clients": len(tenant.Clients), "APIs": len(tenant.ResourceServers), "databases": len(tenant.Databases),
		"connections": len(tenant.Connections), "grants": len(tenant.ClientGrants), "roles": len(tenant.Roles),
	}
	diff(t, "entries", count, map[string]int{
		"clients": 5, "APIs": 2, "databases": 2, "connections": 3, "grants": 3, "roles": 2,
	})
	diff(t, "the tenant's own API", tenant.ClientGrants[1]["audience"], any("${issuer}api/v2/"))
	diff(t, "an application that the export left out", tenant.Databases[0]["enabled_clients"],
		any([]any{"Harbor Books Store", "Harbor Books iOS", "Legacy Till"}))
	golden(t, "testdata/harborbooks.warnings", strings.Join(tenant.Warnings, "\n")+"\n")
}

// golden compares a text with a file, or writes the file if UPDATE=1 is in the environment.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, path, got, string(want))
}

func TestAFileByPathWinsNothingOverAnEmbeddedName(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("timesheets", []byte("clients: [{name: Mine}]"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := len(mustLoad(t, "timesheets").Clients); got != 5 {
		t.Errorf("timesheets is the file: %d clients", got)
	}
	if got := len(mustLoad(t, "./timesheets").Clients); got != 1 {
		t.Errorf("./timesheets is the embedded tenant: %d clients", got)
	}
}

func TestAFileThatIsNotThereIsExplained(t *testing.T) {
	_, err := tenantfile.Load(filepath.Join("nowhere", "seed.yaml"), nil)
	const want = "tenant file nowhere/seed.yaml: there is no such file, and the embedded tenants are empty and timesheets: file does not exist"
	if err == nil || err.Error() != want || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if _, err = tenantfile.Load(".", nil); err == nil {
		t.Error("a folder loads")
	}
}

func TestTheIssuerIsPutInEverywhereAndOnlyInTheCopy(t *testing.T) {
	const file = `
tenant: {default_audience: "${issuer}api/v2/"}
clients: [{name: A, callbacks: ["${issuer}x"], client_metadata: {a: "${issuer}"}}]
authorizationExtension:
  tokenClaims:
    - audience: ${issuer}api/v2/
      application: A
      accessToken: {"https://x.example/a": {value: ["${issuer}"]}, "https://x.example/b": user.email}
`
	tenant, err := tenantfile.Parse("seed.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	before := encoded(t, tenant)
	after := encoded(t, tenant.WithIssuer("http://a.test/"))
	diff(t, "with issuer", after, strings.ReplaceAll(before, "${issuer}", "http://a.test/"))
	diff(t, "the tenant itself", encoded(t, tenant), before)
}

// defaultConnectionOptions are the options of the embedded tenants' connection: users log in with their
// e-mail address, and may have a username besides.
func defaultConnectionOptions() tenantfile.Document {
	return tenantfile.Document{
		"disable_self_service_change_password": false,
		"attributes": tenantfile.Document{
			"email": tenantfile.Document{
				"identifier": tenantfile.Document{"active": true}, "profile_required": true,
				"signup": tenantfile.Document{"status": "required", "verification": tenantfile.Document{"active": false}},
			},
			"username": tenantfile.Document{
				"identifier": tenantfile.Document{"active": false}, "profile_required": false,
				"signup": tenantfile.Document{"status": "inactive"},
				"validation": tenantfile.Document{
					"min_length": 1, "max_length": 128, "allowed_types": tenantfile.Document{"email": false, "phone_number": false},
				},
			},
		},
	}
}
