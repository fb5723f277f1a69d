// Package servertest starts a tenant for a test in one call: with a real
// listener, a real store in a temporary folder, seeded, and with a clock that
// the test can move. Its other helpers talk to the server by HTTP, as a client
// would.
package servertest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server"
)

// Applications, users and the API of the embedded timesheets tenant, which Start
// starts by default.
const (
	API              = "https://api.exampleco.com/timesheets"
	Mobile           = "TimesheetsMobileNativeApp0000001"
	MobileCallback   = "http://localhost:8484/callback"
	SPA              = "TimesheetsSinglePageApp000000001"
	SPACallback      = "http://localhost:3000/callback"
	Web              = "TimesheetsRegularWebApp000000001"
	WebSecret        = "timesheets-web-secret-for-development-only"
	WebCallback      = "http://localhost:3000/callback"
	Cron             = "TimesheetsCronMachine00000000001"
	CronSecret       = "timesheets-cron-secret-for-development-only"
	Management       = "Tenant0ManagementClient000000001"
	ManagementSecret = "tenant0-management-secret-for-development-only"
	Employee         = "employee@exampleco.com"
	Manager          = "manager@exampleco.com"
	Contractor       = "contractor@exampleco.com"
	Password         = "ExampleCo!2026"
)

// Server is a running tenant.
type Server struct {
	*server.Server
	// URL is the issuer, with its trailing slash.
	URL string
	// Data is the folder of the store.
	Data string

	tb     testing.TB
	cfg    config.Config
	log    *lockedBuffer
	beside []*Server // see Beside
	named  string    // the name of a tenant that MakeTenant made, "" for the first
}

// Option changes the configuration that Start uses.
type Option func(*options)

type options struct {
	cfg  config.Config
	seed string
}

// Seed starts the tenant from a tenant file given as YAML or JSON.
func Seed(yaml string) Option { return func(o *options) { o.seed = yaml } }

// Config changes the configuration.
func Config(change func(*config.Config)) Option { return func(o *options) { change(&o.cfg) } }

// HTTP gives the tenant an issuer with http; the port still accepts https too.
func HTTP() Option {
	return Config(func(c *config.Config) { c.Issuer = "http" })
}

// Start starts a tenant that ends with the test. It fails the test if the tenant
// does not start. By default the tenant is "timesheets", on ports that the
// kernel chooses.
func Start(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	s, err := Try(tb, opts...)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// Try is Start for a tenant that may fail to start: it returns the error.
func Try(tb testing.TB, opts ...Option) (*Server, error) {
	tb.Helper()
	o := options{cfg: config.Default()}
	o.cfg.Data, o.cfg.NoFsync, o.cfg.PasswordCost = tb.TempDir(), true, 4
	o.cfg.Listen, o.cfg.Control = "127.0.0.1:0", "127.0.0.1:0"
	o.cfg.ShutdownGrace = 5 * time.Second
	for _, opt := range opts {
		opt(&o)
	}
	if o.seed != "" {
		o.cfg.Seed = filepath.Join(tb.TempDir(), "tenant.yaml")
		if err := os.WriteFile(o.cfg.Seed, []byte(o.seed), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	plain := o.cfg.Issuer == "http"
	if plain {
		o.cfg.Issuer, o.cfg.Listen = plainIssuer(tb)
	}
	if !o.cfg.Ephemeral {
		chooseStore(tb, &o.cfg)
		if err := plantKeys(o.cfg); err != nil && o.cfg.Store == "" { // an unusable database is for the server to report
			tb.Fatal(err)
		}
	}
	log := &lockedBuffer{}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := server.Start(o.cfg, logger)
	for range 5 { // between the search for a free port and the start another test may have taken the port
		if !plain || !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
		o.cfg.Issuer, o.cfg.Listen = plainIssuer(tb)
		s, err = server.Start(o.cfg, logger)
	}
	if err != nil {
		return nil, err
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("the server did not stop: %v", err)
		}
		if tb.Failed() {
			tb.Logf("log of the server:\n%s", log.String())
		}
	})
	return &Server{Server: s, URL: s.Issuer(), Data: o.cfg.Data, tb: tb, cfg: o.cfg, log: log}, nil
}

// At returns the server as seen by a client of another of its tenants.
func (s *Server) At(issuer string) *Server {
	other := *s
	other.URL = issuer
	return &other
}

// MakeTenant makes another tenant in the same process, from the seed of the timesheets. Its clock, its inbox and its
// simulated providers are its own. Its clients send all requests to this process.
func (s *Server) MakeTenant(name string) *Server {
	s.tb.Helper()
	var made struct {
		Issuer string `json:"issuer"`
	}
	first := s.At(s.URL)
	first.named = "" // which makes tenants, whichever of them s is
	raw := first.control(http.MethodPost, "/tenants", map[string]any{"name": name, "seed": "timesheets"})
	if err := json.Unmarshal(raw, &made); err != nil {
		s.tb.Fatal(err)
	}
	other := s.At(made.Issuer)
	other.named, other.beside = name, nil
	return other
}

// ControlURL returns the root URL of the control listener's requests for the tenant, without a trailing slash.
func (s *Server) ControlURL() string {
	if s.named == "" {
		return s.Server.ControlURL()
	}
	return s.Server.ControlURL() + "/tenants/" + s.named
}

// Beside spreads the requests of clients that Client returns from now on: each
// request goes to the next of the servers, as behind a load balancer. All of
// them serve the same tenant.
func (s *Server) Beside(others ...*Server) { s.beside = append([]*Server{s}, others...) }

// InTurn returns a client that sends each request to the next of the servers,
// see Beside.
func InTurn(servers ...*Server) *http.Client {
	all := *servers[0]
	all.beside = servers
	return all.Client()
}

// Log returns the server's log.
func (s *Server) Log() string { return s.log.String() }

// Client returns an HTTP client that trusts the server's certificate authority
// and keeps cookies. It does not follow redirects, so that tests can check them.
func (s *Server) Client() *http.Client {
	s.tb.Helper()
	pem, err := os.ReadFile(s.CAPath())
	if err != nil {
		s.tb.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.tb.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 64}
	if s.beside != nil {
		transport.DisableKeepAlives, transport.DialContext = true, s.dialInTurn()
	}
	s.tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Jar: jar, Timeout: Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dialInTurn returns a dial function that connects to each server in turn,
// whatever the address.
func (s *Server) dialInTurn() func(ctx context.Context, network, address string) (net.Conn, error) {
	var next atomic.Int64
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, s.beside[int(next.Add(1))%len(s.beside)].Addr())
	}
}

// Advance moves the server's clock by d.
func (s *Server) Advance(d time.Duration) {
	s.tb.Helper()
	s.control(http.MethodPost, "/clock/advance", map[string]any{"by": d.String()})
}

// Freeze stops the server's clock at t.
func (s *Server) Freeze(t time.Time) {
	s.tb.Helper()
	s.control(http.MethodPut, "/clock", map[string]any{"now": t, "frozen": true})
}

// Reset restores the state after seeding, and resets the clock to the machine's
// time.
func (s *Server) Reset() {
	s.tb.Helper()
	s.control(http.MethodPost, "/reset", nil)
}

// control sends a request to the control listener, and returns its answer.
func (s *Server) control(method, path string, body any) []byte {
	s.tb.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		s.tb.Fatal(err)
	}
	rq, err := http.NewRequestWithContext(s.tb.Context(), method, s.ControlURL()+path, bytes.NewReader(raw))
	if err != nil {
		s.tb.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		s.tb.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode/100 != 2 {
		s.tb.Fatalf("%s %s: %s %s %v", method, path, resp.Status, answer, err)
	}
	return answer
}

// Token posts a form to /oauth/token and returns status and body.
func (s *Server) Token(client *http.Client, form url.Values) (int, map[string]any) {
	s.tb.Helper()
	return s.Post(client, "oauth/token", form)
}

// Post posts a form to a path below the issuer and returns status and JSON body.
func (s *Server) Post(client *http.Client, path string, form url.Values) (int, map[string]any) {
	s.tb.Helper()
	resp, err := client.PostForm(s.URL+strings.TrimPrefix(path, "/"), form) //nolint:noctx // the client has a timeout
	if err != nil {
		s.tb.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		s.tb.Fatalf("%s: status %d and no JSON: %v", path, resp.StatusCode, err)
	}
	return resp.StatusCode, body
}

// plainIssuer chooses a free port for an issuer with http, which has to be known
// before the start.
func plainIssuer(tb testing.TB) (issuer, listen string) {
	tb.Helper()
	listen = freeAddress(tb)
	_, port, _ := strings.Cut(listen, ":")
	return "http://localhost:" + port + "/", listen
}

// lockedBuffer collects the server's log. It is safe for concurrent use.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
