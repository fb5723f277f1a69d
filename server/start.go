// Package server is the process: it opens the listeners, the certificate authority and the
// stores, and serves one or more tenants, each at its own listener. Package tenant puts a
// tenant together from the packages below server, each of which serves one area of Auth0.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/config/disk"
	"github.com/tenant0/tenant0/keys/ca"
	"github.com/tenant0/tenant0/server/control"
	"github.com/tenant0/tenant0/server/metrics"
	"github.com/tenant0/tenant0/server/telemetry"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage/postgres"
)

// Server is a process that serves one or more tenants. Start creates it; Run serves until
// it is stopped.
type Server struct {
	cfg       config.Config
	log       *slog.Logger
	data      string
	database  *postgres.Database // nil if data is in files or in memory
	ca        *ca.Authority
	control   *http.Server
	controlLn net.Listener
	summary   Summary
	tenants   tenants
	metrics   *metrics.Metrics
	tracer    *telemetry.Tracer // nil if the environment names no collector

	ready      atomic.Bool
	background sync.WaitGroup
	stop       chan struct{}
	failed     chan error // the first failure of a background task
	closeOnce  sync.Once
	closed     error
}

// Limits of the listeners. The header includes the URL, so that an authorization request
// with many scopes fits as GET just as it does as POST. The timeouts end connections of
// clients that have gone away; they are long because a client on a busy machine can take
// half a minute between connecting and sending its request.
const (
	maxHeader     = web.MaxForm
	headerTimeout = 2 * time.Minute
	idleTimeout   = 5 * time.Minute
	bodyTimeout   = 5 * time.Minute
)

// Start opens the stores, the keys and the listeners, gives an empty store its seed, and
// returns a server that Run serves. If it fails, it closes everything that it opened.
func Start(cfg config.Config, log *slog.Logger) (_ *Server, err error) {
	s := &Server{cfg: cfg, log: log, stop: make(chan struct{}), failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	s.metrics = metrics.New(s.tenants.metrics)
	if err := s.openTracer(); err != nil {
		return nil, err
	}
	debug.SetGCPercent(startGrowth) // until tendMemory adapts it
	if err := s.openData(); err != nil {
		return nil, err
	}
	if err := s.openControl(); err != nil {
		return nil, err
	}
	if err := s.openDatabase(); err != nil {
		return nil, err
	}
	// The machine's clock, not a tenant's: clients check certificates by their own
	// machine's clock.
	if s.ca, err = ca.Open(s.data, cfg.CertificateHosts(), time.Now); err != nil { //nolint:forbidigo // see above
		return nil, err
	}
	if err := s.openTenants(); err != nil {
		return nil, err
	}
	s.summarize()
	s.serve()
	return s, nil
}

// openTracer starts to send traces if the OpenTelemetry variables of the environment ask
// for it.
func (s *Server) openTracer() error {
	wanted, err := config.Telemetry()
	if err != nil || !wanted {
		return err
	}
	s.tracer, err = telemetry.New(context.Background(), s.log)
	return err
}

// openData creates the data folder if it does not exist; an ephemeral server has a
// temporary one.
func (s *Server) openData() (err error) {
	s.data = s.cfg.Data
	if s.cfg.Ephemeral {
		s.data, err = os.MkdirTemp("", "tenant0-")
		return err
	}
	// Others may read the CA certificate in it; the store and the key are 0600.
	if err := os.MkdirAll(s.data, 0o755); err != nil { //nolint:gosec // see above
		return disk.Explain("data folder", err)
	}
	return nil
}

// openControl opens the socket of the control listener.
func (s *Server) openControl() (err error) {
	var lc net.ListenConfig
	if s.controlLn, err = lc.Listen(context.Background(), "tcp", s.cfg.Control); err != nil {
		return fmt.Errorf("listen on %s: %w; stop the program that uses the address, or choose another with --control (port 0 takes a free one)", s.cfg.Control, err)
	}
	return nil
}

// hosts returns the host names that a tenant with this issuer answers to, as does the
// control listener.
func (s *Server) hosts(issuer string) []string {
	hosts := s.cfg.CertificateHosts()
	if u, err := url.Parse(issuer); err == nil {
		hosts = append(hosts, u.Hostname())
	}
	return hosts
}

func (s *Server) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// serve starts the background tasks, which run until Close.
func (s *Server) serve() {
	rt := web.NewRouter(s.log)
	control.Mount(rt, control.Deps{
		Tenants: &s.tenants, CA: s.ca.PEM(), Ready: s.ready.Load, Metrics: s.metrics, Hosts: web.NewHosts(s.hosts(s.Issuer()), nil),
	})
	s.control = s.httpServer(rt)
	s.run("control listener", func() error { return s.control.Serve(web.LogShortage(s.controlLn, s.log)) })
	s.run("sweeper", func() error {
		sweeper{s.tenants.stores, s.log, sweepEvery}.run(s.stop)
		return nil
	})
	if s.database != nil {
		s.run("tenants of the database", func() error { s.tenants.follow(s.stop); return nil })
	}
	s.run("memory", func() error { tendMemory(s.stop, s.tenants.forget); return nil })
	s.ready.Store(true)
}

// run runs fn in the background. If fn returns an error, the server stops.
func (s *Server) run(name string, fn func() error) {
	s.background.Go(func() {
		if err := fn(); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.fail(fmt.Errorf("%s: %w", name, err))
		}
	})
}

// fail makes Run stop the server with an error.
func (s *Server) fail(err error) {
	select {
	case s.failed <- err:
	default: // one failure stops the server
	}
}

// Run returns when ctx ends or a listener fails, after it has stopped the server.
func (s *Server) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return s.Close()
	case err := <-s.failed:
		return errors.Join(err, s.Close())
	}
}

// Close stops the server: requests in progress may end within the configured grace period,
// and the data folder of an ephemeral server is removed.
func (s *Server) Close() error {
	s.closeOnce.Do(func() { s.closed = s.close() })
	return s.closed
}

func (s *Server) close() error {
	s.ready.Store(false)
	close(s.stop)
	ctx, cancel := context.WithTimeout(context.Background(), s.cfg.ShutdownGrace)
	defer cancel()
	var errs []error
	if s.control != nil {
		if err := s.control.Shutdown(ctx); err != nil {
			errs = append(errs, s.control.Close())
		}
	}
	if s.controlLn != nil {
		_ = s.controlLn.Close() // Shutdown has usually closed it
	}
	errs = append(errs, s.tenants.close(ctx))
	s.background.Wait()
	if err := s.tracer.Close(ctx); err != nil { // an unreachable collector is not a failure of the server
		s.log.Warn("the last traces are lost", "err", err.Error())
	}
	if s.database != nil {
		errs = append(errs, s.database.Close())
	}
	if s.cfg.Ephemeral && s.data != "" {
		errs = append(errs, os.RemoveAll(s.data))
	}
	return errors.Join(errs...)
}

// Issuer returns the issuer of the default tenant, with its trailing slash.
func (s *Server) Issuer() string { return s.tenants.first().Issuer }

// Addr returns the address of the default tenant's listener.
func (s *Server) Addr() string { return s.tenants.first().ln.Addr().String() }

// ControlURL returns the URL of the control listener, without a trailing slash.
func (s *Server) ControlURL() string {
	host, port, err := net.SplitHostPort(s.controlLn.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// isControl reports whether an address reaches the control listener: the listener's port
// at any address of this machine.
func (s *Server) isControl(to netip.AddrPort) bool {
	listener, err := netip.ParseAddrPort(s.controlLn.Addr().String())
	if err != nil || to.Port() != listener.Port() {
		return false
	}
	ip := to.Addr().Unmap().WithZone("")
	if ip.IsLoopback() || ip.IsUnspecified() || ip == listener.Addr().Unmap() {
		return true
	}
	own, err := net.InterfaceAddrs()
	return err != nil || slices.ContainsFunc(own, func(a net.Addr) bool {
		prefix, err := netip.ParsePrefix(a.String())
		return err == nil && prefix.Addr() == ip
	})
}

// CAPath returns the path of the file with the certificate of the certificate authority.
func (s *Server) CAPath() string { return filepath.Join(s.data, config.CAFile) }
