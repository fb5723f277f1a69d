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

// composeFile is what the test reads of docker-compose.yml.
type composeFile struct {
	Services map[string]struct {
		Environment map[string]string `yaml:"environment"`
	} `yaml:"services"`
	Configs map[string]struct {
		Content string `yaml:"content"`
	} `yaml:"configs"`
}

// TestServersOfTheComposeFile runs what the profile "postgres" of docker-compose.yml has, without a
// container engine: two servers with its variables and one folder, and HAProxy with its
// configuration. Addresses alone are others. Logins go through the balancer, and go on when a
// server is killed.
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

// trusting are connections of their own for each request, to servers with certificates of an authority.
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

// logsIn logs in by a new browser through the balancer, which takes turns, and returns the refresh
// token. While the balancer does not know yet which servers are there, it tries again.
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

// goesOn exchanges a refresh token for the next. A request that no server has answered was not
// taken by one: the balancer only lacks a server for it.
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
