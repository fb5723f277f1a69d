// Package federation logs people in at other identity providers: it sends the browser there, takes
// the answer at /login/callback, and makes the account what the provider says of it. A provider is
// simulated on a page of this server's.
package federation

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/outside"
	"github.com/tenant0/tenant0/server/saml"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps is what the room works with.
type Deps struct {
	DB      *storage.DB
	Cookies session.Cookies
	Door    *signin.Door
	Pages   web.Pages
	Log     *tenantlog.Log
	Server  *slog.Logger
	Issuer  *tokens.Issuer
	Now     func() time.Time
	// Tenant is the tenant's name, as providers of SAML know it.
	Tenant string
	// Outside talks to the providers that are not simulated.
	Outside *outside.Client
}

type room struct {
	Deps
	discovery discoveries
}

// Federation is what the tenant has to do with other identity providers.
type Federation = room

// New returns the tenant's federation.
func New(d Deps) *Federation { return &room{Deps: d} }

// callbackPath is where providers send the browser back to.
const callbackPath = "/login/callback"

// Mount adds the room's routes.
func (m *room) Mount(rt *web.Router) {
	rt.Handle(http.MethodPost, revocationPath, m.revoke)
	rt = rt.With(m.Pages.Shape)
	rt.Handle(http.MethodGet, account.ProviderPage, m.begin)
	rt.Handle(http.MethodGet, connectPath, m.connect)
	rt.Handle(http.MethodGet, callbackPath, m.callback)
	rt.Handle(http.MethodPost, callbackPath, m.posted)
	rt.Handle(http.MethodGet, "/samlp/metadata", m.metadata)
	rt.Handle(http.MethodGet, simulatedPath, m.showProvider)
	rt.Handle(http.MethodPost, simulatedPath, web.SameSite(m.submitProvider))
}

// leg is a login at a provider: the transaction that it is part of, and the connection that leads
// to the provider.
type leg struct {
	transaction storage.Transaction
	connection  storage.Connection
	// connecting is what the leg connects, nil for a login.
	connecting *objects.Connecting
}

// begin sends the browser to the provider that was chosen, or the only one that there is.
//
//auth0:operation GET /u/login/federated
func (m *room) begin(w http.ResponseWriter, r *http.Request) error {
	if web.IsSubresource(r) {
		return apierr.Subresource
	}
	page := session.StateOf(r)
	t, err := m.Cookies.Transaction(m.DB, r, page, m.Now())
	if err != nil {
		return err
	}
	c, err := m.chosen(r.Context(), t)
	if err != nil {
		return err
	}
	return m.depart(w, r, leg{transaction: t, connection: c}, page, func(up storage.UpstreamLogin) error {
		return m.DB.UpdateVolatile(r.Context(), func(tx *storage.Tx) error {
			return session.Change(tx, t.StateHash, m.Now(), func(t *storage.Transaction) error {
				t.Upstream = &up
				return nil
			})
		})
	})
}

// depart sends the browser to the provider of a leg. page is the state of the pages that it comes from, and keep
// keeps what the answer is held against.
func (m *room) depart(w http.ResponseWriter, r *http.Request, l leg, page string, keep func(storage.UpstreamLogin) error) error {
	state, c := keys.Random(32), l.connection
	real := m.reaches(c)
	up := storage.UpstreamLogin{Connection: c.Name, StateHash: keys.Hash(state), Page: page, Real: real, Nonce: keys.Random(32), Verifier: keys.Random(32)}
	asked := saml.Outgoing{}
	if real && isSAML(c) { // the request has an id of its own
		sp, err := saml.ProviderOf(c, m.asTenant())
		if err != nil {
			return err
		}
		if asked, up.Nonce, err = sp.Request(state); err != nil {
			return err
		}
	}
	if err := keep(up); err != nil {
		return err
	}
	l.transaction.Upstream = &up
	switch {
	case !real:
		return web.Redirect(w, r, m.simulatedURL(l, state))
	case isSAML(c):
		return m.Pages.Send(w, r, asked.URL, asked.Form)
	case isPassive(c):
		return m.askPassively(w, r, c, state)
	}
	target, err := m.authorizationURL(r.Context(), l, state)
	if err != nil {
		return m.refused(w, r, l, err)
	}
	return web.Redirect(w, r, target)
}

// chosen is the connection that a login goes on by.
func (m *room) chosen(ctx context.Context, t storage.Transaction) (c storage.Connection, err error) {
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		ways, err := account.WaysOf(tx, t.Request())
		if err != nil {
			return err
		}
		ok := false
		if t.Upstream != nil {
			c, ok = ways.Provider(t.Upstream.Connection)
		}
		if !ok {
			c, ok = ways.Straight(t.Request())
		}
		if !ok {
			return apierr.ConnectionNotFound
		}
		return nil
	})
	return c, err
}

// find returns the leg that a state belongs to, which a provider has brought back or is to bring
// back. The connection must be one of the login's still.
func (m *room) find(r *http.Request, state string) (l leg, err error) {
	if state == "" {
		return l, apierr.MissingParameter("state")
	}
	if l.transaction, err = m.Cookies.Upstream(m.DB, r, state, m.Now()); err != nil {
		return l, err
	}
	if l.transaction.Connect != "" {
		return m.findConnect(r.Context(), l.transaction)
	}
	l.connection, err = m.chosen(r.Context(), l.transaction)
	if err == nil && l.connection.Name != l.transaction.Upstream.Connection {
		err = apierr.ConnectionNotFound
	}
	return l, err
}
