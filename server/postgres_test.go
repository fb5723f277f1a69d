package server_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

// cluster starts n servers that serve one tenant from one database. Each has its own listener and
// data folder.
func cluster(t *testing.T, n int, store string) (servers []*servertest.Server) {
	t.Helper()
	for range n {
		opts := []servertest.Option{servertest.Config(func(c *config.Config) { c.Store, c.NoFsync = store, false })}
		if len(servers) == 0 {
			opts = append(opts, servertest.HTTP())
		} else {
			first := servers[0].URL
			opts = append(opts, servertest.Config(func(c *config.Config) { c.Issuer = first }))
		}
		servers = append(servers, servertest.Start(t, opts...))
	}
	return servers
}

func cronForm() url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "audience": {servertest.API},
		"client_id": {servertest.Cron}, "client_secret": {servertest.CronSecret},
	}
}

// controlStatus returns the status and the body of a GET request to the control listener.
func controlStatus(t *testing.T, s *servertest.Server, path string) (int, string) {
	t.Helper()
	resp, err := http.Get(s.ControlURL() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestWithoutItsDatabaseAServerSaysSo(t *testing.T) {
	database := pgtest.Start(t)
	s := cluster(t, 1, database.Empty(t))[0]
	client := s.Client()
	if status, body := s.Token(client, cronForm()); status != http.StatusOK {
		t.Fatal(status, body)
	}
	database.Crash()
	status, body := s.Token(client, cronForm())
	if status != http.StatusServiceUnavailable || body["error"] != "temporarily_unavailable" {
		t.Errorf("a token without the database: %d %v, want 503 and temporarily_unavailable", status, body)
	}
	for path, want := range map[string]int{"/readyz": http.StatusServiceUnavailable, "/healthz": http.StatusOK} {
		if got, body := controlStatus(t, s, path); got != want {
			t.Errorf("%s without the database: %d %s, want %d", path, got, body, want)
		}
	}
	resp, err := client.Get(s.URL + "authorize?client_id=" + servertest.SPA + "&response_type=code&redirect_uri=" + url.QueryEscape(servertest.SPACallback))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a login without the database: %s %v, want 503 with Retry-After", resp.Status, resp.Header)
	}
	database.Again(t)
	if status, body := s.Token(client, cronForm()); status != http.StatusOK {
		t.Errorf("a token when the database is back: %d %v", status, body)
	}
	if got, body := controlStatus(t, s, "/readyz"); got != http.StatusOK {
		t.Errorf("/readyz when the database is back: %d %s", got, body)
	}
}

func TestAServerOfAClusterKeepsTheIssuer(t *testing.T) {
	store := pgtest.Shared(t).Empty(t)
	first := cluster(t, 1, store)[0]
	second := servertest.Start(t, servertest.Config(func(c *config.Config) { c.Store = store }))
	if second.URL != first.URL {
		t.Errorf("a second server without an issuer serves %s, want %s", second.URL, first.URL)
	}
	_, err := servertest.Try(t, servertest.Config(func(c *config.Config) { c.Store, c.Issuer = store, "https://other.test/" }))
	if err == nil || !strings.Contains(err.Error(), "--issuer "+first.URL) {
		t.Errorf("another issuer beside servers that run: %v, want an error that names theirs", err)
	}
	if err := errors.Join(first.Close(), second.Close()); err != nil {
		t.Fatal(err)
	}
	third := servertest.Start(t, servertest.Config(func(c *config.Config) { c.Store, c.Issuer = store, "https://other.test/" }))
	if third.URL != "https://other.test/" {
		t.Errorf("another issuer when no other server runs: %s", third.URL)
	}
}

func TestAServerWithoutItsDatabaseDoesNotStart(t *testing.T) {
	_, err := servertest.Try(t, servertest.Config(func(c *config.Config) { c.Store = "postgres://u:secret-word@127.0.0.1:1/db" }))
	if !errors.Is(err, keyspace.ErrUnavailable) || !strings.Contains(err.Error(), "start the database") || strings.Contains(err.Error(), "secret-word") {
		t.Errorf("the start ends with %v, want what wraps %v, says what to do and does not tell the password", err, keyspace.ErrUnavailable)
	}
}
