package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestExportIsImportedAgain exports a tenant in both forms of auth0-deploy-cli,
// imports each into a fresh one, and exports that: the trees are the same.
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

// ownHost puts the same host in place of a tenant's own, which is on a port of its
// own, in the names of files and in what they hold.
func ownHost(files map[string]string, tenant *servertest.Server) map[string]string {
	host := strings.Trim(strings.TrimPrefix(tenant.Issuer(), "https:"), "/")
	names := strings.NewReplacer(host, "HOST", strings.ReplaceAll(host, ":", "-"), "HOST")
	out := map[string]string{}
	for name, content := range files {
		out[names.Replace(name)] = strings.ReplaceAll(content, host, "HOST")
	}
	return out
}
