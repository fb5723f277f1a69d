package federation_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

func decode(t *testing.T, part string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func payload(t *testing.T, token string) (claims object) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	if err := json.Unmarshal(decode(t, parts[1]), &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// between starts two tenants that name each other. The issuer of the first has to be known before its start: it is what
// upstream starts the other tenant with, which also returns the seed of the first. If another process takes the
// port of that issuer meanwhile, both are started again.
func between(t *testing.T, upstream func(issuer string) (up *servertest.Server, seed string)) (tn, other tenant) {
	t.Helper()
	for range 5 {
		port := freePort(t)
		issuer := "http://localhost:" + port + "/"
		up, seed := upstream(issuer)
		s, err := servertest.Try(t, servertest.Seed(seed), servertest.Config(func(c *config.Config) { c.Issuer, c.Listen = issuer, "127.0.0.1:"+port }))
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			continue
		case err != nil:
			t.Fatal(err)
		}
		return tenant{s, s.Client(), t}, tenant{up, s.Client(), t}
	}
	t.Fatal("no port stays free for long enough")
	return tn, other
}

// freePort returns a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
