// Package e2e_test runs the product as its users do: the binary, a real browser,
// and unmodified official SDKs, all against a real server. It contains no part of
// the product; what can be tested closer to the code is tested there.
package e2e_test

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// application is the application's side of a login: a page at /callback that keeps
// the parameters it gets.
type application struct {
	// origin is http://localhost and a port, without a final slash.
	origin    string
	responses chan url.Values
}

// heavyClient is held by a test while it runs an official client: auth0-deploy-cli
// takes up to 1.6 GB, and several at once slow a machine with two cores down until
// everything else on it seems to hang.
var heavyClient sync.Mutex

// startApplication starts an application on a free port.
func startApplication(t *testing.T) *application {
	t.Helper()
	a := &application{responses: make(chan url.Values, 1)}
	mux := http.NewServeMux()
	mux.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(`<!doctype html><link rel="icon" href="data:,"><h1>The application</h1>`))
		select {
		case a.responses <- r.Form:
		case <-t.Context().Done(): // nobody asked for it
		}
	})
	a.origin = serve(t, mux)
	return a
}

// serve serves pages on localhost and returns their origin.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
}

func (a *application) callback() string { return a.origin + "/callback" }

// response waits for the next response that arrives at the callback and returns it.
func (a *application) response(t *testing.T) url.Values {
	t.Helper()
	select {
	case response := <-a.responses:
		return response
	case <-time.After(servertest.Patience):
		t.Fatal("no response arrives at the application")
		return nil
	}
}

// timesheets seeds the tenant of the timesheets scenario, with its applications at origin.
func timesheets(t *testing.T, origin string) servertest.Option {
	t.Helper()
	seed, err := os.ReadFile("../config/seeds/timesheets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return servertest.Seed(strings.NewReplacer("http://localhost:8484", origin, "http://localhost:3000", origin).Replace(string(seed)))
}

// find returns the path of the first of the programs that is installed, or "".
func find(names ...string) string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// output runs a command, which must succeed, and returns its output.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// start starts a program that ends with the test, waits for the first line that it prints, and
// returns the address in that line, at which the program is ready.
func start(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("%s ended before: %v", cmd, err)
		}
		_ = cmd.Wait() // a signal ended it
		if t.Failed() {
			t.Logf("%s says:\n%s", cmd, stderr.String())
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	address := regexp.MustCompile(`http://\S+`).FindString(line)
	if err != nil || address == "" {
		t.Fatalf("%s is not ready: %v\n%s%s", cmd, err, line, stderr.String())
	}
	return address
}
