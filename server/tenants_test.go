package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

// process is a server process with several tenants.
type process struct {
	*servertest.Server
	t *testing.T
}

func startProcess(t *testing.T, opts ...servertest.Option) *process {
	t.Helper()
	return &process{servertest.Start(t, opts...), t}
}

// control calls the control listener and returns the status and the decoded body.
func (p *process) control(method, path string, body any) (int, any) {
	p.t.Helper()
	var sent io.Reader = http.NoBody
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		sent = bytes.NewReader(raw)
	}
	rq, err := http.NewRequestWithContext(p.t.Context(), method, p.ControlURL()+path, sent)
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	var answer any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &answer); err != nil {
			p.t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, raw)
		}
	}
	return resp.StatusCode, answer
}

// must is control for calls that must answer with a given status.
func (p *process) must(status int, method, path string, body any) any {
	p.t.Helper()
	got, answer := p.control(method, path, body)
	if got != status {
		p.t.Fatalf("%s %s: %d %v, want %d", method, path, got, answer, status)
	}
	return answer
}

// make creates a tenant and returns it as a servertest.Server.
func (p *process) make(body object) *servertest.Server {
	p.t.Helper()
	made := p.must(201, http.MethodPost, "/tenants", body).(object)
	return p.At(made["issuer"].(string))
}

// manage calls the Management API of a tenant, which must succeed.
func manage(t *testing.T, s *servertest.Server, method, path string, body any) any {
	t.Helper()
	status, answer := s.Manage(s.Client(), method, path, body)
	if status/100 != 2 {
		t.Fatalf("%s %s of %s: %d %v", method, path, s.URL, status, answer)
	}
	return answer
}

func isEphemeral() servertest.Option {
	return servertest.Config(func(c *config.Config) { c.Ephemeral, c.Data = true, "" })
}

// everyStore runs a test with tenants on disk and with tenants in memory.
func everyStore(t *testing.T, test func(t *testing.T, p *process)) {
	t.Helper()
	t.Run("on the disk", func(t *testing.T) { test(t, startProcess(t)) })
	t.Run("in memory", func(t *testing.T) { test(t, startProcess(t, isEphemeral())) })
}

var spaLogin = servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{
	"scope": {"openid profile read:timesheets"}, "audience": {servertest.API},
}}

func TestTenantsAreMadeListedAndDeleted(t *testing.T) {
	everyStore(t, func(t *testing.T, p *process) {
		t.Helper()
		w1 := p.make(object{"name": "w1", "seed": "timesheets"})
		shown := p.must(200, http.MethodGet, "/tenants/w1", nil).(object)
		environment := shown["environment"].(object)
		u, err := url.Parse(w1.URL)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]any{
			"AUTH0_DOMAIN": u.Host, "AUTH0_ISSUER_BASE_URL": strings.TrimSuffix(w1.URL, "/"), "AUTH0_AUDIENCE": servertest.API,
			"TENANT0_CONTROL_URL": p.ControlURL() + "/tenants/w1",
		} {
			if environment[name] != want {
				t.Errorf("%s is %v, want %v", name, environment[name], want)
			}
		}
		if shown["name"] != "w1" || shown["domain"] != u.Host || u.Host == strings.Split(p.URL, "/")[2] {
			t.Errorf("the tenant is shown as %v", shown)
		}
		// The tenant's users log in, its machines call its Management API, and other tenants refuse its tokens.
		tokens := w1.Exchange(w1.Client(), w1.Login(w1.Client(), spaLogin))
		machine := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {servertest.Management}, "client_secret": {servertest.ManagementSecret},
			"audience": {w1.URL + "api/v2/"},
		}
		status, granted := w1.Token(w1.Client(), machine)
		if status != 200 {
			t.Fatalf("a token for the tenant's Management API: %d %v", status, granted)
		}
		for issuer, want := range map[string]int{w1.URL: 200, p.URL: 401} {
			rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, issuer+"api/v2/clients", nil)
			if err != nil {
				t.Fatal(err)
			}
			rq.Header.Set("Authorization", "Bearer "+granted["access_token"].(string))
			resp, err := w1.Client().Do(rq)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != want {
				t.Errorf("its token at %s: %d, want %d", issuer, resp.StatusCode, want)
			}
		}
		if tokens["access_token"] == nil {
			t.Errorf("tokens of a login are %v", tokens)
		}
		p.make(object{"name": "a", "from": "w1"})
		var listed []any
		for _, one := range p.must(200, http.MethodGet, "/tenants", nil).([]any) {
			listed = append(listed, one.(object)["name"])
		}
		if diff := cmp.Diff([]any{"default", "a", "w1"}, listed); diff != "" {
			t.Errorf("tenants (-want +got):\n%s", diff)
		}
		p.must(204, http.MethodDelete, "/tenants/w1", nil)
		p.must(404, http.MethodGet, "/tenants/w1", nil)
		p.must(404, http.MethodPost, "/tenants/w1/reset", nil)
		if resp, err := w1.Client().Get(w1.URL + "v2/logout"); err == nil {
			resp.Body.Close()
			t.Errorf("a deleted tenant answers with %s", resp.Status)
		}
		p.make(object{"name": "w1"}) // the name is free again
	})
}

func TestTenantsThatCannotBe(t *testing.T) {
	p := startProcess(t, isEphemeral())
	p.make(object{"name": "w1"})
	for _, x := range []struct {
		method, path string
		body         any
		status       int
		says         string
	}{
		{"POST", "/tenants", object{}, 400, "name"},
		{"POST", "/tenants", object{"name": "W1"}, 400, "lower-case"},
		{"POST", "/tenants", object{"name": "../w2"}, 400, "lower-case"},
		{"POST", "/tenants", object{"name": strings.Repeat("a", 64)}, 400, "lower-case"},
		{"POST", "/tenants", object{"name": "w1"}, 409, "tenant_exists"},
		{"POST", "/tenants", object{"name": "default"}, 409, "tenant_exists"},
		{"POST", "/tenants", object{"name": "w2", "seed": "timesheets", "from": "w1"}, 400, "excludes"},
		{"POST", "/tenants", object{"name": "w2", "from": "nobody"}, 404, "unknown_tenant"},
		{"POST", "/tenants", object{"name": "w2", "seed": "no-such-seed"}, 422, "no-such-seed"},
		{"DELETE", "/tenants/default", nil, 409, "first_tenant"},
		{"DELETE", "/tenants/nobody", nil, 404, "unknown_tenant"},
		{"PUT", "/tenants/w1/snapshots/Not%20a%20name", nil, 400, "snapshot"},
		{"POST", "/tenants/w1/snapshots/none/restore", nil, 404, "unknown_snapshot"},
		{"DELETE", "/snapshots/none", nil, 404, "unknown_snapshot"},
		{"GET", "/snapshots/none", nil, 404, "unknown_snapshot"},
	} {
		status, answer := p.control(x.method, x.path, x.body)
		if said := fmt.Sprint(answer); status != x.status || !strings.Contains(said, x.says) {
			t.Errorf("%s %s %v: %d %s, want %d that says %q", x.method, x.path, x.body, status, said, x.status, x.says)
		}
	}
	if n := len(p.must(200, http.MethodGet, "/tenants", nil).([]any)); n != 2 {
		t.Errorf("there are %d tenants, want 2", n)
	}
	p.make(object{"name": "w2"}) // what was refused has not taken the name
}

// TestACloneIsAsItsOriginWas clones a tenant that has changed: later changes to it do not reach the clone.
func TestACloneIsAsItsOriginWas(t *testing.T) {
	everyStore(t, func(t *testing.T, p *process) {
		t.Helper()
		manage(t, p.Server, http.MethodPost, "clients", object{"name": "Made before"})
		clone := p.make(object{"name": "clone", "from": "default"})
		manage(t, p.Server, http.MethodPost, "clients", object{"name": "Made after"})
		names := func(s *servertest.Server) (all []string) {
			list := manage(t, s, http.MethodGet, "clients?fields=name&per_page=100", nil)
			for _, one := range list.([]any) {
				if name := one.(object)["name"].(string); strings.HasPrefix(name, "Made") {
					all = append(all, name)
				}
			}
			slices.Sort(all)
			return all
		}
		if diff := cmp.Diff([]string{"Made before"}, names(clone)); diff != "" {
			t.Errorf("the clone has (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"Made after", "Made before"}, names(p.Server)); diff != "" {
			t.Errorf("the origin has (-want +got):\n%s", diff)
		}
		// A reset of the clone changes only the clone.
		p.must(204, http.MethodPost, "/tenants/clone/reset", nil)
		if left := names(clone); len(left) > 0 {
			t.Errorf("after a reset the clone has %v", left)
		}
		if got := names(p.Server); len(got) != 2 {
			t.Errorf("after a reset of its clone the origin has %v", got)
		}
	})
}

// TestTenantsDoNotMeet logs one browser in to two tenants on one host, and moves the clock of one of them.
func TestTenantsDoNotMeet(t *testing.T) {
	p := startProcess(t, isEphemeral())
	w1 := p.make(object{"name": "w1"})
	browser := p.Client()
	p.Login(browser, spaLogin)
	asOther := spaLogin
	asOther.Username = servertest.Manager
	w1.Login(browser, asOther)
	silent := func(s *servertest.Server, login servertest.Login) string {
		login.Params = url.Values{"scope": {"openid email"}, "prompt": {"none"}}
		target, _ := s.AuthorizeURL(login)
		resp, err := browser.Get(target)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.Header.Get("Location")
	}
	for s, login := range map[*servertest.Server]servertest.Login{p.Server: spaLogin, w1: asOther} {
		if to := silent(s, login); strings.Contains(to, "login_required") {
			t.Errorf("%s has forgotten its session: %s", s.URL, to)
		}
	}
	p.must(200, http.MethodPut, "/tenants/w1/clock", object{"now": "2031-01-01T00:00:00Z", "frozen": true})
	if now := p.must(200, http.MethodGet, "/clock", nil).(object)["now"].(string); strings.HasPrefix(now, "2031") {
		t.Errorf("the clock of the first tenant has moved with another's: %s", now)
	}
	if to := silent(w1, asOther); !strings.Contains(to, "login_required") {
		t.Errorf("years later a session lives: %s", to)
	}
	if to := silent(p.Server, spaLogin); strings.Contains(to, "login_required") {
		t.Errorf("the first tenant has ended a session by another's clock: %s", to)
	}
}

func TestSnapshotsAreKeptAndRestored(t *testing.T) {
	everyStore(t, func(t *testing.T, p *process) {
		t.Helper()
		p.make(object{"name": "w1"})
		w1 := p.At(p.must(200, http.MethodGet, "/tenants/w1", nil).(object)["issuer"].(string))
		count := func() int { return len(manage(t, w1, http.MethodGet, "clients?per_page=100", nil).([]any)) }
		before := count()
		p.must(200, http.MethodPut, "/tenants/w1/snapshots/empty", nil)
		manage(t, w1, http.MethodPost, "clients", object{"name": "One"})
		p.must(200, http.MethodPut, "/tenants/w1/snapshots/one", nil)
		p.must(204, http.MethodPost, "/tenants/w1/snapshots/empty/restore", nil)
		if n := count(); n != before {
			t.Errorf("%d clients after going back, want %d", n, before)
		}
		p.must(204, http.MethodPost, "/tenants/w1/snapshots/one/restore", nil)
		if n := count(); n != before+1 {
			t.Errorf("%d clients after going forward, want %d", n, before+1)
		}
		names := func() any { return p.must(200, http.MethodGet, "/tenants/w1/snapshots", nil) }
		if diff := cmp.Diff([]any{object{"name": "empty"}, object{"name": "one"}}, names()); diff != "" {
			t.Errorf("snapshots (-want +got):\n%s", diff)
		}
		p.must(200, http.MethodGet, "/tenants/w1/snapshots/one", nil)
		p.must(204, http.MethodDelete, "/tenants/w1/snapshots/empty", nil)
		if diff := cmp.Diff([]any{object{"name": "one"}}, names()); diff != "" {
			t.Errorf("snapshots (-want +got):\n%s", diff)
		}
		// A reset restores the seed and keeps the snapshots.
		p.must(204, http.MethodPost, "/tenants/w1/reset", nil)
		if n := count(); n != before {
			t.Errorf("%d clients after a reset, want %d", n, before)
		}
		p.must(204, http.MethodPost, "/tenants/w1/snapshots/one/restore", nil)
		if got := p.must(200, http.MethodGet, "/snapshots", nil); len(got.([]any)) != 0 {
			t.Errorf("the first tenant has snapshots of another: %v", got)
		}
	})
}

// TestTenantsAreThereAfterARestart: a tenant keeps its port and data, and deleting a tenant deletes its file.
func TestTenantsAreThereAfterARestart(t *testing.T) {
	data := t.TempDir()
	keep := servertest.Config(func(c *config.Config) { c.Data = data })
	p := startProcess(t, keep)
	kept := p.make(object{"name": "kept"})
	p.make(object{"name": "gone"})
	manage(t, kept, http.MethodPost, "clients", object{"name": "Mine"})
	p.must(204, http.MethodDelete, "/tenants/gone", nil)
	files, err := filepath.Glob(filepath.Join(data, config.TenantsFolder, "*"))
	if err != nil || slices.ContainsFunc(files, func(f string) bool { return strings.Contains(f, "gone") }) {
		t.Errorf("what a deleted tenant leaves: %v, %v", files, err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = startProcess(t, keep)
	again := p.At(p.must(200, http.MethodGet, "/tenants/kept", nil).(object)["issuer"].(string))
	if again.URL != kept.URL {
		ln, err := net.Listen("tcp", strings.Split(kept.URL, "/")[2])
		if err == nil {
			ln.Close()
			t.Errorf("after a restart the tenant is at %s and not at %s, which is free", again.URL, kept.URL)
		}
	}
	list := manage(t, again, http.MethodGet, "clients?per_page=100", nil)
	if !strings.Contains(fmt.Sprint(list), "Mine") {
		t.Errorf("after a restart its clients are %v", list)
	}
}

func TestAFolderOfTenants(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"one.yaml": "tenant: {friendly_name: One}\n", "two.json": `{"tenant": {"friendly_name": "Two"}}`, "notes.txt": "not a tenant",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := startProcess(t, servertest.Config(func(c *config.Config) { c.Tenants = folder }))
	var listed []any
	for _, one := range p.must(200, http.MethodGet, "/tenants", nil).([]any) {
		listed = append(listed, one.(object)["name"])
	}
	if diff := cmp.Diff([]any{"default", "one", "two"}, listed); diff != "" {
		t.Errorf("tenants (-want +got):\n%s", diff)
	}
	if n := len(p.Summary().Further); n != 2 {
		t.Errorf("the start tells of %d further tenants", n)
	}
}

// TestManyTenantsAtOnce creates tenants concurrently, with one name and with different names.
func TestManyTenantsAtOnce(t *testing.T) {
	p := startProcess(t, isEphemeral())
	const many = 24
	var wait sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	issuers := map[string]bool{}
	for i := range many {
		wait.Go(func() {
			status, _ := p.control(http.MethodPost, "/tenants", object{"name": "same"})
			mu.Lock()
			statuses[status]++
			mu.Unlock()
			made := p.must(201, http.MethodPost, "/tenants", object{"name": fmt.Sprint("t", i)}).(object)
			mu.Lock()
			issuers[made["issuer"].(string)] = true
			mu.Unlock()
		})
	}
	wait.Wait()
	if statuses[201] != 1 || statuses[409] != many-1 || len(issuers) != many {
		t.Errorf("of one name: %v; of many names: %d issuers, want %d", statuses, len(issuers), many)
	}
	for i := range many {
		wait.Go(func() { p.must(204, http.MethodDelete, fmt.Sprint("/tenants/t", i), nil) })
	}
	wait.Wait()
	if n := len(p.must(200, http.MethodGet, "/tenants", nil).([]any)); n != 2 {
		t.Errorf("%d tenants are left, want 2", n)
	}
}

// TestTheStoreFollowsItsIssuer restarts a tenant at another port: the identifiers of the tenant's own
// APIs change to the new address.
func TestTheStoreFollowsItsIssuer(t *testing.T) {
	data := t.TempDir()
	keep := servertest.Config(func(c *config.Config) { c.Data = data })
	first := servertest.Start(t, keep)
	manage(t, first, http.MethodPost, "clients", object{"name": "Mine"})
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := servertest.Start(t, keep)
	if second.URL == first.URL {
		t.Skip("the kernel gave the same port again")
	}
	list := manage(t, second, http.MethodGet, "resource-servers", nil)
	if said := fmt.Sprint(list); strings.Contains(said, first.URL) || !strings.Contains(said, second.URL+"api/v2/") {
		t.Errorf("at %s the APIs are %v", second.URL, said)
	}
	second.Reset()
	again := manage(t, second, http.MethodGet, "clients?per_page=100", nil)
	if strings.Contains(fmt.Sprint(again), "Mine") {
		t.Error("a reset does not go back to the seed")
	}
}
