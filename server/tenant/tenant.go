// Package tenant makes one tenant: its store, keys, issuer, clock, messages and log, and
// the rooms that serve it. It opens no listener: a process holds one tenant or several,
// and which of them a request is for is the process's business.
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

// Options say what a tenant is.
type Options struct {
	// Name tells the tenant from the others of the process.
	Name string
	// Issuer is the URL that applications know the tenant by, with its trailing slash.
	Issuer string
	// Config holds the seed and the tenant's knobs; its addresses and its data folder are
	// the process's.
	Config config.Config
	// Like is the tenant that the store is a copy of, or nil. Its seed is the tenant's, and
	// the client secrets that were made up then.
	Like *Tenant
	// Folder is where files may wait.
	Folder string
	// Hosts are the names that the tenant answers to besides its custom domains.
	Hosts []string
	// Observers see each request to the tenant's listener.
	Observers []web.Observer
	// Closed reports addresses that no request of the tenant's may reach.
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
	// file is the seed, and generated the client secrets that were made up, by client id.
	file      *tenantfile.Tenant
	generated map[string]string
	// assets is the folder with copies of Auth0's scripts, nil for none.
	assets *os.Root

	background sync.WaitGroup
	stop       chan struct{}
}

// Open makes a tenant of an open store, which it gives the seed if it is empty. The
// tenant closes the store, also when Open fails.
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
	t.changes.Watch()                  // what the seed makes is no change
	t.router = sync.OnceValue(t.rooms) // a tenant that nobody asks does without
	return t, nil
}

// openServices makes what the rooms share.
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
		t.logouts.Wake() // what ends a session is in the log
	}})
	if err != nil {
		return err
	}
	t.changes = eventstream.New(eventstream.Deps{DB: t.db, Now: t.clock.Now, Log: t.Log, Do: t.streams.Do, Host: u.Host, Tenant: t.shownName()})
	t.logouts = backchannel.New(backchannel.Deps{
		DB: t.db, Issuer: t.issuer, Log: t.events, Do: t.streams.Do, Now: t.clock.Now, Server: t.Log,
	})
	sent := outbox.Deps{Now: t.clock.Now, Log: t.Log, Provider: t.smtpServer, Failed: t.notSent}
	traced := trace.Deps{Now: t.clock.Now, Ticker: clock.Ticker}
	if t.db.Shared() { // other servers see them as well
		sent.DB, traced.Shelf = t.db, shelf{t.db, t.clock.Now}
	}
	t.outbox = outbox.New(sent)
	t.traces = trace.New(traced)
	t.jobs = jobs.New(jobs.Deps{DB: t.db, Now: t.clock.Now, Log: t.Log, Folder: t.Folder})
	return nil
}

// Complete waits until all keys of the tenant are there, so that a copy need not make its
// own. The tenant can be used before.
func (t *Tenant) Complete() error { return t.ring.Complete() }

// ServeHTTP serves the tenant's listener.
func (t *Tenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if t.db.Shared() {
		r = r.WithContext(storage.Arrive(r.Context()))
	}
	t.router().ServeHTTP(w, r)
}

// Operations lists what the rooms serve as "METHOD /path".
func (t *Tenant) Operations() []string { return t.router().Operations() }

// Summary returns what a person needs to know of the tenant.
func (t *Tenant) Summary() Summary { return t.summary }

// DB returns the tenant's store.
func (t *Tenant) DB() *storage.DB { return t.db }

// Now is the tenant's time.
func (t *Tenant) Now() time.Time { return t.clock.Now() }

// Swept has applications told of sessions that have expired.
func (t *Tenant) Swept() { t.logouts.Wake() }

// Forget forgets what is remembered of the last requests to be quick: decoded records, pages of
// the data file, signatures. What requests are to find is kept, and events of the log that wait are
// stored: beside a file, where nobody has to be asked for it.
func (t *Tenant) Forget() {
	if !t.db.Shared() {
		if err := t.events.Flush(); err != nil && !errors.Is(err, keyspace.ErrClosed) {
			t.Log.Error("log events are lost: they could not be stored", "err", err.Error())
		}
	}
	if err := t.db.Forget(); err != nil && !errors.Is(err, keyspace.ErrClosed) {
		t.Log.Warn("memory is not given back", "err", err.Error())
	}
	t.ring.Forget()
	t.traces.Settle()
}

// Start begins what goes on beside the requests, until Close. What ends before that with
// an error is told to failed.
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

// Stop ends what Start began. It may be called before the last requests have ended, and
// Close after them.
func (t *Tenant) Stop() { close(t.stop) }

// Close waits for what Start began, keeps the last events of the log and closes the store.
func (t *Tenant) Close() error {
	t.background.Wait()
	err := errors.Join(t.events.Flush(), t.db.Close())
	if t.assets != nil {
		err = errors.Join(err, t.assets.Close())
	}
	return err
}

// Control is the tenant as the control listener works with it.
func (t *Tenant) Control() control.Tenant {
	return control.Tenant{
		Name: t.Name, Issuer: t.Issuer,
		DB: t.db, Clock: t.clock, Ring: t.ring, Outbox: t.outbox, Traces: t.traces,
		Refresh: t.refresh, KeepClock: t.keepClock,
		Import: t.importConfiguration, Export: t.exportConfiguration, Restore: t.restore,
	}
}

// rooms mounts every room of the tenant.
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
		cookies.Tenant = t.Name // cookies know no ports
	}
	codes := passcodes.Sender{DB: t.db, Secrets: t.issuer.Secrets, Emails: mails, Log: t.events, Now: now}
	door := &signin.Door{DB: t.db, Cookies: cookies, Emails: mails, Log: t.events, Now: now}
	upstream := federation.New(federation.Deps{DB: t.db, Cookies: cookies, Door: door, Pages: pages, Log: t.events, Server: t.Log, Issuer: t.issuer, Now: now, Outside: others, Tenant: t.shownName()})
	engine := oauth.New(oauth.Deps{DB: t.db, Issuer: t.issuer, Log: t.events, Now: now, Outside: others},
		token.Grants(token.Deps{DB: t.db, Issuer: t.issuer, Passwords: t.passwords, Door: door, Providers: upstream})...)
	token.Mount(open, engine)
	authorize.Mount(rt, authorize.Deps{DB: t.db, Engine: engine, Issuer: t.issuer, Cookies: cookies, Pages: pages, Log: t.events, Now: now})
	login.Mount(rt, login.Deps{
		DB: t.db, Passwords: t.passwords, Cookies: cookies, Door: door, Pages: pages, Codes: codes, Now: now, Issuer: t.Issuer,
	})
	upstream.Mount(rt)
	dbconnections.Mount(rt, open, dbconnections.Deps{
		DB: t.db, Passwords: t.passwords, Cookies: cookies, Door: door, Pages: pages, Emails: mails, Codes: codes, Log: t.events, Now: now,
		Tenant: t.shownName(),
	})
	passwordless.Mount(rt, open, passwordless.Deps{
		DB: t.db, Engine: engine, Issuer: t.issuer, Door: door, Pages: pages, Emails: mails, Codes: codes, Now: now,
	})
	crossorigin.Mount(rt, open, crossorigin.Deps{
		DB: t.db, Issuer: t.issuer, Passwords: t.passwords, Door: door, Cookies: cookies, Pages: pages, Log: t.events, Now: now,
	})
	mfa.Mount(open, mfa.Deps{DB: t.db, Engine: engine, Issuer: t.issuer, Emails: mails, Log: t.events, Now: now})
	passkey.Mount(rt, open, passkey.Deps{DB: t.db, Engine: engine, Issuer: t.Issuer, Cookies: cookies, Pages: pages, Door: door, Now: now})
	myaccount.Mount(open, myaccount.Deps{
		DB: t.db, Issuer: t.issuer, Passwords: t.passwords, Door: door, Emails: mails, Log: t.events, Now: now,
	})
	mfapages.Mount(rt, mfapages.Deps{
		DB: t.db, Issuer: t.Issuer, Secrets: t.issuer.Secrets, Cookies: cookies, Pages: pages, Emails: mails, Door: door, Log: t.events, Now: now,
		Tenant: t.shownName(),
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
	management.Mount(rt, t.management())
	authzext.Mount(rt, authzext.Deps{DB: t.db, Issuer: t.issuer, Now: now})
	notemulated.Mount(rt, open, pages) // last: what is mounted first stays
	rt.AnswerTo(web.NewHosts(t.Hosts, t.customDomain))
	if t.db.Shared() {
		rt.Before(t.refresh)
	}
	return rt
}

// flows runs the flows of the tenant's forms.
func (t *Tenant) flows(mails emails.Writer, others *outside.Client) *flows.Runner {
	return &flows.Runner{Deps: flows.Deps{
		DB: t.db, Services: objects.Services{Issuer: t.issuer.URL, Secrets: t.issuer.Secrets, Emails: mails}, Passwords: t.passwords, Outbox: t.outbox,
		Outside: others, Log: t.events, Now: t.clock.Now,
	}}
}

// shownName is what logs and identity providers call the tenant: the first part of its host, as at Auth0.
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

// anyApplication lets pages of the tenant's applications in.
func (t *Tenant) anyApplication(r *http.Request, origin string) (allowed bool, err error) {
	err = t.db.View(r.Context(), func(tx *storage.Tx) error {
		allowed, err = registered.OriginOfAny(tx, r.Host, origin)
		return err
	})
	return allowed, err
}

// customDomain reports whether a name is one of the tenant's custom domains. They
// are looked up, because the Management API changes them while the server runs.
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

// restore makes the tenant what a snapshot has, or what its seed made it with the name "", at
// the machine's time: a clock that one test has moved is not to be the next one's.
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
