package e2e_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestManagementClients goes through every family of resources in management/families.json with the
// official management clients, and tests pages and typed errors. Each client has its own tenant.
func TestManagementClients(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		program func(t *testing.T) string
		args    []string
	}{
		{"auth0 of npm", modernNode, []string{"management/families.mjs"}},
		{"auth0-python", python, []string{"management/families.py"}},
		{"go-auth0 v1", goAuth0, []string{"v1", "management/families.json"}},
		{"go-auth0 v2", goAuth0, []string{"v2", "management/families.json"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			program := tt.program(t)
			cmd := exec.CommandContext(servertest.UntilDeadline(t), program, tt.args...)
			tenant := servertest.Start(t)
			cmd.Env = append(managementEnvironment(t, tenant), "PUBLIC_KEY="+publicKey(t), "EMPLOYEE="+loggedIn(t, tenant), "PYTHONDONTWRITEBYTECODE=1")
			heavyClient.Lock()
			defer heavyClient.Unlock()
			out := output(t, cmd)
			if !strings.Contains(out, " 0 failures") {
				t.Errorf("it ends without a verdict:\n%s", out)
			}
			t.Log(out)
		})
	}
}

// managementEnvironment returns the environment that tenant0 exec sets for a command, with the client that
// may manage the tenant.
func managementEnvironment(t *testing.T, tenant *servertest.Server) []string {
	t.Helper()
	ca := tenant.CAPath()
	return append(os.Environ(),
		"AUTH0_DOMAIN="+strings.Trim(strings.TrimPrefix(tenant.URL, "https:"), "/"),
		"AUTH0_CLIENT_ID="+servertest.Management, "AUTH0_CLIENT_SECRET="+servertest.ManagementSecret,
		"NODE_OPTIONS="+patience(t), "NODE_EXTRA_CA_CERTS="+ca, "SSL_CERT_FILE="+ca, "REQUESTS_CA_BUNDLE="+ca)
}

// patience returns options with which Node.js waits long enough on a busy machine: its limits for connections (ten seconds, and a
// quarter of a second for each address of a host name) are meant for networks, not for a process that gets no CPU time meanwhile.
func patience(t *testing.T) string {
	t.Helper()
	program, err := filepath.Abs("clients/patience.mjs")
	if err != nil {
		t.Fatal(err)
	}
	return "--network-family-autoselection-attempt-timeout=600000 --import=file://" + program
}

// modernNode returns a Node.js program that is new enough for the newest SDK, or skips the test.
func modernNode(t *testing.T) string {
	t.Helper()
	nodeModules(t)
	version := strings.TrimSpace(output(t, exec.CommandContext(t.Context(), "node", "--version")))
	if strings.HasPrefix(version, "v1") { // v18 and below
		t.Skipf("node is %s, and the SDK needs v20.19 or later", version)
	}
	return "node"
}

// python returns a Python interpreter with auth0-python installed, or skips the test.
func python(t *testing.T) string {
	t.Helper()
	interpreter, err := filepath.Abs("../.cache/python/bin/python3")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(interpreter); err != nil {
		t.Skip("auth0-python is not installed; make test installs it where there is a python3 with venv")
	}
	return interpreter
}

// goAuth0 builds the program of the module goauth0.
func goAuth0(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "goauth0")
	cmd := exec.CommandContext(servertest.UntilDeadline(t), "go", "build", "-o", program, ".")
	cmd.Dir = "goauth0"
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly -buildvcs=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("e2e/goauth0 does not build: %v\n%s\nWithout network, its modules have to be in Go's module cache: "+
			"run \"go mod download\" in e2e/goauth0 once while there is one.", err, out)
	}
	return program
}

// loggedIn logs a user in, who consents and gets a refresh token, and returns the user's id.
func loggedIn(t *testing.T, tenant *servertest.Server) string {
	t.Helper()
	browser := tenant.Client()
	tokens := tenant.Exchange(browser, tenant.Login(browser, servertest.Login{}))
	if tokens["refresh_token"] == nil {
		t.Fatalf("a login gives %v, want a refresh token", tokens)
	}
	_, payload, _ := strings.Cut(fmt.Sprint(tokens["id_token"]), ".")
	payload, _, _ = strings.Cut(payload, ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	var claims struct{ Sub string }
	if err := errors.Join(err, json.Unmarshal(raw, &claims)); err != nil {
		t.Fatal(err)
	}
	return claims.Sub
}

// publicKey returns a new RSA public key as PEM.
func publicKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}
