// Package server builds the tenant's server out of its parts: it opens the
// store, makes the services, lists the rooms and serves two listeners. What a
// room does is the room's business.
package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/authorize"
	"github.com/tenant0/tenant0/server/authzext"
	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/consent"
	"github.com/tenant0/tenant0/server/control"
	"github.com/tenant0/tenant0/server/dbconnections"
	"github.com/tenant0/tenant0/server/discovery"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/jobs"
	"github.com/tenant0/tenant0/server/login"
	"github.com/tenant0/tenant0/server/logout"
	"github.com/tenant0/tenant0/server/logstream"
	"github.com/tenant0/tenant0/server/management"
	"github.com/tenant0/tenant0/server/notemulated"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/organization"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/token"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/userinfo"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// services is what the rooms share.
type services struct {
	db        *storage.DB
	ring      *keys.Ring
	issuer    *tokens.Issuer
	passwords *identity.Passwords
	events    *tenantlog.Log
	streams   *logstream.Streams
	outbox    *outbox.Outbox
	jobs      *jobs.Runner
	clock     *clock.Clock
	log       *slog.Logger
	maxImport int // bytes of a file of users
}

// openServices makes the services on an open store.
func openServices(srv *Server, db *storage.DB) (*services, error) {
	log := srv.log
	u, err := url.Parse(srv.issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	s := &services{db: db, clock: clock.New(), log: log, maxImport: srv.cfg.MaxImportSize}
	secrets, err := keys.OpenSecrets(db)
	if err != nil {
		return nil, err
	}
	if s.ring, err = keys.Open(db, u.Hostname(), s.clock.Now()); err != nil {
		return nil, err
	}
	if s.passwords, err = identity.NewPasswords(srv.cfg.PasswordCost); err != nil {
		return nil, err
	}
	s.issuer = &tokens.Issuer{URL: srv.issuer, DB: db, Ring: s.ring, Secrets: secrets}
	name, _, _ := strings.Cut(u.Hostname(), ".")
	s.streams = logstream.New(logstream.Deps{DB: db, Now: s.clock.Now, Log: log, Closed: srv.isControl})
	s.events, err = tenantlog.New(tenantlog.Deps{DB: db, Now: s.clock.Now, Log: log, Tenant: name, Stored: s.streams.Stored})
	if err != nil {
		return nil, err
	}
	s.outbox = outbox.New(outbox.Deps{Now: s.clock.Now, Log: log, Provider: s.smtpServer, Failed: s.notSent})
	s.jobs = jobs.New(jobs.Deps{DB: db, Now: s.clock.Now, Log: log, Folder: srv.data})
	return s, nil
}

// rooms mounts every room of the tenant.
func (s *services) rooms() *web.Router {
	var (
		now     = s.clock.Now
		rt      = web.NewRouter(s.log)
		open    = rt.WithCORS(s.anyApplication)
		pages   = web.Pages{DB: s.db, Warn: s.pageFailed}
		mails   = s.emails()
		cookies = session.Cookies{Secure: s.secure()}
		engine  = oauth.New(oauth.Deps{DB: s.db, Issuer: s.issuer, Log: s.events, Now: now}, token.Grants(s.db, s.issuer)...)
	)
	token.Mount(open, engine)
	authorize.Mount(rt, authorize.Deps{DB: s.db, Engine: engine, Issuer: s.issuer, Cookies: cookies, Pages: pages, Log: s.events, Now: now})
	login.Mount(rt, login.Deps{
		DB: s.db, Passwords: s.passwords, Cookies: cookies, Pages: pages, Emails: mails, Log: s.events, Now: now,
	})
	dbconnections.Mount(rt, open, dbconnections.Deps{
		DB: s.db, Passwords: s.passwords, Cookies: cookies, Pages: pages, Emails: mails, Log: s.events, Now: now,
	})
	consent.Mount(rt, consent.Deps{DB: s.db, Cookies: cookies, Pages: pages, Now: now})
	organization.Mount(rt, organization.Deps{DB: s.db, Cookies: cookies, Pages: pages, Now: now})
	userinfo.Mount(open, userinfo.Deps{DB: s.db, Issuer: s.issuer, Now: now})
	discovery.Mount(rt, discovery.Deps{DB: s.db, Issuer: s.issuer, Ring: s.ring, GrantTypes: engine.GrantTypes()})
	logout.Mount(rt, logout.Deps{DB: s.db, Issuer: s.issuer, Cookies: cookies, Pages: pages, Log: s.events, Now: now})
	pages.Mount(rt)
	management.Mount(rt, s.management())
	authzext.Mount(rt, authzext.Deps{DB: s.db, Issuer: s.issuer, Now: now})
	notemulated.Mount(rt, open, pages) // last: what is mounted first stays
	return rt
}

func (s *services) secure() bool {
	u, err := url.Parse(s.issuer.URL)
	return err == nil && u.Scheme == "https"
}

// anyApplication lets pages of the tenant's applications in.
func (s *services) anyApplication(r *http.Request, origin string) (allowed bool, err error) {
	err = s.db.View(func(tx *storage.Tx) error {
		allowed, err = registered.OriginOfAny(tx, r.Host, origin)
		return err
	})
	return allowed, err
}

// customDomain reports whether a name is one of the tenant's custom domains. They
// are looked up, because the Management API changes them while the server runs.
func (s *services) customDomain(name string) (found bool, err error) {
	err = s.db.View(func(tx *storage.Tx) error {
		_, err := tx.CustomDomain(name)
		found = err == nil
		return storage.Optional(err)
	})
	return found, err
}

func (s *services) management() management.Deps {
	return management.Deps{
		DB: s.db, Issuer: s.issuer, Ring: s.ring, Passwords: s.passwords, Events: s.events, Emails: s.emails(),
		Outbox: s.outbox, Jobs: s.jobs, Now: s.clock.Now, MaxImport: s.maxImport,
	}
}

// controlRooms mounts the control listener.
func (s *services) controlRooms(d control.Deps) *web.Router {
	d.DB, d.Clock, d.Ring, d.Outbox, d.Import = s.db, s.clock, s.ring, s.outbox, s.importConfiguration
	d.Export = s.exportConfiguration
	rt := web.NewRouter(s.log)
	control.Mount(rt, d)
	return rt
}
