package ca_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenant0/tenant0/keys/ca"
)

// machine are all names by which a program reaches its own machine.
var machine = []string{"localhost", "host.docker.internal", "127.0.0.1", "::1", "10.0.2.2"}

// clock is a clock that a test sets.
type clock struct{ time time.Time }

func (c *clock) now() time.Time { return c.time }

func newClock() *clock { return &clock{time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)} }

func open(t *testing.T, dir string, c *clock, hosts ...string) *ca.Authority {
	t.Helper()
	a, err := ca.Open(dir, hosts, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// leaf returns the certificate of a server that uses a's TLS configuration.
func leaf(t *testing.T, a *ca.Authority) *x509.Certificate {
	t.Helper()
	cert, err := a.TLSConfig().GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return cert.Leaf
}

// pool returns the roots that a client trusts after reading a's file.
func pool(t *testing.T, a *ca.Authority) *x509.CertPool {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(readFile(t, a.Path())) {
		t.Fatalf("%s holds no certificate", a.Path())
	}
	return roots
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// rootOf parses the root certificate of a.
func rootOf(t *testing.T, a *ca.Authority) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(a.PEM())
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// checkServes verifies a's server certificate as a client would at the time of c.
func checkServes(t *testing.T, a *ca.Authority, c *clock, hosts ...string) {
	t.Helper()
	for _, host := range hosts {
		opts := x509.VerifyOptions{DNSName: host, Roots: pool(t, a), CurrentTime: c.time}
		if _, err := leaf(t, a).Verify(opts); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestServerCertificateIsForTheMachineAndTheConfiguredHosts(t *testing.T) {
	c := newClock()
	a := open(t, t.TempDir(), c, "Acme.Example.Test.", "192.168.1.5", "fd00::5", "localhost", "127.0.0.1")
	checkServes(t, a, c, append(machine, "acme.example.test", "192.168.1.5", "fd00::5")...)
	if err := leaf(t, a).VerifyHostname("other.example.test"); err == nil {
		t.Error("the certificate is for other.example.test too")
	}
	if a.Notice() != "" {
		t.Errorf("a first start says %q", a.Notice())
	}
}

func TestRootIsAConstrainedCertificateAuthority(t *testing.T) {
	c := newClock()
	root := rootOf(t, open(t, t.TempDir(), c, "acme.example.test", "192.168.1.5"))
	if !root.IsCA || !root.MaxPathLenZero || root.KeyUsage != x509.KeyUsageCertSign || !root.PermittedDNSDomainsCritical {
		t.Errorf("CA %t, path length zero %t, usage %b, constraints critical %t",
			root.IsCA, root.MaxPathLenZero, root.KeyUsage, root.PermittedDNSDomainsCritical)
	}
	if want := []string{"localhost", "host.docker.internal", "acme.example.test"}; !slices.Equal(root.PermittedDNSDomains, want) {
		t.Errorf("permitted names %q, want %q", root.PermittedDNSDomains, want)
	}
	var ranges []string
	for _, r := range root.PermittedIPRanges {
		ranges = append(ranges, r.String())
	}
	if want := []string{"127.0.0.0/8", "::1/128", "10.0.2.2/32", "192.168.1.5/32"}; !slices.Equal(ranges, want) {
		t.Errorf("permitted ranges %q, want %q", ranges, want)
	}
	if want := c.time.AddDate(10, 0, 0); !root.NotAfter.Equal(want) {
		t.Errorf("ends %s, want %s", root.NotAfter, want)
	}
}

func TestFilesAreForTheirReaders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "on the way")
	a := open(t, dir, newClock())
	for name, want := range map[string]fs.FileMode{"ca.key": 0o600, "ca.pem": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode() != want {
			t.Errorf("%s: got %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
	if want := filepath.Join(dir, "ca.pem"); a.Path() != want {
		t.Errorf("Path is %s, want %s", a.Path(), want)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 2 {
		t.Errorf("the folder holds more than the two files: %v", entries)
	}
}

func TestLaterStartsKeepTheRoot(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	first := open(t, dir, c, "acme.example.test")
	c.time = c.time.AddDate(1, 0, 0)
	tests := []struct {
		name  string
		hosts []string
	}{
		{"with the same hosts", []string{"acme.example.test"}},
		{"without hosts", nil},
		{"with a host beneath a permitted one", []string{"login.acme.example.test"}},
		{"with another loopback address", []string{"127.0.0.2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := open(t, dir, c, tt.hosts...)
			if string(a.PEM()) != string(first.PEM()) || a.Notice() != "" {
				t.Errorf("there is another root, and the notice %q", a.Notice())
			}
			checkServes(t, a, c, append(machine, tt.hosts...)...)
		})
	}
}

func TestRootThatCannotServeGivesWay(t *testing.T) {
	tests := []struct {
		name   string
		later  int // years
		hosts  []string
		reason string
	}{
		{"a new name", 0, []string{"new.example.test"}, "does not cover new.example.test"},
		{"a new address", 0, []string{"192.168.1.5"}, "does not cover 192.168.1.5"},
		{"a name that ends alike", 0, []string{"notacme.example.test"}, "does not cover notacme.example.test"},
		{"the last month of the root", 10, nil, "expires on 2036-11-25"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, c := t.TempDir(), newClock()
			before := open(t, dir, c, "acme.example.test")
			c.time = c.time.AddDate(tt.later, 0, -1)

			after := open(t, dir, c, tt.hosts...)

			if string(after.PEM()) == string(before.PEM()) {
				t.Error("the root is the same")
			}
			if !strings.Contains(after.Notice(), tt.reason) {
				t.Errorf("the notice %q lacks %q", after.Notice(), tt.reason)
			}
			checkServes(t, after, c, append(machine, tt.hosts...)...)
			kept, _ := filepath.Glob(filepath.Join(dir, "ca-*.pem"))
			if len(kept) != 1 || string(readFile(t, kept[0])) != string(before.PEM()) || !strings.Contains(after.Notice(), kept[0]) {
				t.Errorf("the root before is not kept as the notice says: %q, %q", kept, after.Notice())
			}
			again := open(t, dir, c, append(tt.hosts, "acme.example.test")...)
			if string(again.PEM()) != string(after.PEM()) {
				t.Error("the new root does not cover what the one before did")
			}
		})
	}
}

func TestStartHealsWhatClientsRead(t *testing.T) {
	tests := []struct {
		name   string
		damage func(dir string) error
	}{
		{"ca.pem was deleted", func(dir string) error { return os.Remove(filepath.Join(dir, "ca.pem")) }},
		{"ca.pem was overwritten", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "ca.pem"), []byte("not a certificate"), 0o600)
		}},
		{"ca.pem was cut short", func(dir string) error { return os.Truncate(filepath.Join(dir, "ca.pem"), 100) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, c := t.TempDir(), newClock()
			before := open(t, dir, c)
			if err := tt.damage(dir); err != nil {
				t.Fatal(err)
			}
			after := open(t, dir, c)
			if got := readFile(t, after.Path()); string(got) != string(before.PEM()) || after.Notice() != "" {
				t.Errorf("the file holds %q, the notice is %q", got, after.Notice())
			}
		})
	}
}

func TestLossOfTheKeyIsToldToThoseWhoTrustedIt(t *testing.T) {
	tests := []struct {
		name   string
		lose   func(key string) error
		reason string
	}{
		{"deleted", os.Remove, "ca.key, was missing"},
		{"exchanged for another", func(key string) error {
			other := open(t, t.TempDir(), newClock())
			return os.Rename(filepath.Join(filepath.Dir(other.Path()), "ca.key"), key)
		}, "does not belong to the key in "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, c := t.TempDir(), newClock()
			before := open(t, dir, c)
			if err := tt.lose(filepath.Join(dir, "ca.key")); err != nil {
				t.Fatal(err)
			}
			after := open(t, dir, c)
			if !strings.Contains(after.Notice(), tt.reason) || string(after.PEM()) == string(before.PEM()) {
				t.Errorf("the notice is %q", after.Notice())
			}
			checkServes(t, after, c, machine...)
		})
	}
}

func TestDamagedFileIsNamedWithCauseAndRemedy(t *testing.T) {
	other := t.TempDir()
	open(t, other, newClock())
	foreign := string(readFile(t, filepath.Join(other, "ca.key")))
	foreignKey, foreignCert := foreign[:strings.Index(foreign, "-----BEGIN CERT")], foreign[strings.Index(foreign, "-----BEGIN CERT"):]

	tests := []struct {
		name   string
		damage func(own string) string
		cause  string
	}{
		{"an empty file", func(string) string { return "" }, "it holds no ECDSA private key"},
		{"a file cut short", func(own string) string { return own[:len(own)-100] }, "it holds no certificate"},
		{"a certificate alone", func(string) string { return foreignCert }, "it holds no ECDSA private key"},
		{"a key alone", func(string) string { return foreignKey }, "it holds no certificate"},
		{"a certificate of another key", func(own string) string { return own + foreignCert }, "its certificate belongs to another key"},
		{"a key that is none", func(own string) string { return strings.Replace(own, "KEY-----\nM", "KEY-----\nA", 1) }, "asn1: "},
		{"a server certificate in place of the root", func(own string) string {
			key, cert := sign(t, []byte(own), "localhost")
			return key + cert
		}, "its certificate is not that of a certificate authority"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, c := t.TempDir(), newClock()
			open(t, dir, c)
			file := filepath.Join(dir, "ca.key")
			damaged := tt.damage(string(readFile(t, file)))
			if err := os.WriteFile(file, []byte(damaged), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := ca.Open(dir, nil, c.now)
			if err == nil {
				t.Fatal("it opened")
			}
			for _, want := range []string{file, "is damaged: " + tt.cause, "restore it from a copy, or delete it"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
			if string(readFile(t, file)) != damaged {
				t.Error("the damaged file was changed")
			}
		})
	}
}

func TestUnreadableFileIsNamedWithCauseAndRemedy(t *testing.T) {
	for _, name := range []string{"ca.key", "ca.pem"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, name)
			if err := os.Mkdir(file, 0o700); err != nil {
				t.Fatal(err)
			}
			_, err := ca.Open(dir, nil, newClock().now)
			if err == nil || !strings.Contains(err.Error(), file+": is a directory; make it a file that this user may read") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestHostsThatAreNoHostsAreRefused(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, host := range []string{
		"", ".", ".example.test", "a..test", "*.example.test", "localhost:4400", "https://localhost", "[::1]", "fe80::1%eth0",
		"bücher.example", "a b", long + ".test", strings.Repeat(long[1:]+".", 4) + "test",
	} {
		_, err := ca.New([]string{host}, newClock().now)
		if err == nil || !strings.Contains(err.Error(), "not a DNS name or an IP address") {
			t.Errorf("%q: got %v", host, err)
		}
	}
}

func TestServerCertificateIsRenewedBeforeItEnds(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	a := open(t, dir, c)
	first := leaf(t, a)
	if life := first.NotAfter.Sub(c.time); life != 30*24*time.Hour {
		t.Errorf("it is valid for %s", life)
	}
	day := 24 * time.Hour
	for _, step := range []struct {
		name    string
		forth   time.Duration
		renewed bool
	}{
		{"a day later", day, false},
		{"after 19 days", 18 * day, false},
		{"after 21 days", 2 * day, true},
		{"a year later", 365 * day, true},
		{"the clock set back by a year", -365 * day, true},
	} {
		before := leaf(t, a)
		c.time = c.time.Add(step.forth)
		if renewed := !leaf(t, a).Equal(before); renewed != step.renewed {
			t.Errorf("%s: renewed %t, want %t", step.name, renewed, step.renewed)
		}
		if step.forth > 0 {
			checkServes(t, a, c, "localhost")
		}
	}
	if leaf(t, open(t, dir, c)).Equal(leaf(t, a)) {
		t.Error("a new start shows the certificate of the one before")
	}
}

func TestServerCertificateEndsWithTheRoot(t *testing.T) {
	c := newClock()
	a := open(t, t.TempDir(), c)
	root := rootOf(t, a)
	c.time = root.NotAfter.Add(-time.Hour)
	if end := leaf(t, a).NotAfter; !end.Equal(root.NotAfter) {
		t.Errorf("it ends %s, the root %s", end, root.NotAfter)
	}
}

func TestAuthorityInMemoryPublishesItsRoot(t *testing.T) {
	c := newClock()
	a, err := ca.New([]string{"acme.example.test"}, c.now)
	if err != nil {
		t.Fatal(err)
	}
	if a.Path() != "" {
		t.Errorf("Path is %q before anything was written", a.Path())
	}
	path := filepath.Join(t.TempDir(), "clients.pem")
	if err := a.Publish(path); err != nil {
		t.Fatal(err)
	}
	if a.Path() != path || string(readFile(t, path)) != string(a.PEM()) {
		t.Errorf("Path is %q", a.Path())
	}
	checkServes(t, a, c, append(machine, "acme.example.test")...)
}

func TestStartsAtTheSameTimeAgreeOnOneRoot(t *testing.T) {
	dir, c := t.TempDir(), newClock()
	var starts sync.WaitGroup
	made := make([]*ca.Authority, 8)
	for i := range made {
		starts.Go(func() { made[i] = open(t, dir, c) })
	}
	starts.Wait()
	held := string(readFile(t, filepath.Join(dir, "ca.pem")))
	for _, a := range made {
		if string(a.PEM()) != held || a.Notice() != "" {
			t.Errorf("a start has another root than the file, and the notice %q", a.Notice())
		}
	}
}

// TestHandshakesAtTheSameTime: all connections of a server share one configuration.
func TestHandshakesAtTheSameTime(t *testing.T) {
	c := newClock()
	c.time = time.Now()
	a := open(t, t.TempDir(), c)
	l, err := tls.Listen("tcp", "127.0.0.1:0", a.TLSConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				conn.(*tls.Conn).Handshake()
				conn.Close()
			}()
		}
	}()
	var clients sync.WaitGroup
	for range 20 {
		clients.Go(func() {
			_, port, _ := net.SplitHostPort(l.Addr().String())
			conn, err := tls.Dial("tcp", "127.0.0.1:"+port, &tls.Config{RootCAs: pool(t, a)})
			if err != nil {
				t.Error(err)
				return
			}
			conn.Close()
		})
	}
	clients.Wait()
}

func BenchmarkFirstStart(b *testing.B) {
	for b.Loop() {
		if _, err := ca.Open(b.TempDir(), nil, newClock().now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLaterStart(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		if _, err := ca.Open(dir, nil, newClock().now); err != nil {
			b.Fatal(err)
		}
	}
}
