package e2e_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// demo runs the demo as make demo does and returns its output.
func demo(t *testing.T) string {
	t.Helper()
	if find("chromium", "chromium-browser", "google-chrome") == "" {
		t.Skip("there is no Chromium to log in with; install the package chromium")
	}
	programs := t.TempDir()
	build(t, filepath.Join(programs, "tenant0"), "./cmd/tenant0")
	build(t, programs, "./examples/timesheets/...")
	return output(t, exec.CommandContext(t.Context(), filepath.Join(programs, "tenant0"), "exec", "--", filepath.Join(programs, "demo")))
}

// TestDemo: the demo checks its own results.
func TestDemo(t *testing.T) {
	out := demo(t)
	for _, says := range []string{
		servertest.Employee, servertest.Manager, servertest.Contractor, "requested", "granted", "201 Created", "403 Forbidden", "All of it is as promised.",
	} {
		if !strings.Contains(out, says) {
			t.Errorf("the demo does not say %q:\n%s", says, out)
		}
	}
}
