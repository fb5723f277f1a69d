package e2e_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestDeployCLIImportsAnExport imports exports of the binary and of auth0-deploy-cli itself, in both formats, with
// the real auth0-deploy-cli into a new tenant: that tenant exports the same.
func TestDeployCLIImportsAnExport(t *testing.T) {
	t.Parallel() // deploy-cli waits most of the time
	nodeModules(t)
	binary, filled := binaryAndTenant(t)
	byBinary := func(t *testing.T, tenant *servertest.Server, format string) string {
		t.Helper()
		folder := t.TempDir()
		output(t, exec.Command(binary, "export", "--format", format, "--url", tenant.ControlURL(), folder))
		return folder
	}
	for name, export := range map[string]func(*testing.T, *servertest.Server, string) string{"tenant0": byBinary, "deploy-cli": exported} {
		for _, format := range []string{"yaml", "directory"} {
			t.Run(name+" "+format, func(t *testing.T) {
				t.Parallel()
				first, fresh := export(t, filled, format), servertest.Start(t)
				input := first
				if format == "yaml" {
					input = filepath.Join(first, "tenant.yaml")
				}
				deployCLI(t, fresh, first, "import", "--input_file="+input)
				second := export(t, fresh, format)
				if diff := cmp.Diff(lasting(ownHost(tree(t, first), filled)), lasting(ownHost(tree(t, second), fresh))); diff != "" {
					t.Errorf("the second export (- first, + second):\n%s", diff)
				}
			})
		}
	}
}
