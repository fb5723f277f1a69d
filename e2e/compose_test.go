package e2e_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

// composeFile is the part of docker-compose.yml that the test reads.
type composeFile struct {
	Services map[string]struct {
		Environment map[string]string `yaml:"environment"`
	} `yaml:"services"`
	Configs map[string]struct {
		Content string `yaml:"content"`
	} `yaml:"configs"`
}

// TestServersOfTheComposeFile runs the profile "postgres" of docker-compose.yml without a container engine: two
// servers with the file's environment variables and a shared folder, and HAProxy with the file's configuration. Only
// the addresses differ. Logins go through the load balancer, and still work after a server was killed.
func TestServersOfTheComposeFile(t *testing.T) {
	haproxy, err := exec.LookPath("haproxy")
	if err != nil {
		t.Skip("there is no haproxy; install Debian's package haproxy to try the load balancer of docker-compose.yml")
	}
	raw, err := os.ReadFile("../docker-compose.yml")
	if err != nil {
		t.Fatal(err)
	}
	var compose composeFile
	if err := yaml.Unmarshal(raw, &compose); err != nil {
		t.Fatal(err)
	}
	s := newStorm(t)
	_, port, _ := strings.Cut(s.listen, ":")
	s.issuer = "https://localhost:" + port + "/"
	database := pgtest.Shared(t)
	configuration := compose.Configs["balancer"].Content
	place := func(name, address string) {
		t.Helper()
		if strings.Count(configuration, name) != 1 {
			t.Fatalf("the balancer's configuration does not name %s once:\n%s", name, configuration)
		}
		configuration = strings.Replace(configuration, name, address, 1)
	}
	place("bind :4400", "bind "+s.listen)
	servers := map[string]*daemon{}
	store := database.Empty(t)
	for _, name := range []string{"server-1", "server-2"} {
		d := &daemon{t: t, binary: s.binary, control: freeAddress(t), flags: []string{"start", "--seed", s.seed}}
		set := compose.Services[name].Environment
		for _, variable := range []string{"TENANT0_STORE", "TENANT0_ISSUER"} {
			if set[variable] == "" {
				t.Fatalf("%s has no %s", name, variable)
			}
		}
		address := freeAddress(t)
		set["TENANT0_STORE"], set["TENANT0_ISSUER"], set["TENANT0_DATA"], set["TENANT0_LISTEN"] = store, s.issuer, s.data, address
		for variable, value := range set {
			d.environment = append(d.environment, variable+"="+value)
		}
		d.start()
		t.Cleanup(d.kill)
		place(name+":4400", address)
		servers[name] = d
	}
	balance(t, haproxy, configuration)

	s.transport = trusting(t, filepath.Join(s.data, "ca.pem"))
	token := logsIn(t, s)
	for _, name := range []string{"server-1", "server-2"} {
		servers[name].kill()
		token = goesOn(t, s, token)
		servers[name].start()
		goesOn(t, s, logsIn(t, s))
	}
}

// balance starts HAProxy.
func balance(t *testing.T, haproxy, configuration string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	process := exec.Command(haproxy, "-db", "-f", file)
	process.Stdout, process.Stderr = &said, &said
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill() // it may have ended
		_ = process.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
}

// trusting returns a transport with a new connection for each request, which trusts a certificate authority.
func trusting(t *testing.T, authority string) http.RoundTripper {
	t.Helper()
	pem, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("there is no certificate of an authority")
	}
	return &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
}

// logsIn logs in with a new browser through the load balancer, which uses the servers in turn, and returns the refresh
// token. It tries again while the load balancer does not know yet which servers are up.
func logsIn(t *testing.T, s *storm) string {
	t.Helper()
	return untilAnswered(t, func() (string, error) {
		c := s.newClient("browser")
		code, err := c.code("ann")
		if err != nil {
			return "", err
		}
		return c.redeem(code)
	})
}

// goesOn exchanges a refresh token for the next one, and tries again if there is no answer: then no server has
// taken the request, because the load balancer knew none that is up.
func goesOn(t *testing.T, s *storm, token string) string {
	t.Helper()
	return untilAnswered(t, func() (string, error) {
		next, err := s.newClient("machine").refresh(token)
		if err == nil && next == "" {
			t.Fatal("the refresh token is refused")
		}
		return next, err
	})
}

// untilAnswered calls fn until it returns something and no error.
func untilAnswered(t *testing.T, fn func() (string, error)) string {
	t.Helper()
	for deadline := time.Now().Add(servertest.Patience); ; {
		answer, err := fn()
		if err == nil && answer != "" {
			return answer
		}
		if time.Now().After(deadline) {
			t.Fatalf("there is no answer but %q, %v", answer, err)
		}
	}
}
