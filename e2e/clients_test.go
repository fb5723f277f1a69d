package e2e_test

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

// TestClients runs official and other popular client libraries against a tenant: each file in the folder
// clients tests one library.
func TestClients(t *testing.T) {
	files, err := filepath.Glob("clients/*[._]test.*")
	if err != nil || len(files) == 0 {
		t.Fatalf("the clients: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(clientOf(file), func(t *testing.T) { runClient(t, file, nil) })
	}
}

// TestNextJSAtItsOwnName runs @auth0/nextjs-auth0 without the switch for insecure requests, for which the tenant
// must be reachable at port 443 of a host name.
func TestNextJSAtItsOwnName(t *testing.T) {
	runClient(t, "clients/nextjs-auth0.test.mjs", []string{"--import=./clients/port443.mjs"}, servertest.Config(func(c *config.Config) {
		c.Issuer = "https://acme.example.test/"
	}))
}

// clientOf returns the name of a client library from the name of its file.
func clientOf(file string) string {
	name, _, _ := strings.Cut(filepath.Base(file), "test.")
	return strings.TrimRight(name, "._")
}

// runClient runs one file of the folder clients against a new tenant.
func runClient(t *testing.T, file string, args []string, options ...servertest.Option) {
	t.Helper()
	interpreter, args := "", append(args, "--test", "--test-reporter=spec", file)
	verdict := regexp.MustCompile(`(?s)pass [1-9].*fail 0\n`)
	if filepath.Ext(file) == ".py" {
		interpreter, args, verdict = python(t), []string{file}, regexp.MustCompile(`(?s)Ran [1-9]\d* tests?.*\nOK\n`)
	} else {
		interpreter = modernNode(t)
	}
	seed, err := os.ReadFile("clients/tenant.yaml")
	if err != nil {
		t.Fatal(err)
	}
	origin := "http://" + strings.Replace(freeAddress(t), "127.0.0.1", "localhost", 1)
	tenant := servertest.Start(t, append(options, servertest.Seed(strings.ReplaceAll(string(seed), "ORIGIN", origin)))...)
	_, port, err := net.SplitHostPort(tenant.Addr())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(servertest.UntilDeadline(t), interpreter, args...)
	cmd.Env = append(managementEnvironment(t, tenant), "ORIGIN="+origin, "TENANT0_CONTROL_URL="+tenant.ControlURL(), "TENANT0_PORT="+port, "PYTHONDONTWRITEBYTECODE=1", "PYTHONWARNINGS=ignore")
	heavyClient.Lock()
	defer heavyClient.Unlock()
	out := output(t, cmd)
	if !verdict.MatchString(out) {
		t.Errorf("it ends without a verdict:\n%s", out)
	}
	t.Log(out)
}

// TestTheClientsPageHasTheVersions checks that docs/clients.md has the versions that package.json pins.
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
