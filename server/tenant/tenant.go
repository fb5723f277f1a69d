// Package tenant puts one tenant together: its store, keys, issuer, clock, messages and log,
// and the packages that serve it. It opens no listener: a process has one tenant or several,
// and package server decides which of them a request is for.
package tenant

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/authorize"
	"github.com/tenant0/tenant0/server/authzext"
	"github.com/tenant0/tenant0/server/backchannel"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/consent"
	"github.com/tenant0/tenant0/server/control"
	"github.com/tenant0/tenant0/server/crossorigin"
	"github.com/tenant0/tenant0/server/dbconnections"
	"github.com/tenant0/tenant0/server/device"
	"github.com/tenant0/tenant0/server/discovery"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/eventstream"
	"github.com/tenant0/tenant0/server/federation"
	"github.com/tenant0/tenant0/server/flows"
	"github.com/tenant0/tenant0/server/forms"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/jobs"
	"github.com/tenant0/tenant0/server/login"
	"github.com/tenant0/tenant0/server/logout"
	"github.com/tenant0/tenant0/server/logstream"
	"github.com/tenant0/tenant0/server/management"
	"github.com/tenant0/tenant0/server/mfa"
	"github.com/tenant0/tenant0/server/mfapages"
	"github.com/tenant0/tenant0/server/myaccount"
	"github.com/tenant0/tenant0/server/notemulated"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/organization"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/outside"
	"github.com/tenant0/tenant0/server/passcodes"
	"github.com/tenant0/tenant0/server/passkey"
	"github.com/tenant0/tenant0/server/passwordless"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/server/registration"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/token"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/server/userinfo"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// Default is the name of the first tenant of a process.
const Default = "default"

// Options are the settings of a tenant.
type Options struct {
	// Name identifies the tenant within the process.
	Name string
	// Issuer is the URL that identifies the tenant to applications, with its trailing slash.
	Issuer string
	// Config holds the seed and the tenant's settings. Its addresses and its data folder belong
	// to the process.
	Config config.Config
	// Like is the tenant whose store was copied for this one, or nil. The copy takes over its
	// seed and the client secrets that were generated.
	Like *Tenant
	// Folder is a folder for files that wait to be processed.
	Folder string
	// Hosts are host names that the tenant is reached by, in addition to its custom domains.
	Hosts []string
	// Observers are notified of each request to the tenant's listener.
	Observers []web.Observer
	// Closed reports addresses that no request from the tenant may be sent to.
	Closed func(netip.AddrPort) bool
	Log    *slog.Logger
}

// Tenant is one tenant. It is safe for concurrent use.
type Tenant struct {
	Options
	db        *storage.DB
	ring      *keys.Ring
	issuer    *tokens.Issuer
	passwords *identity.Passwords
	events    *tenantlog.Log
	streams   *logstream.Streams
	changes   *eventstream.Streams
	logouts   *backchannel.Logouts
	outbox    *outbox.Outbox
	traces    *trace.Traces
	jobs      *jobs.Runner
	clock     *clock.Clock
	memory    memory
	router    func() *web.Router
	summary   Summary
	// file is the seed; generated are the client secrets that were generated, by client_id.
	file      *tenantfile.Tenant
	generated map[string]string
	// assets is the folder with copies of Auth0's scripts, nil if there is none.
	assets *os.Root

	background sync.WaitGroup
	stop       chan struct{}
}

// Open makes a tenant with an open store, and seeds the store if it is empty. The tenant closes
// the store, even if Open fails.
func Open(db *storage.DB, o Options) (_ *Tenant, err error) {
	t := &Tenant{Options: o, db: db, clock: clock.New(), stop: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if err := db.SettleIssuer(context.Background(), o.Issuer); err != nil {
		return nil, err
	}
	if err := t.openServices(); err != nil {
		return nil, err
	}
	if err := t.refresh(context.Background()); err != nil {
		return nil, err
	}
	if err := t.seed(); err != nil {
		return nil, err
	}
	t.changes.Watch()                  // afterwards, so that the seed causes no events
	t.router = sync.OnceValue(t.rooms) // made at the first request, to save memory until then
	return t, nil
}

// openServices creates the services that the tenant's packages share.
func (t *Tenant) openServices() error {
	u, err := url.Parse(t.Issuer)
	if err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	secrets, err := keys.OpenSecrets(t.db)
	if err != nil {
		return err
	}
	if t.Config.Assets != "" {
		if t.assets, err = os.OpenRoot(t.Config.Assets); err != nil {
			return fmt.Errorf("assets: %w; give a folder with copies of lock.min.js or auth0.min.js", err)
		}
	}
	if t.ring, err = keys.Open(t.db, u.Hostname(), t.clock.Now()); err != nil {
		return err
	}
	if t.passwords, err = identity.NewPasswords(t.Config.PasswordCost); err != nil {
		return err
	}
	t.issuer = &tokens.Issuer{URL: t.Issuer, DB: t.db, Ring: t.ring, Secrets: secrets}
	t.streams = logstream.New(logstream.Deps{DB: t.db, Now: t.clock.Now, Log: t.Log, Closed: t.Closed})
	t.events, err = tenantlog.New(tenantlog.Deps{DB: t.db, Now: t.clock.Now, Log: t.Log, Tenant: t.shownName(), Stored: func(after string) {
		t.streams.Stored(after)
		t.logouts.Wake() // a log event may mean that a session has ended
	}})
	if err != nil {
		return err
	}
	t.changes = eventstream.New(eventstream.Deps{DB: t.db, Now: t.clock.Now, Log: t.Log, Do: t.streams.Do, Host: u.Host, Tenant: t.shownName()})
	t.logouts = backchannel.New(backchannel.Deps{
		DB: t.db, Issuer: t.issuer, Log: t.events, Do: t.streams.Do, Now: t.clock.Now, Server: t.Log,
	})
	sent := outbox.Deps{Now: t.clock.Now, Log: t.Log, Provider: t.smtpServer, Failed: t.notSent, Dialer: logstream.Dialer(t.Closed)}
	traced := trace.Deps{Now: t.clock.Now, Ticker: clock.Ticker}
	if t.db.Shared() { // other servers need to see them too
		sent.DB, traced.Store = t.db, traceStore{t.db, t.clock.Now}
	}
	t.outbox = outbox.New(sent)
	t.traces = trace.New(traced)
	t.jobs = jobs.New(jobs.Deps{DB: t.db, Now: t.clock.Now, Log: t.Log, Folder: t.Folder})
	return nil
}

// Complete waits until all keys of the tenant are generated, so that a copy need not generate
// its own. The tenant can be used before.
func (t *Tenant) Complete() error { return t.ring.Complete() }

// ServeHTTP serves the tenant's listener.
func (t *Tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if t.db.Shared() {
		r = r.WithContext(keyspace.Arrive(r.Context()))
	}
	t.router().ServeHTTP(w, r)
}

// Operations lists all routes as "METHOD /path".
func (t *Tenant) Operations() []string { return t.router().Operations() }

// Summary returns what a person needs to know to use the tenant.
func (t *Tenant) Summary() Summary { return t.summary }

// DB returns the tenant's store.
func (t *Tenant) DB() *storage.DB { return t.db }

// Now returns the tenant's time.
func (t *Tenant) Now() time.Time { return t.clock.Now() }

// Swept is called after expired sessions were removed; their applications are then notified.
func (t *Tenant) Swept() { t.logouts.Wake() }

// Forget frees memory that only makes requests faster: decoded records, pages of the data file,
// signatures. Data that requests need is kept. Unless the store is shared, waiting log events
// are stored first; with a file that needs no network.
func (t *Tenant) Forget() {
	if !t.db.Shared() {
		if err := t.events.Flush(); err != nil && !errors.Is(err, keyspace.ErrClosed) {
			t.Log.Error("log events are lost: they could not be stored", "err", err.Error())
		}
	}
	if err := t.db.Forget(); err != nil && !errors.Is(err, keyspace.ErrClosed) {
		t.Log.Warn("memory could not be released", "err", err.Error())
	}
	t.ring.Forget()
	t.traces.Settle()
}

// Start begins the background work, which runs until Close. If a part of it fails before,
// failed is called with the error.
func (t *Tenant) Start(failed func(error)) {
	run := func(name string, fn func() error) {
		t.background.Go(func() {
			err := t.whileAway(name, fn)
			if err != nil {
				failed(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	run("key ring", t.ring.Complete)
	run("tenant log", func() error { return t.events.Run(t.stop) })
	run("back-channel logouts", func() error { return t.logouts.Run(t.stop) })
	run("log streams", func() error { return t.streams.Run(t.stop) })
	run("event streams", func() error { return t.changes.Run(t.stop) })
	run("outbox", func() error { return t.outbox.Run(t.stop) })
	run("traces", func() error { return t.traces.Run(t.stop) })
	run("jobs", func() error { return t.jobs.Run(t.stop) })
}

// Stop ends the background work. It may be called while requests are still served; Close
// follows when they are done.
func (t *Tenant) Stop() { close(t.stop) }

// Close waits for the end of the background work, stores the last log events and closes the
// store.
func (t *Tenant) Close() error {
	t.background.Wait()
	err := errors.Join(t.events.Flush(), t.db.Close())
	if t.assets != nil {
		err = errors.Join(err, t.assets.Close())
	}
	return err
}

// Control returns what the control listener needs of the tenant.
func (t *Tenant) Control() control.Tenant {
	return control.Tenant{
		Name: t.Name, Issuer: t.Issuer,
		DB: t.db, Clock: t.clock, Ring: t.ring, Outbox: t.outbox, Traces: t.traces,
		Refresh: t.refresh, KeepClock: t.keepClock,
		Import: t.importConfiguration, Export: t.exportConfiguration, Restore: t.restore,
	}
}

// rooms returns a router with the routes of all packages.
func (t *Tenant) rooms() *web.Router {
	var (
		now     = t.clock.Now
		rt      = web.NewRouter(t.Log).Trace(t.traces).Observe(t.Observers...)
		open    = rt.WithCORS(t.anyApplication)
		pages   = web.Pages{DB: t.db, Warn: t.pageFailed, Assets: t.assets}
		mails   = t.emails()
		cookies = session.Cookies{Secure: t.secure()}
		others  = outside.New(outside.Deps{Reach: outside.Reach(t.Config.Upstream), Closed: t.Closed, Now: now})
	)
	if t.Name != Default {
		cookies.Tenant = t.Name // browsers send cookies to all ports of a host
	}
	codes := passcodes.Sender{DB: t.db, Secrets: t.issuer.Secrets, Emails: mails, Log: t.events, Now: now}
	door := &signin.Service{DB: t.db, Cookies: cookies, Emails: mails, Log: t.events, Now: now}
	upstream := federation.New(federation.Deps{DB: t.db, Cookies: cookies, SignIn: door, Pages: pages, Log: t.events, Server: t.Log, Issuer: t.issuer, Now: now, Outside: others, Tenant: t.shownName()})
	engine := oauth.New(oauth.Deps{DB: t.db, Issuer: t.issuer, Log: t.events, Now: now, Outside: others},
		token.Grants(token.Deps{DB: t.db, Issuer: t.issuer, Passwords: t.passwords, SignIn: door, Providers: upstream})...)
	token.Mount(open, engine)
	sendCode := mfapages.Mount(rt, mfapages.Deps{
		DB: t.db, Issuer: t.Issuer, Secrets: t.issuer.Secrets, Cookies: cookies, Pages: pages, Emails: mails, SignIn: door, Log: t.events, Now: now,
		Tenant: t.shownName(),
	})
	authorize.Mount(rt, authorize.Deps{DB: t.db, Engine: engine, Issuer: t.issuer, Cookies: cookies, Pages: pages, Log: t.events, Now: now, SendCode: sendCode})
	login.Mount(rt, login.Deps{
		DB: t.db, Passwords: t.passwords, Cookies: cookies, SignIn: door, Pages: pages, Codes: codes, Now: now, Issuer: t.Issuer,
	})
	upstream.Mount(rt)
	dbconnections.Mount(rt, open, dbconnections.Deps{
		DB: t.db, Passwords: t.passwords, Cookies: cookies, SignIn: door, Pages: pages, Emails: mails, Codes: codes, Log: t.events, Now: now,
		Tenant: t.shownName(),
	})
	passwordless.Mount(rt, open, passwordless.Deps{
		DB: t.db, Engine: engine, Issuer: t.issuer, SignIn: door, Pages: pages, Emails: mails, Codes: codes, Now: now,
	})
	crossorigin.Mount(rt, open, crossorigin.Deps{
		DB: t.db, Issuer: t.issuer, Passwords: t.passwords, SignIn: door, Cookies: cookies, Pages: pages, Log: t.events, Now: now,
	})
	mfa.Mount(open, mfa.Deps{DB: t.db, Engine: engine, Issuer: t.issuer, Emails: mails, Log: t.events, Now: now})
	passkey.Mount(rt, open, passkey.Deps{DB: t.db, Engine: engine, Issuer: t.Issuer, Cookies: cookies, Pages: pages, SignIn: door, Now: now})
	myaccount.Mount(open, myaccount.Deps{
		DB: t.db, Issuer: t.issuer, Passwords: t.passwords, SignIn: door, Emails: mails, Log: t.events, Now: now,
	})
	device.Mount(rt, open, device.Deps{DB: t.db, Engine: engine, Issuer: t.issuer, Cookies: cookies, Pages: pages, Log: t.events, Now: now})
	forms.Mount(rt, forms.Deps{
		DB: t.db, Secrets: t.issuer.Secrets, Cookies: cookies, Pages: pages, Log: t.events, Flows: t.flows(mails, others), Now: now, Tenant: t.shownName(),
	})
	consent.Mount(rt, consent.Deps{DB: t.db, Cookies: cookies, Pages: pages, Now: now})
	organization.Mount(rt, organization.Deps{DB: t.db, Cookies: cookies, Pages: pages, Now: now})
	userinfo.Mount(open, userinfo.Deps{DB: t.db, Issuer: t.issuer, Now: now})
	registration.Mount(open, registration.Deps{
		DB: t.db, Services: objects.Services{Issuer: t.issuer.URL, Secrets: t.issuer.Secrets, Emails: mails}, Log: t.events, Now: now, Outside: others,
	})
	discovery.Mount(rt, discovery.Deps{DB: t.db, Issuer: t.issuer, Ring: t.ring, GrantTypes: engine.GrantTypes()})
	logout.Mount(rt, logout.Deps{
		DB: t.db, Issuer: t.issuer, Cookies: cookies, Pages: pages, Log: t.events, Now: now, Tenant: t.shownName(), Upstream: others.Reach, Providers: upstream,
	})
	pages.Mount(rt)
	managed := t.management()
	managed.Outside = others
	management.Mount(rt, managed)
	authzext.Mount(rt, authzext.Deps{DB: t.db, Issuer: t.issuer, Now: now})
	notemulated.Mount(rt, open, pages) // last: a route that is already mounted takes precedence
	rt.SetHosts(web.NewHosts(t.Hosts, t.customDomain))
	if t.db.Shared() {
		rt.Before(t.refresh)
	}
	return rt
}

// flows returns what runs the flows of the tenant's forms.
func (t *Tenant) flows(mails emails.Writer, others *outside.Client) *flows.Runner {
	return &flows.Runner{Deps: flows.Deps{
		DB: t.db, Services: objects.Services{Issuer: t.issuer.URL, Secrets: t.issuer.Secrets, Emails: mails}, Passwords: t.passwords, Outbox: t.outbox,
		Outside: others, Log: t.events, Now: t.clock.Now,
	}}
}

// shownName is the tenant's name in logs and at identity providers: the first label of its
// host, as at Auth0.
func (t *Tenant) shownName() string {
	u, err := url.Parse(t.Issuer)
	if t.Name != Default || err != nil {
		return t.Name
	}
	name, _, _ := strings.Cut(u.Hostname(), ".")
	return name
}

func (t *Tenant) secure() bool {
	u, err := url.Parse(t.Issuer)
	return err == nil && u.Scheme == "https"
}

// anyApplication reports whether an origin is allowed for any of the tenant's applications.
func (t *Tenant) anyApplication(r *http.Request, origin string) (allowed bool, err error) {
	err = t.db.View(r.Context(), func(tx *storage.Tx) error {
		allowed, err = registered.OriginOfAny(tx, r.Host, origin)
		return err
	})
	return allowed, err
}

// customDomain reports whether a name is one of the tenant's custom domains. The store is asked
// each time, because the Management API changes the domains while the server runs.
func (t *Tenant) customDomain(ctx context.Context, name string) (found bool, err error) {
	err = t.db.View(ctx, func(tx *storage.Tx) error {
		_, err := tx.CustomDomain(name)
		found = err == nil
		return storage.Optional(err)
	})
	return found, err
}

func (t *Tenant) management() management.Deps {
	return management.Deps{
		DB: t.db, Issuer: t.issuer, Ring: t.ring, Passwords: t.passwords, Events: t.events, Changes: t.changes, Emails: t.emails(),
		Outbox: t.outbox, Jobs: t.jobs, Now: t.clock.Now, MaxImport: t.Config.MaxImportSize,
	}
}

// restore sets the tenant back to a snapshot, "" for the state after seeding, and its clock to
// the machine's time, so that a test does not begin with the clock of another test.
func (t *Tenant) restore(snapshot string) error {
	err := t.db.View(context.Background(), func(tx *storage.Tx) error {
		has, err := tx.HasSnapshot(snapshot)
		if err == nil && !has {
			err = fmt.Errorf("snapshot %q: %w", snapshot, storage.ErrNotFound)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := t.outbox.Clear(); err != nil {
		return err
	}
	if err := t.traces.Clear(); err != nil {
		return err
	}
	return t.events.Reset(func() error {
		if err := t.db.Update(context.Background(), func(tx *storage.Tx) error { return tx.RestoreSnapshot(snapshot) }); err != nil {
			return err
		}
		t.clock.Reset()
		return t.keepClock()
	})
}
