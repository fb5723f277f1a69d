package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/tenant0/tenant0/config/seeds"
	"github.com/tenant0/tenant0/server/control"
	"github.com/tenant0/tenant0/server/metrics"
	"github.com/tenant0/tenant0/server/tenant"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// tenants holds the tenants that the process serves. It implements control.Tenants.
type tenants struct {
	server *Server

	mu     sync.RWMutex
	byName map[string]*hosted
	// making has the names of the tenants that are being created or deleted.
	making map[string]bool
	// templates are tenants in memory, by the name of their seed. New tenants are copies of
	// them; they serve no requests.
	templates map[string]*tenant.Tenant
	closed    bool

	// following is held during catchUp.
	following sync.Mutex
}

// hosted is a tenant with its listener.
type hosted struct {
	*tenant.Tenant
	ln   net.Listener
	http *http.Server
	// remove removes all stored data of the tenant. It is nil for the default tenant.
	remove func() error
	// generation is the tenant's generation in a database, or 0 before it is known; see
	// postgres.Listed.
	generation int64
}

var _ control.Tenants = (*tenants)(nil)

// openTenants opens the default tenant, the other tenants in the data folder or the
// database, and the tenants of the folder of tenant files.
func (s *Server) openTenants() error {
	ts := &s.tenants
	ts.server, ts.byName, ts.making, ts.templates = s, map[string]*hosted{}, map[string]bool{}, map[string]*tenant.Tenant{}
	if err := ts.openFirst(); err != nil {
		return err
	}
	if err := ts.openKept(); err != nil {
		return err
	}
	return ts.openFolder(s.cfg.Tenants)
}

// first returns the default tenant.
func (ts *tenants) first() *hosted {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	return ts.byName[tenant.Default]
}

func (ts *tenants) openFirst() error {
	s := ts.server
	ln, port, err := listen(s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; stop the program that uses the address, or choose another with --listen (port 0 takes a free one)", s.cfg.Listen, err)
	}
	db, err := s.openStore("")
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	return ts.open(db, ln, tenant.Options{Name: tenant.Default, Issuer: s.cfg.IssuerAt(port), Config: s.cfg, Folder: s.data}, nil)
}

// open opens the tenant of a store and serves it. It closes the store and the listener if
// it fails.
func (ts *tenants) open(db *storage.DB, ln net.Listener, o tenant.Options, remove func() error) error {
	s := ts.server
	if o.Log, o.Closed = s.log, s.isControl; o.Name != tenant.Default {
		o.Log = s.log.With("tenant", o.Name)
	}
	o.Observers = s.observers(o.Name)
	t, err := s.openTenant(db, o)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	h := &hosted{Tenant: t, ln: ln, http: s.httpServer(t), remove: remove}
	t.Start(s.fail)
	split := web.Split(web.LogShortage(ln, s.log), s.ca.TLSConfig(), headerTimeout)
	s.run("listener of tenant "+o.Name, func() error { return h.http.Serve(split) })
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.byName[o.Name] = h
	return nil
}

// observers returns the observers of a tenant's requests: metrics and, if they are sent,
// traces.
func (s *Server) observers(tenant string) []web.Observer {
	all := []web.Observer{web.Timed(s.metrics.Requests(tenant))}
	if s.tracer != nil {
		all = append(all, s.tracer.Requests(tenant))
	}
	return all
}

// metrics returns the metrics of all served tenants.
func (ts *tenants) metrics() (all []metrics.Tenant) {
	ts.mu.RLock()
	served := slices.Collect(maps.Values(ts.byName))
	ts.mu.RUnlock()
	for _, h := range served {
		all = append(all, h.Metrics())
	}
	return all
}

// Tenant implements control.Tenants.
func (ts *tenants) Tenant(name string) (control.Tenant, bool) {
	h := ts.named(cmp.Or(name, tenant.Default))
	if h == nil {
		ts.catchUpNow()
		if h = ts.named(name); h == nil {
			return control.Tenant{}, false
		}
	}
	return h.Control(), true
}

// named returns the served tenant with a name, or nil.
func (ts *tenants) named(name string) *hosted {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	return ts.byName[name]
}

// List implements control.Tenants.
func (ts *tenants) List() []control.Description {
	ts.catchUpNow()
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	first := ts.byName[tenant.Default]
	all := []control.Description{ts.describe(first)}
	for _, name := range slices.Sorted(maps.Keys(ts.byName)) {
		if h := ts.byName[name]; h != first {
			all = append(all, ts.describe(h))
		}
	}
	return all
}

func (ts *tenants) describe(h *hosted) control.Description {
	address := ts.server.ControlURL()
	if h.Name != tenant.Default {
		address += "/tenants/" + h.Name
	}
	environment := h.Summary().Environment(address)
	if strings.HasPrefix(h.Issuer, "https://") {
		environment = append(environment, tenant.CAVariables(ts.server.CAPath())...)
	}
	d := control.Description{Name: h.Name, Issuer: h.Issuer, Environment: map[string]string{}}
	for _, v := range environment {
		d.Environment[v.Name] = v.Value
	}
	d.Domain = d.Environment["AUTH0_DOMAIN"]
	return d
}

// Create implements control.Tenants.
func (ts *tenants) Create(ctx context.Context, rq control.NewTenant) (control.Description, error) {
	done, err := ts.reserve(rq.Name)
	if err != nil {
		return control.Description{}, err
	}
	defer done()
	like, err := ts.like(rq)
	if err != nil {
		return control.Description{}, err
	}
	if err := like.Complete(); err != nil {
		return control.Description{}, err
	}
	if err := ctx.Err(); err != nil {
		return control.Description{}, err
	}
	if err := ts.make(rq.Name, "", like); err != nil {
		return control.Description{}, err
	}
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	return ts.describe(ts.byName[rq.Name]), nil
}

// reserve reserves the name of a new tenant until done is called, so that nobody else
// creates a tenant with it. It returns control.ErrTenantExists if the name is taken.
func (ts *tenants) reserve(name string) (done func(), err error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.byName[name] != nil || ts.making[name] {
		return nil, control.ErrTenantExists
	}
	if ts.closed {
		return nil, errors.New("the server is stopping")
	}
	ts.making[name] = true
	return func() {
		ts.mu.Lock()
		defer ts.mu.Unlock()
		delete(ts.making, name)
	}, nil
}

// like returns the tenant that a new tenant is to be a copy of.
func (ts *tenants) like(rq control.NewTenant) (*tenant.Tenant, error) {
	if rq.From == "" {
		return ts.template(cmp.Or(rq.Seed, ts.server.cfg.Seed))
	}
	if from := ts.named(rq.From); from != nil {
		return from.Tenant, nil
	}
	return nil, fmt.Errorf("there is no tenant %q", rq.From)
}

// templateIssuer is the issuer of templates, at which nothing is served.
const templateIssuer = "https://template.invalid/"

// template returns a tenant in memory with the content of a seed. It is kept for later use
// unless the seed is a file, which may change.
func (ts *tenants) template(seed string) (*tenant.Tenant, error) {
	ts.mu.RLock()
	made := ts.templates[seed]
	ts.mu.RUnlock()
	if made != nil {
		return made, nil
	}
	s := ts.server
	db, err := emptyStore()
	if err != nil {
		return nil, err
	}
	if err := ts.first().lendKeys(db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	o := tenant.Options{Name: "template", Issuer: templateIssuer, Config: s.cfg, Folder: s.data, Log: s.log, Closed: s.isControl}
	o.Config.Seed = seed
	t, err := tenant.Open(db, o)
	if err != nil {
		return nil, err
	}
	if slices.Contains(seeds.Names(), seed) {
		ts.mu.Lock()
		defer ts.mu.Unlock()
		if ts.templates[seed] == nil {
			ts.templates[seed] = t
		}
	}
	return t, nil
}

// lendKeys copies the tenant's signing keys to an empty store, because generating new keys
// takes a few hundred milliseconds.
func (h *hosted) lendKeys(db *storage.DB) error {
	var signing []storage.SigningKey
	err := h.DB().View(context.Background(), func(tx *storage.Tx) error {
		for key, err := range tx.SigningKeys.All() {
			if err != nil {
				return err
			}
			signing = append(signing, key)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return db.Update(context.Background(), func(tx *storage.Tx) error {
		for _, key := range signing {
			if err := tx.SigningKeys.Put(key); err != nil {
				return err
			}
		}
		return nil
	})
}

// make creates and serves a tenant that is a copy of another, at the given address or, if
// that is "", at a free port.
func (ts *tenants) make(name, address string, like *tenant.Tenant) error {
	db, err := ts.server.copyStore(name, like.DB())
	if err != nil {
		return err
	}
	err = ts.serve(name, address, db, like)
	if err == nil && ts.server.database != nil {
		err = ts.server.database.Made(name)
	}
	if err != nil {
		err = errors.Join(err, ts.server.removeStore(name))
	}
	return err
}

// serve opens a listener for a tenant and serves it from its open store, which it closes if
// it fails. The address "" stands for a free port.
func (ts *tenants) serve(name, address string, db *storage.DB, like *tenant.Tenant) error {
	s := ts.server
	host, _, err := net.SplitHostPort(s.Addr())
	if err != nil {
		return errors.Join(err, db.Close())
	}
	ln, port, err := listen(cmp.Or(address, net.JoinHostPort(host, "0")))
	if err != nil && address != "" { // another process uses the former port now
		ln, port, err = listen(net.JoinHostPort(host, "0"))
	}
	if err != nil {
		return errors.Join(err, db.Close())
	}
	folder := s.tenantPath(name, ".files")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return errors.Join(err, db.Close(), ln.Close())
	}
	o := tenant.Options{Name: name, Issuer: s.cfg.FurtherIssuerAt(port), Config: s.cfg, Folder: folder, Like: like}
	o.Config.Seed = "" // the store has its content already
	return ts.open(db, ln, o, func() error { return s.removeStore(name) })
}

// Delete implements control.Tenants.
func (ts *tenants) Delete(name string) error {
	if name == tenant.Default {
		return control.ErrFirstTenant
	}
	ts.mu.Lock()
	h := ts.byName[name]
	if h == nil {
		ts.mu.Unlock()
		return fmt.Errorf("there is no tenant %q", name)
	}
	delete(ts.byName, name)
	ts.making[name] = true
	ts.mu.Unlock()
	defer func() {
		ts.mu.Lock()
		defer ts.mu.Unlock()
		delete(ts.making, name)
	}()
	return errors.Join(ts.end(h), h.remove())
}

// end stops serving the tenant. Requests in progress may end until ctx does.
func (h *hosted) end(ctx context.Context) error {
	h.Stop()
	var err error
	if shut := h.http.Shutdown(ctx); shut != nil {
		err = h.http.Close()
	}
	_ = h.ln.Close() // Shutdown has usually closed it
	return errors.Join(err, h.Close())
}

// close ends all tenants in parallel.
func (ts *tenants) close(ctx context.Context) error {
	ts.mu.Lock()
	ts.closed = true
	all := slices.Collect(maps.Values(ts.byName))
	templates := slices.Collect(maps.Values(ts.templates))
	ts.mu.Unlock()
	ended := make(chan error, len(all))
	for _, h := range all {
		go func() { ended <- h.end(ctx) }()
	}
	var errs []error
	for range all {
		errs = append(errs, <-ended)
	}
	for _, t := range templates {
		errs = append(errs, t.DB().Close())
	}
	return errors.Join(errs...)
}

// stores returns the served tenants, for the sweeper.
func (ts *tenants) stores() []sweepable {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	var all []sweepable
	for _, h := range ts.byName {
		all = append(all, h.Tenant)
	}
	return all
}

// forget empties the caches of all tenants.
func (ts *tenants) forget() {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	for _, h := range ts.byName {
		h.Forget()
	}
}

func listen(address string) (ln net.Listener, port int, err error) {
	var lc net.ListenConfig
	if ln, err = lc.Listen(context.Background(), "tcp", address); err != nil {
		return nil, 0, err
	}
	addr, ok := ln.Addr().(*net.TCPAddr)
	if !ok {
		return nil, 0, errors.Join(fmt.Errorf("%s is not a TCP address", address), ln.Close())
	}
	return ln, addr.Port, nil
}
