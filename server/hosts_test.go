package server_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

// answersTo starts a tenant that has host names of its own of every kind.
func answersTo(t *testing.T) *servertest.Server {
	t.Helper()
	return servertest.Start(t, servertest.Config(func(c *config.Config) {
		c.Issuer, c.Hosts = "https://acme.example.test/", []string{"idp.test"}
		c.AllowedHosts = []string{"tenant0", "*.proxy.test"}
	}))
}

// hosts tells, for values of the Host header, whether the tenant of answersTo accepts them.
var hosts = map[string]bool{
	"localhost": true, "localhost:4400": true, "LOCALHOST:1": true, "localhost.": true, "localhost.:80": true, "a.b.localhost": true,
	"127.0.0.1": true, "127.0.0.1:4400": true, "192.168.1.20:4400": true, "[::1]": true, "[::1]:4400": true, "[2001:DB8::1]:80": true,
	"acme.example.test": true, "ACME.example.test.:8443": true, "idp.test": true, "host.docker.internal:4400": true,
	"tenant0": true, "tenant0:4400": true, "a.proxy.test": true, "a.b.proxy.test": true,

	"evil.example": false, "evil.example:4400": false, "localhost.evil.example": false, "notlocalhost": false,
	"127.0.0.1.evil.example": false, "127.0.0.1.nip.io": false, "[::1].evil.example": false, "[evil.example]": false,
	"::1": false, "acme.example.test.evil.example": false, "www.acme.example.test": false, "proxy.test": false, "evilproxy.test": false,
	"localhost:4400:80": false, "localhost:port": false, "[::1]:port": false, "[::1": false, "localhost..": false, ".localhost:x": false,
	"evil.example@localhost": false, "localhost@evil.example": false, "": false,
}

// everywhere are paths of several packages, and one that nothing serves.
var everywhere = []string{"/.well-known/openid-configuration", "/authorize", "/api/v2/clients", "/nothing/here", "/oauth/token"}

func TestTheTenantAnswersToItsOwnNamesAlone(t *testing.T) {
	s := answersTo(t)
	for host, own := range hosts {
		for _, path := range everywhere {
			answer := raw(t, s, "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\nX-Forwarded-Host: localhost\r\nForwarded: host=localhost\r\n"+
				"Origin: http://"+host+"\r\nConnection: close\r\n\r\n")
			head, _, _ := strings.Cut(answer, "\r\n\r\n")
			refused := strings.HasPrefix(head, "HTTP/1.1 421 ") || strings.HasPrefix(head, "HTTP/1.1 400 Bad Request: ")
			switch {
			case refused == own:
				t.Errorf("%s by the name %q: %s", path, host, answer)
			case refused && (strings.Contains(head, "Access-Control-") || !strings.Contains(head, "Content-Type: text/plain")):
				t.Errorf("%q is refused with %s", host, answer)
			}
		}
	}
}

func TestTheTenantAnswersToItsOwnNamesAloneInHTTP2(t *testing.T) {
	s := answersTo(t)
	client := s.Client()
	client.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	asked := 0
	for host, own := range hosts {
		for _, path := range everywhere {
			rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.Addr()+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			if rq.Host = host; host == "" {
				continue // the client would send the URL's
			}
			rq.Header.Set("Origin", "https://"+host)
			resp, err := client.Do(rq)
			if err != nil && strings.Contains(err.Error(), "invalid Host header") {
				continue // no :authority that the client would send
			}
			if err != nil {
				t.Fatalf("%s: %v", host, err)
			}
			resp.Body.Close()
			asked++
			if refused := resp.StatusCode == http.StatusMisdirectedRequest; resp.ProtoMajor != 2 || refused == own {
				t.Errorf("%s by the name %q: %s %s", path, host, resp.Proto, resp.Status)
			}
		}
	}
	if asked < len(hosts) {
		t.Errorf("the client sent only %d requests", asked)
	}
}

// TestARefusedHostIsToldTheSwitch: the refusal names the setting that would allow this host.
func TestARefusedHostIsToldTheSwitch(t *testing.T) {
	s := servertest.Start(t)
	answer := raw(t, s, "GET /authorize HTTP/1.1\r\nHost: Gateway.Internal:8443\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 421 ") || !strings.Contains(answer, "--allowed-host gateway.internal,") ||
		!strings.Contains(answer, "TENANT0_ALLOWED_HOSTS=gateway.internal.") {
		t.Errorf("answered %s", answer)
	}
}

// TestHostsOfRawRequests sends requests that no client library would send.
func TestHostsOfRawRequests(t *testing.T) {
	s := answersTo(t)
	const path = "/.well-known/openid-configuration"
	for request, status := range map[string]string{
		"GET " + path + " HTTP/1.1\r\nHost: localhost\r\n":                                         "200",
		"GET " + path + " HTTP/1.1\r\nHost:\r\n":                                                   "421",
		"GET " + path + " HTTP/1.1\r\n":                                                            "400",
		"GET " + path + " HTTP/1.0\r\n":                                                            "421",
		"GET " + path + " HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n":                   "400",
		"GET http://evil.example" + path + " HTTP/1.1\r\nHost: localhost\r\n":                      "421",
		"GET http://localhost" + path + " HTTP/1.1\r\nHost: localhost\r\n":                         "200",
		"GET http://localhost@evil.example" + path + " HTTP/1.1\r\nHost: localhost\r\n":            "421",
		"OPTIONS /oauth/token HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://localhost:3000\r\n": "421",
	} {
		if got := raw(t, s, request+"Connection: close\r\n\r\n"); !strings.HasPrefix(got[9:], status) {
			t.Errorf("%q is answered with %s, want %s", request, got, status)
		}
	}
}

// raw sends the text of a request over plain TCP, unchanged, and returns the answer.
func raw(t *testing.T, s *servertest.Server, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(bufio.NewReader(conn))
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// TestARebindingPageGetsNoToken at the tenant by HTTP or HTTPS, by DNS rebinding.
func TestARebindingPageGetsNoToken(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	transport := client.Transport.(*http.Transport)
	transport.TLSClientConfig.InsecureSkipVerify = true
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, s.Addr()) // the name is rebound
	}
	form := s.ManagementForm()
	for _, base := range []string{"http://evil.example:4400", "https://evil.example:4400"} {
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/oauth/token", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		rq.Header.Set("Origin", base)
		resp, err := client.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusMisdirectedRequest || strings.Contains(string(body), "access_token") {
			t.Errorf("%s: %d %s", base, resp.StatusCode, body)
		}
	}
	if status, body := s.Token(s.Client(), form); status != http.StatusOK {
		t.Errorf("by its own name the tenant answers %d %v", status, body)
	}
}

// TestCustomDomainsAreOwnNames as soon as the custom domain is created and until it is
// deleted.
func TestCustomDomainsAreOwnNames(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	status := func() int {
		answer := raw(t, s, "GET /.well-known/jwks.json HTTP/1.1\r\nHost: login.exampleco.test\r\nConnection: close\r\n\r\n")
		var code int
		fmt.Sscan(answer[9:], &code)
		return code
	}
	if got := status(); got != http.StatusMisdirectedRequest {
		t.Fatalf("before: %d", got)
	}
	code, made := s.Manage(client, http.MethodPost, "custom-domains", map[string]any{"domain": "login.exampleco.test", "type": "auth0_managed_certs"})
	if code != http.StatusCreated {
		t.Fatalf("the domain is made with %d %v", code, made)
	}
	if got := status(); got != http.StatusOK {
		t.Errorf("as a custom domain: %d", got)
	}
	id, _ := made.(map[string]any)["custom_domain_id"].(string)
	if code, answer := s.Manage(client, http.MethodDelete, "custom-domains/"+id, nil); code != http.StatusNoContent {
		t.Fatalf("the domain is deleted with %d %v", code, answer)
	}
	if got := status(); got != http.StatusMisdirectedRequest {
		t.Errorf("after: %d", got)
	}
}

// TestTLSDoesNotChooseTheTenantsName: the Host header counts, not the server name in the
// TLS handshake.
func TestTLSDoesNotChooseTheTenantsName(t *testing.T) {
	s := servertest.Start(t)
	conn, err := tls.Dial("tcp", s.Addr(), &tls.Config{ServerName: "localhost", InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 421 ") {
		t.Errorf("answered %s", answer)
	}
}
