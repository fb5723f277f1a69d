package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestJVMClients runs auth0-java, and Spring Security both as a resource server and as an application
// with a login.
func TestJVMClients(t *testing.T) {
	for _, program := range []string{"java", "mvn", "keytool"} {
		if find(program) == "" {
			t.Skipf("there is no %s to run the clients of the JVM with; install the packages maven and default-jdk", program)
		}
	}
	if _, err := os.Stat("../.cache/jvm/installed"); err != nil {
		t.Skip("what e2e/jvm/pom.xml lists is not installed; make test installs it where there is a mvn")
	}
	seed, err := os.ReadFile("clients/tenant.yaml")
	if err != nil {
		t.Fatal(err)
	}
	origin := "http://" + strings.Replace(freeAddress(t), "127.0.0.1", "localhost", 1)
	tenant := servertest.Start(t, servertest.Seed(strings.ReplaceAll(string(seed), "ORIGIN", origin)))
	trusted := filepath.Join(t.TempDir(), "trusted.p12")
	output(t, exec.CommandContext(t.Context(), "keytool", "-importcert", "-noprompt", "-alias", "tenant0", "-file", tenant.CAPath(),
		"-keystore", trusted, "-storetype", "PKCS12", "-storepass", "changeit"))
	cmd := exec.CommandContext(servertest.UntilDeadline(t), "mvn", "--batch-mode", "--offline", "--file", "jvm/pom.xml", "test", "-Dtest=Auth0JavaTest,SpringSecurityTest",
		"-Dbuilt="+t.TempDir(), "-Dsurefire.reportFormat=plain", "-Dsurefire.useFile=false",
		"-DargLine=-Djavax.net.ssl.trustStore="+trusted+" -Djavax.net.ssl.trustStorePassword=changeit"+
			" -Djava.io.tmpdir="+t.TempDir()+" -XX:-UsePerfData") // Spring's server leaves its folder
	cmd.Env = append(managementEnvironment(t, tenant), "ORIGIN="+origin, "TENANT0_CONTROL_URL="+tenant.ControlURL())
	heavyClient.Lock()
	defer heavyClient.Unlock()
	out := output(t, cmd)
	if !regexp.MustCompile(`Tests run: [1-9]\d*, Failures: 0, Errors: 0`).MatchString(out) {
		t.Errorf("it ends without a verdict:\n%s", out)
	}
	t.Log(out)
}
