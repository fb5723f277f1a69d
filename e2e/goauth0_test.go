package e2e_test

import (
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestGoAuthentication logs users in with the authentication client of go-auth0, and protects an API with
// go-jwt-middleware.
func TestGoAuthentication(t *testing.T) {
	program := goAuth0(t)
	seed, err := os.ReadFile("clients/tenant.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const client, secret, callback, nonce = "ClientsWeb", "a-secret-of-this-test-only", "http://localhost:3000/callback", "a-nonce"
	tenant := servertest.Start(t, servertest.Seed(strings.ReplaceAll(string(seed), "ORIGIN", "http://localhost:3000")))
	begun := tenant.Login(tenant.Client(), servertest.Login{
		ClientID: client, RedirectURI: callback,
		Params: url.Values{"scope": {"openid email offline_access read:timesheets"}, "nonce": {nonce}, "max_age": {"3600"}},
	})
	cmd := exec.CommandContext(servertest.UntilDeadline(t), program, "login")
	cmd.Env = append(managementEnvironment(t, tenant),
		"AUTH0_CLIENT_ID="+client, "AUTH0_CLIENT_SECRET="+secret, "TENANT0_CONTROL_URL="+tenant.ControlURL(),
		"CODE="+begun.Get("code"), "VERIFIER="+begun.Verifier, "CALLBACK="+callback, "NONCE="+nonce)
	out := output(t, cmd)
	if !strings.Contains(out, "7 conversations, 0 failures") {
		t.Errorf("it ends without a verdict:\n%s", out)
	}
}
