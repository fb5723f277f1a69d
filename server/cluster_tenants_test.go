package server_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

func TestServersShowEachOthersTraces(t *testing.T) {
	servers := cluster(t, 2, pgtest.Shared(t).Empty(t))
	first, second := servers[0], servers[1]
	refused, err := of(second).Get(first.URL + "authorize?client_id=unknown&response_type=code")
	if err != nil {
		t.Fatal(err)
	}
	refused.Body.Close()
	id := refused.Header.Get("X-Auth0-Requestid")
	status, body := controlStatus(t, first, "/trace/"+id)
	if status != http.StatusOK || !strings.Contains(body, `"/authorize"`) || !strings.Contains(body, "unknown") {
		t.Errorf("the first server has of a request to the second: %d %s", status, body)
	}
	for n, s := range servers { // a request to each is in the list of each
		resp, err := of(s).Get(first.URL + "authorize?response_type=code&client_id=at" + string(rune('0'+n)))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		for _, other := range servers {
			if status, body := controlStatus(t, other, "/trace/"+resp.Header.Get("X-Auth0-Requestid")); status != http.StatusOK {
				t.Errorf("a request to server %d: %d %s", n, status, body)
			}
		}
	}
	for _, s := range servers {
		if status, body := controlStatus(t, s, "/trace?path=/authorize"); status != http.StatusOK || strings.Count(body, `"request_id"`) != 3 || strings.Index(body, "at1") > strings.Index(body, "at0") {
			t.Errorf("the list, newest first: %d %s", status, body)
		}
	}
	second.Reset()
	if status, body := controlStatus(t, first, "/trace"); status != http.StatusOK || strings.Contains(body, id) {
		t.Errorf("after a reset the first server lists %d %s", status, body)
	}
	if status, _ := controlStatus(t, first, "/trace/"+id); status != http.StatusNotFound {
		t.Errorf("after a reset the trace is %d", status)
	}
}

// elsewhere starts another server on the same store, at another address, as if on another machine.
func elsewhere(t *testing.T, store string, of *servertest.Server) *servertest.Server {
	t.Helper()
	return servertest.Start(t, servertest.Config(func(c *config.Config) {
		c.Store, c.Issuer, c.Listen, c.Control = store, of.URL, "127.0.0.2:0", "127.0.0.2:0"
	}))
}

type description struct {
	Issuer      string            `json:"issuer"`
	Environment map[string]string `json:"environment"`
}

func makeTenant(t *testing.T, s *servertest.Server, body string) (d description) {
	t.Helper()
	resp, err := http.Post(s.ControlURL()+"/tenants", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&d); err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("a new tenant: %d %v", resp.StatusCode, err)
	}
	return d
}

func deleteTenant(t *testing.T, s *servertest.Server, name string) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, s.ControlURL()+"/tenants/"+name, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Fatalf("a tenant is deleted with %d", resp.StatusCode)
	}
}

// TestTenantsThatAnotherServerMakes: a tenant made at one server is served by all running servers, each at
// the port of its issuer if that port is free, and by none once one server has deleted it.
func TestTenantsThatAnotherServerMakes(t *testing.T) {
	store := pgtest.Shared(t).Empty(t)
	first := cluster(t, 1, store)[0]
	second := elsewhere(t, store, first)
	made := makeTenant(t, first, `{"name": "w1", "seed": "timesheets"}`)
	issuer, err := url.Parse(made.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := controlStatus(t, second, "/tenants/w1"); status != http.StatusOK || !strings.Contains(body, made.Issuer) {
		t.Fatalf("the second server has of it %d %s", status, body)
	}
	client := first.Client()
	client.Transport = &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.2", issuer.Port()))
	}}
	token := func() (int, error) {
		resp, err := client.PostForm(made.Issuer+"oauth/token", cronForm())
		if err != nil {
			return 0, err
		}
		resp.Body.Close()
		return resp.StatusCode, nil
	}
	if status, err := token(); err != nil || status != http.StatusOK {
		t.Errorf("a token of it at the second server: %d %v", status, err)
	}
	if status, body := controlStatus(t, second, "/tenants/w1/clock"); status != http.StatusOK {
		t.Errorf("its clock at the second server: %d %s", status, body)
	}

	deleteTenant(t, second, "w1")
	if status, body := controlStatus(t, first, "/tenants"); status != http.StatusOK || strings.Contains(body, "w1") {
		t.Errorf("after the second has deleted it the first lists %d %s", status, body)
	}
	again := makeTenant(t, second, `{"name": "w1", "from": "default"}`)
	if status, body := controlStatus(t, first, "/tenants/w1"); status != http.StatusOK || !strings.Contains(body, again.Issuer) {
		t.Errorf("the first server has the old one: %d %s", status, body)
	}
	deleteTenant(t, first, "w1")
	// The second server gets no request about the tenant: it must notice the deletion by itself.
	port := mustPort(t, again.Issuer)
	for deadline := time.Now().Add(servertest.Patience); ; {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.2", port), time.Second)
		if err != nil {
			break
		}
		conn.Close()
		if time.Now().After(deadline) {
			t.Fatal("the second server still serves a deleted tenant")
		}
	}
	if err := second.Close(); err != nil {
		t.Errorf("the second server ends with %v", err)
	}
}

func mustPort(t *testing.T, issuer string) string {
	t.Helper()
	u, err := url.Parse(issuer)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}
