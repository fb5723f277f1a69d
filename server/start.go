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
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/keys/ca"
	"github.com/tenant0/tenant0/server/control"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/memory"
)

// Server is a tenant that answers. Start makes one; Run serves it.
type Server struct {
	cfg      config.Config
	log      *slog.Logger
	issuer   string
	data     string
	services *services
	ca       *ca.Authority
	summary  Summary

	tenant, control     *http.Server
	tenantLn, controlLn net.Listener
	ready               atomic.Bool
	background          sync.WaitGroup
	stop                chan struct{}
	failed              chan error // the first failure of what runs in the background
	closeOnce           sync.Once
	closed              error
}

// Limits of the listeners. A header holds the URL: a request of many scopes by
// GET must fit, as it does by POST.
const (
	maxHeader     = web.MaxForm
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	bodyTimeout   = 30 * time.Second
)

// Start opens the store, the keys and the listeners, gives an empty store its
// seed, and returns a server that Run serves. What it opened is closed when it
// fails.
func Start(cfg config.Config, log *slog.Logger) (_ *Server, err error) {
	s := &Server{cfg: cfg, log: log, stop: make(chan struct{}), failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.openData(); err != nil {
		return nil, err
	}
	db, err := s.openStore()
	if err != nil {
		return nil, err
	}
	if err := s.openListeners(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if s.services, err = openServices(s, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := s.openTenant(); err != nil {
		return nil, err
	}
	s.serve()
	return s, nil
}

// openData finds or makes the data folder.
func (s *Server) openData() (err error) {
	s.data = s.cfg.Data
	if s.cfg.Ephemeral {
		s.data, err = os.MkdirTemp("", "tenant0-")
		return err
	}
	// Others may read the CA certificate in it; the store and the key are 0600.
	if err := os.MkdirAll(s.data, 0o755); err != nil { //nolint:gosec // see above
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// openStore opens the data file, or a store in memory for a tenant that ends with its
// process.
func (s *Server) openStore() (*storage.DB, error) {
	if s.cfg.Ephemeral {
		return storage.Open(memory.New())
	}
	return openFile(filepath.Join(s.data, config.DataFile), s.cfg.NoFsync)
}

// openFile opens a data file, which only one server may have open.
func openFile(path string, noSync bool) (*storage.DB, error) {
	engine, err := bolt.Open(path, bolt.Options{NoSync: noSync})
	if errors.Is(err, bolt.ErrLocked) {
		return nil, fmt.Errorf("another tenant0 runs on the data folder %s; stop it, or give this one another folder with --data: %w", filepath.Dir(path), err)
	}
	if err != nil {
		return nil, err
	}
	db, err := storage.Open(engine)
	if err != nil && !errors.Is(err, storage.ErrDamaged) { // that names the file
		err = fmt.Errorf("data file %s: %w", path, err)
	}
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	return db, nil
}

// openListeners takes the addresses, so that the issuer knows its port.
func (s *Server) openListeners() (err error) {
	var lc net.ListenConfig
	if s.tenantLn, err = lc.Listen(context.Background(), "tcp", s.cfg.Listen); err != nil {
		return fmt.Errorf("listen on %s: %w; stop what uses the address, or choose another with --listen (port 0 takes a free one)", s.cfg.Listen, err)
	}
	if s.controlLn, err = lc.Listen(context.Background(), "tcp", s.cfg.Control); err != nil {
		return fmt.Errorf("listen on %s: %w; stop what uses the address, or choose another with --control (port 0 takes a free one)", s.cfg.Control, err)
	}
	addr, ok := s.tenantLn.Addr().(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("listen on %s: not a TCP address", s.cfg.Listen)
	}
	s.issuer = s.cfg.IssuerAt(addr.Port)
	return nil
}

// openTenant makes the certificate authority and the rooms, and seeds an empty
// store.
func (s *Server) openTenant() (err error) {
	hosts := s.cfg.CertificateHosts()
	// The wall clock and not the tenant's: clients check certificates by theirs.
	if s.ca, err = ca.Open(s.data, hosts, time.Now); err != nil { //nolint:forbidigo // see above
		return err
	}
	if err := s.seed(); err != nil {
		return err
	}
	u, err := url.Parse(s.issuer)
	if err != nil {
		return err
	}
	own := slices.Concat(hosts, []string{u.Hostname()})
	rooms := s.services.rooms()
	rooms.AnswerTo(web.NewHosts(slices.Concat(own, s.ca.Names(), s.cfg.AllowedHosts), s.services.customDomain))
	s.tenant = s.httpServer(rooms)
	s.control = s.httpServer(s.services.controlRooms(control.Deps{
		CA: s.ca.PEM(), Ready: s.ready.Load, Reset: s.reset, Hosts: web.NewHosts(own, nil),
	}))
	return nil
}

func (s *Server) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// serve starts what runs until Close.
func (s *Server) serve() {
	run := func(name string, fn func() error) {
		s.background.Go(func() {
			if err := fn(); err != nil && !errors.Is(err, http.ErrServerClosed) {
				select {
				case s.failed <- fmt.Errorf("%s: %w", name, err):
				default: // one failure stops the server
				}
			}
		})
	}
	split := web.Split(web.LogShortage(s.tenantLn, s.log), s.ca.TLSConfig(), headerTimeout)
	run("tenant listener", func() error { return s.tenant.Serve(split) })
	run("control listener", func() error { return s.control.Serve(web.LogShortage(s.controlLn, s.log)) })
	run("key ring", s.services.ring.Complete)
	run("tenant log", func() error { return s.services.events.Run(s.stop) })
	run("log streams", func() error { return s.services.streams.Run(s.stop) })
	run("outbox", func() error { return s.services.outbox.Run(s.stop) })
	run("jobs", func() error { return s.services.jobs.Run(s.stop) })
	run("sweeper", func() error {
		sweeper{s.services.db, s.services.clock.Now, s.log, sweepEvery}.run(s.stop)
		return nil
	})
	run("memory", func() error { tendMemory(s.stop); return nil })
	s.ready.Store(true)
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

// Close stops the server: requests in progress may end within the configured
// grace, and an ephemeral store is removed.
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
	for _, h := range []*http.Server{s.tenant, s.control} {
		if h == nil {
			continue
		}
		if err := h.Shutdown(ctx); err != nil {
			errs = append(errs, h.Close())
		}
	}
	for _, l := range []net.Listener{s.tenantLn, s.controlLn} {
		if l != nil {
			_ = l.Close() // mostly closed by Shutdown
		}
	}
	s.background.Wait()
	if s.services != nil {
		errs = append(errs, s.services.events.Flush(), s.services.db.Close())
	}
	if s.cfg.Ephemeral && s.data != "" {
		errs = append(errs, os.RemoveAll(s.data))
	}
	return errors.Join(errs...)
}

// Issuer returns the issuer, with its trailing slash.
func (s *Server) Issuer() string { return s.issuer }

// Addr returns the address of the tenant's listener.
func (s *Server) Addr() string { return s.tenantLn.Addr().String() }

// ControlURL returns the URL of the control listener, without a trailing slash.
func (s *Server) ControlURL() string {
	host, port, err := net.SplitHostPort(s.controlLn.Addr().String())
	if ip := net.ParseIP(host); err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// isControl reports whether an address is that of the control listener: its port at
// any address of this machine.
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

// CAPath returns the file that holds the certificate of the authority.
func (s *Server) CAPath() string { return filepath.Join(s.data, config.CAFile) }
