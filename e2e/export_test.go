package e2e_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestExportIsImportedAgain exports a tenant in both formats of auth0-deploy-cli, imports each into a
// new tenant, and exports that tenant: both exports are the same.
func TestExportIsImportedAgain(t *testing.T) {
	t.Parallel()
	binary, filled := binaryAndTenant(t)
	export := func(from *servertest.Server, format, path string) string {
		t.Helper()
		return output(t, exec.Command(binary, "export", "--format", format, "--url", from.ControlURL(), path))
	}
	for _, format := range []string{"yaml", "directory"} {
		t.Run(format, func(t *testing.T) {
			first, second, fresh := t.TempDir(), t.TempDir(), servertest.Start(t)
			export(filled, format, first)
			output(t, exec.Command(binary, "import", "--url", fresh.ControlURL(), first))
			export(fresh, format, second)
			if diff := cmp.Diff(unordered(ownHost(tree(t, first), filled)), unordered(ownHost(tree(t, second), fresh))); diff != "" {
				t.Errorf("the second export (- first, + second):\n%s", diff)
			}
		})
	}
	t.Run("tenant", func(t *testing.T) {
		first, second := filepath.Join(t.TempDir(), "tenant.yaml"), filepath.Join(t.TempDir(), "tenant.yaml")
		export(filled, "tenant", first)
		if out := output(t, exec.Command(binary, "seed", "check", first)); !strings.Contains(out, ": ok: ") {
			t.Errorf("a check of it says:\n%s", out)
		}
		output(t, exec.Command(binary, "exec", "--seed", first, "--", binary, "export", "--format", "tenant", second))
		if out := output(t, exec.Command(binary, "exec", "--seed", first, "--", binary, "import", "--dry-run", first)); !strings.Contains(out, "0 would be created, 0 updated") { // markers leave secrets as they are
			t.Errorf("an import into the tenant that begins with it would:\n%s", out)
		}
		one, two := tree(t, filepath.Dir(first)), tree(t, filepath.Dir(second))
		if diff := cmp.Diff(lasting(one), lasting(two)); diff != "" {
			t.Errorf("the export of a tenant that begins with it (- first, + second):\n%s", diff)
		}
	})
	t.Run("users", func(t *testing.T) {
		file, again, fresh := filepath.Join(t.TempDir(), "users.ndjson"), filepath.Join(t.TempDir(), "users.ndjson"), servertest.Start(t, servertest.Seed("tenant: {friendly_name: Fresh}"))
		export(filled, "users", file)
		if out := output(t, exec.Command(binary, "import", "--url", fresh.ControlURL(), file)); !strings.Contains(out, " 0 failed") {
			t.Errorf("the import says:\n%s", out)
		}
		export(fresh, "users", again)
		first, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		second, err := os.ReadFile(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(first), string(second)); diff != "" {
			t.Errorf("the second export (- first, + second):\n%s", diff)
		}
	})
}

// ownHost replaces the tenant's own host, whose port differs between tenants, by HOST in the names
// and the contents of files.
func ownHost(files map[string]string, tenant *servertest.Server) map[string]string {
	host := strings.Trim(strings.TrimPrefix(tenant.Issuer(), "https:"), "/")
	names := strings.NewReplacer(host, "HOST", strings.ReplaceAll(host, ":", "-"), "HOST")
	out := map[string]string{}
	for name, content := range files {
		out[names.Replace(name)] = strings.ReplaceAll(content, host, "HOST")
	}
	return out
}

// TestApplicationsOfOneNameAreToldApart by their ids in a tenant file: what belongs to one of them belongs to
// the same one in a tenant that starts with the file.
func TestApplicationsOfOneNameAreToldApart(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "tenant0")
	build(t, binary, "./cmd/tenant0")
	const one, two = "NamesakeApplication0000000000one", "NamesakeApplication0000000000two"
	file := filepath.Join(t.TempDir(), "tenant.yaml")
	namesakes := `clients:
  - {name: Namesake, client_id: ` + one + `, client_secret: secret-of-one, app_type: regular_web}
  - {name: Namesake, client_id: ` + two + `, client_secret: secret-of-two, app_type: non_interactive}
resourceServers: [{name: API, identifier: "urn:api", scopes: [{value: read, description: r}, {value: write, description: w}]}]
clientGrants:
  - {client_id: ` + one + `, audience: "urn:api", scope: [read]}
  - {client_id: ` + two + `, audience: "urn:api", scope: [write]}
databases: [{name: DB, strategy: auth0, enabled_clients: [` + two + `]}]
organizations: [{name: acme, display_name: Acme, clients: [{client_id: ` + one + `, use_for_member_access: true}]}]
authorizationExtension:
  permissions: [{name: "read:one", description: d, application: ` + one + `}, {name: "read:one", description: d, application: ` + two + `}]
  scopePolicies: [{application: ` + two + `}]
`
	if err := os.WriteFile(file, []byte(namesakes), 0o600); err != nil {
		t.Fatal(err)
	}
	first, second := filepath.Join(t.TempDir(), "tenant.yaml"), filepath.Join(t.TempDir(), "tenant.yaml")
	output(t, exec.Command(binary, "exec", "--seed", file, "--", binary, "export", "--format", "tenant", first))
	output(t, exec.Command(binary, "seed", "check", first))
	output(t, exec.Command(binary, "exec", "--seed", first, "--", binary, "export", "--format", "tenant", second))
	a, b := tree(t, filepath.Dir(first)), tree(t, filepath.Dir(second))
	if diff := cmp.Diff(lasting(a), lasting(b)); diff != "" {
		t.Errorf("the export of a tenant that begins with it (- first, + second):\n%s", diff)
	}
	for _, of := range []string{
		"client_id: " + one + "\n", "- " + two + "\n", "application: " + two + "\n",
	} {
		if !strings.Contains(a["tenant.yaml"], of) {
			t.Errorf("there is no %q in\n%s", of, a["tenant.yaml"])
		}
	}
}

// TestATenantFileNamesNothingThatIsDeleted, so that a tenant can start with it.
func TestATenantFileNamesNothingThatIsDeleted(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "tenant0")
	build(t, binary, "./cmd/tenant0")
	tenant := servertest.Start(t)
	m := manage(t, tenant)
	m.send(http.MethodPost, "/resource-servers", `{"identifier":"urn:doomed","name":"Doomed"}`)
	connection := m.send(http.MethodPost, "/connections", `{"name":"doomed","strategy":"auth0"}`)
	m.send(http.MethodPatch, "/tenants/settings", `{"default_audience":"urn:doomed","default_directory":"doomed"}`)
	m.send(http.MethodDelete, "/resource-servers/urn:doomed", "")
	m.send(http.MethodDelete, "/connections/"+connection, "")
	file := filepath.Join(t.TempDir(), "tenant.yaml")
	said := output(t, exec.Command(binary, "export", "--format", "tenant", "--url", tenant.ControlURL(), file))
	for _, line := range []string{"left out tenant.default_audience: there is no API urn:doomed", "left out tenant.default_directory: there is no connection doomed"} {
		if !strings.Contains(said, line) {
			t.Errorf("the export says\n%s\nwant %q", said, line)
		}
	}
	output(t, exec.Command(binary, "exec", "--seed", file, "--", binary, "version"))
}
