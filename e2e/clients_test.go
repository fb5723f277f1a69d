package e2e_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestClients runs what official clients and those that many use do with a tenant: each file of
// clients is one of them, and each of its tests a conversation.
func TestClients(t *testing.T) {
	node := modernNode(t)
	seed, err := os.ReadFile("clients/tenant.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("clients/*.test.mjs")
	if err != nil || len(files) == 0 {
		t.Fatalf("the clients: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".test.mjs"), func(t *testing.T) {
			origin := "http://" + strings.Replace(freeAddress(t), "127.0.0.1", "localhost", 1)
			tenant := servertest.Start(t, servertest.Seed(strings.ReplaceAll(string(seed), "ORIGIN", origin)))
			cmd := exec.CommandContext(servertest.UntilDeadline(t), node, "--test", "--test-reporter=spec", file)
			cmd.Env = append(managementEnvironment(t, tenant), "ORIGIN="+origin, "TENANT0_CONTROL_URL="+tenant.ControlURL())
			heavyClient.Lock()
			defer heavyClient.Unlock()
			out := output(t, cmd)
			if !strings.Contains(out, "fail 0") || strings.Contains(out, "pass 0\n") {
				t.Errorf("it ends without a verdict:\n%s", out)
			}
			t.Log(out)
		})
	}
}

// TestTheClientsPageHasTheVersions that package.json pins.
func TestTheClientsPageHasTheVersions(t *testing.T) {
	page, err := os.ReadFile("../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("package.json")
	var pinned struct{ Dependencies map[string]string }
	if err := errors.Join(err, json.Unmarshal(raw, &pinned)); err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)`[^|]*\\| ([0-9][^ ]*) \\|").FindAllStringSubmatch(string(page), -1)
	if len(rows) < 10 {
		t.Fatalf("the page has %d rows with a version", len(rows))
	}
	for _, row := range rows {
		if pinned.Dependencies[row[1]] != row[2] {
			t.Errorf("the page has %s %s, and package.json %q", row[1], row[2], pinned.Dependencies[row[1]])
		}
	}
}
