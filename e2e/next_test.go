package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

// TestNextDev runs a Next.js application in its development server, as a developer does: on localhost with
// the switch of @auth0/nextjs-auth0 for insecure requests, and without it at port 443 of a host name.
func TestNextDev(t *testing.T) {
	modernNode(t)
	const name = "acme.example.test"
	for _, named := range []bool{false, true} {
		t.Run(map[bool]string{false: "on localhost", true: "at its own name"}[named], func(t *testing.T) {
			origin := "http://" + strings.Replace(freeAddress(t), "127.0.0.1", "localhost", 1)
			seed, err := os.ReadFile("clients/tenant.yaml")
			if err != nil {
				t.Fatal(err)
			}
			options := []servertest.Option{servertest.Seed(strings.ReplaceAll(string(seed), "ORIGIN", origin))}
			if named {
				options = append(options, servertest.Config(func(c *config.Config) { c.Issuer = "https://" + name + "/" }))
			}
			tenant := servertest.Start(t, options...)
			heavyClient.Lock()
			defer heavyClient.Unlock()
			n := nextApplication{Server: tenant, t: t, origin: origin, browser: tenant.Client()}
			if named {
				n.leads(name)
			}
			n.start(named)
			n.conversation()
		})
	}
}

// nextApplication is a Next.js application, with a browser.
type nextApplication struct {
	*servertest.Server
	t       *testing.T
	origin  string
	browser *http.Client
}

// leads makes the browser reach the tenant at port 443 of a host name.
func (n *nextApplication) leads(name string) {
	n.t.Helper()
	transport := n.browser.Transport.(*http.Transport)
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == name+":443" {
			address = n.Addr()
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
}

// start runs the development server in a new folder, and waits until it has built its first page.
func (n *nextApplication) start(named bool) {
	n.t.Helper()
	folder, modules := n.t.TempDir(), "node_modules"
	modules, err := filepath.EvalSymlinks(modules)
	if err == nil {
		modules, err = filepath.Abs(modules)
	}
	if err == nil {
		err = errors.Join(os.CopyFS(folder, os.DirFS("next")), os.Symlink(modules, filepath.Join(folder, "node_modules")))
	}
	if err != nil {
		n.t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(n.Addr())
	if err != nil {
		n.t.Fatal(err)
	}
	domain, insecure, nodeOptions := strings.TrimSuffix(n.URL, "/"), "true", patience(n.t)
	if named {
		program, err := filepath.Abs("clients/port443.mjs")
		if err != nil {
			n.t.Fatal(err)
		}
		domain, insecure, nodeOptions = strings.TrimPrefix(domain, "https://"), "false", nodeOptions+" --import="+program
	}
	cmd := exec.Command("node", "node_modules/next/dist/bin/next", "dev", "--webpack", "-p", n.origin[strings.LastIndex(n.origin, ":")+1:])
	cmd.Dir, cmd.SysProcAttr = folder, &syscall.SysProcAttr{Setpgid: true}
	cmd.Env = append(os.Environ(),
		"NEXT_TELEMETRY_DISABLED=1", "NODE_OPTIONS="+nodeOptions, "NODE_EXTRA_CA_CERTS="+n.CAPath(), "TENANT0_PORT="+port, "ALLOW_INSECURE="+insecure,
		"AUTH0_DOMAIN="+domain, "AUTH0_CLIENT_ID=ClientsWeb", "AUTH0_CLIENT_SECRET=a-secret-of-this-test-only",
		"AUTH0_SECRET=of-the-cookies-of-this-application-only", "APP_BASE_URL="+n.origin,
	)
	var rest bytes.Buffer
	cmd.Stderr = &rest
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		n.t.Fatal(err)
	}
	said, ready := bufio.NewScanner(stdout), false
	for !ready && said.Scan() {
		ready = strings.Contains(said.Text(), "Ready in")
	}
	var drained sync.WaitGroup
	drained.Go(func() { _, _ = io.Copy(io.Discard, stdout) })
	n.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it and its workers
		drained.Wait()
		_ = cmd.Wait() // a signal ended it
		if n.t.Failed() {
			n.t.Logf("next dev says: %s", rest.String())
		}
	})
	if !ready {
		n.t.Fatalf("next dev has ended: %v", said.Err())
	}
	n.browser.Timeout = 3 * time.Minute // it makes each page when it is first asked for it
}

// get requests a URL, and returns the body and the Location of the answer.
func (n *nextApplication) get(target string) (body, location string) {
	n.t.Helper()
	resp, err := n.browser.Get(target)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return string(raw), resp.Header.Get("Location")
}

// who returns the name of the user whom the application's page shows as logged in.
func (n *nextApplication) who() string {
	n.t.Helper()
	body, _ := n.get(n.origin + "/")
	_, after, _ := strings.Cut(body, `id="who">`)
	who, _, _ := strings.Cut(after, "<")
	return who
}

// conversation logs in, checks the page that shows the user, and logs out.
func (n *nextApplication) conversation() {
	n.t.Helper()
	if who := n.who(); who != "nobody" {
		n.t.Fatalf("before the login the page says %q", who)
	}
	_, location := n.get(n.origin + "/auth/login")
	if !strings.HasPrefix(location, n.URL+"authorize?") {
		n.t.Fatalf("the login leads to %q", location)
	}
	left, page := n.Visit(n.browser, location)
	for left == nil && page.URL != nil && strings.HasPrefix(page.URL.Path, "/u/") {
		form := page.Form()
		form.Set("username", "employee@exampleco.com")
		form.Set("password", "ExampleCo!2026")
		form.Set("action", "default")
		if page.URL.Path == "/u/consent" {
			form.Set("action", "accept")
		}
		before := page.URL.Path
		if left, page = n.Submit(n.browser, page, form); left == nil && page.URL != nil && page.URL.Path == before {
			n.t.Fatalf("%s is shown again: %s", before, page.Body)
		}
	}
	if left == nil || !strings.HasPrefix(left.String(), n.origin+"/auth/callback?") {
		n.t.Fatalf("the login ends at %v: %s", left, page.Body)
	}
	if body, location := n.get(left.String()); location != "/" && location != n.origin+"/" {
		n.t.Fatalf("after the login the application leads to %q: %s", location, body)
	}
	if who := n.who(); who != "employee@exampleco.com" {
		n.t.Errorf("after the login the page says %q", who)
	}
	if body, _ := n.get(n.origin + "/auth/profile"); !strings.Contains(body, `"email":"employee@exampleco.com"`) {
		n.t.Errorf("the profile is %s", body)
	}
	_, location = n.get(n.origin + "/auth/logout")
	if left, page = n.Visit(n.browser, location); left == nil || left.String() != n.origin && left.String() != n.origin+"/" {
		n.t.Fatalf("the logout ends at %v: %s", left, page.Body)
	}
	if who := n.who(); who != "nobody" {
		n.t.Errorf("after the logout the page says %q", who)
	}
}
