// Package federation logs users in at other identity providers: it redirects the browser there, takes the
// response at /login/callback, and creates or updates the user from the provider's profile. A provider that
// is not configured or may not be reached is simulated by a page of this server.
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

// Deps are the dependencies of the handlers.
type Deps struct {
	DB      *storage.DB
	Cookies session.Cookies
	SignIn  *signin.Service
	Pages   web.Pages
	Log     *tenantlog.Log
	Server  *slog.Logger
	Issuer  *tokens.Issuer
	Now     func() time.Time
	// Tenant is the tenant's name, which is part of its SAML entity ID.
	Tenant string
	// Outside sends requests to the providers that are not simulated.
	Outside *outside.Client
}

type room struct {
	Deps
	discovery discoveries
}

// Federation serves logins at other identity providers.
type Federation = room

// New returns the tenant's federation.
func New(d Deps) *Federation { return &room{Deps: d} }

// callbackPath is the path to which providers send the browser back.
const callbackPath = "/login/callback"

// Mount adds the routes.
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

// providerLogin is the part of a login that takes place at a provider: the login transaction and the connection.
type providerLogin struct {
	transaction storage.Transaction
	connection  storage.Connection
	// connecting describes the account to connect, or is nil for a login.
	connecting *objects.Connecting
}

// begin redirects the browser to the chosen provider, or to the only possible one.
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
	return m.depart(w, r, providerLogin{transaction: t, connection: c}, page, func(up storage.UpstreamLogin) error {
		return m.DB.UpdateVolatile(r.Context(), func(tx *storage.Tx) error {
			return session.ChangeTransaction(tx, t.StateHash, m.Now(), func(t *storage.Transaction) error {
				t.Upstream = &up
				return nil
			})
		})
	})
}

// depart redirects the browser to the provider of a provider login. page is the state of the login pages that it comes
// from, and keep stores the data that the response is checked against.
func (m *room) depart(w http.ResponseWriter, r *http.Request, l providerLogin, page string, keep func(storage.UpstreamLogin) error) error {
	state, c := keys.Random(32), l.connection
	real := m.reaches(c)
	up := storage.UpstreamLogin{Connection: c.Name, StateHash: keys.Hash(state), Page: page, Real: real, Nonce: keys.Random(32), Verifier: keys.Random(32)}
	asked := saml.Outgoing{}
	if real && isSAML(c) { // a SAML request has an ID, which takes the place of the nonce
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

// chosen returns the connection with which a login continues.
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
			c, ok = ways.Direct(t.Request())
		}
		if !ok {
			return apierr.ConnectionNotFound
		}
		return nil
	})
	return c, err
}

// find returns the provider login of a state, which a provider returns with its response. It returns an error if the
// login may not use the connection any more.
func (m *room) find(r *http.Request, state string) (l providerLogin, err error) {
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
