// Package logout serves /v2/logout, /oidc/logout and SAML logout: it ends the browser's session and
// redirects the browser to a logout URL that the application has registered.
package logout

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/outside"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Deps are the dependencies of the handlers.
type Deps struct {
	DB      *storage.DB
	Issuer  *tokens.Issuer
	Cookies session.Cookies
	Pages   web.Pages
	Log     *tenantlog.Log
	Now     func() time.Time
	// Tenant is the tenant's name, which is part of its SAML entity ID. Upstream says which providers
	// may be reached, and so are not simulated.
	Tenant   string
	Upstream outside.Reach
	// Providers are the identity providers of the tenant's connections.
	Providers Providers
}

// Providers knows the logout URLs of identity providers.
type Providers interface {
	// Logout returns the address to which a browser is sent to end the user's session at the provider
	// of a connection, or "" if there is none. The provider redirects the browser to target afterwards,
	// unless it is "". simulated says that the provider is simulated: then the address is a path of
	// this server that does not contain the target.
	Logout(ctx context.Context, connection, target string) (address string, simulated bool, err error)
}

type room struct{ Deps }

// Mount adds the routes.
func Mount(rt *web.Router, d Deps) {
	m := &room{d}
	rt = rt.With(d.Pages.Shape)
	rt.Handle(http.MethodGet, "/v2/logout", m.v2)
	rt.Handle(http.MethodGet, "/oidc/logout", m.get)
	rt.Handle(http.MethodPost, "/oidc/logout", m.post)
	rt.Handle(http.MethodGet, "/samlp/{client_id}/logout", m.samlp)
	rt.Handle(http.MethodPost, "/samlp/{client_id}/logout", m.samlpForm)
	rt.Handle(http.MethodGet, "/logout", m.provider)
	rt.Handle(http.MethodPost, "/logout", m.providerForm)
	rt.Handle(http.MethodGet, confirmPage, m.showConfirm)
	rt.Handle(http.MethodPost, confirmPage, web.SameSite(m.submitConfirm))
	rt.Handle(http.MethodGet, simulatedPath, m.simulated)
}

// v2 is Auth0's own logout endpoint, Auth0: api/authentication/logout/auth-0-logout.
//
//auth0:operation GET /v2/logout
func (m *room) v2(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Query(r)
	if err != nil {
		return err
	}
	client, target, err := m.returnTo(r.Context(), r.Host, params.Get("client_id"), params.Get("returnTo"))
	if err != nil {
		return m.refuse(r, params, err)
	}
	return m.end(w, r, storage.LogoutRequest{Target: target, Federated: params.Has("federated")}, client)
}

// returnTo returns the URL to which /v2/logout redirects: the requested one, which must be registered
// by the application or, if the request names none, by the tenant. If no URL is requested, it is the
// application's first one.
func (m *room) returnTo(ctx context.Context, host, clientID, asked string) (client storage.Client, target string, err error) {
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		var addresses registered.Addresses
		if client, addresses, err = addressesOf(tx, host, clientID); err != nil {
			return err
		}
		if target = asked; asked != "" {
			return checkLogout(addresses, "returnTo", asked, true)
		}
		if clientID != "" {
			target = addresses.DefaultLogout()
		}
		return nil
	})
	return client, target, err
}

// addressesOf returns an application and its registered URLs, or those of the tenant if clientID is "",
// for a request that was sent to a host.
func addressesOf(tx *storage.Tx, host, clientID string) (client storage.Client, a registered.Addresses, err error) {
	if clientID == "" {
		tenant, err := tx.Tenant.Get(storage.TenantKey)
		return client, registered.OfTenant(tx, tenant, host), storage.Optional(err)
	}
	client, err = tx.Clients.Get(clientID)
	switch {
	case storage.IsNotFound(err):
		err = apierr.UnknownClient(clientID)
	case err == nil && client.Strict():
		err = apierr.NoThirdPartyLogout
	}
	return client, registered.Of(tx, client, host), err
}

// checkLogout returns an error if the URL in a parameter is not a registered logout URL.
func checkLogout(a registered.Addresses, parameter, asked string, ignoreQuery bool) error {
	allowed, err := a.Logout(asked, ignoreQuery)
	if err != nil || allowed {
		return err
	}
	return apierr.LogoutURLMismatch(parameter, asked)
}

// refuse logs why a logout failed, and returns err.
func (m *room) refuse(r *http.Request, params url.Values, err error) error {
	m.Log.Record(r, tenantlog.Event{Type: tenantlog.FailedLogout, Description: tenantlog.Reason(err), ClientID: params.Get("client_id")})
	return err
}

// end ends the session and answers. For a federated logout, the browser is sent to the identity
// provider first, to end the session there too. Issued tokens stay valid.
func (m *room) end(w http.ResponseWriter, r *http.Request, asked storage.LogoutRequest, client storage.Client) error {
	s, err := m.endSession(w, r, client, asked.Target)
	if err != nil {
		return err
	}
	if asked.Federated && s.ID != "" {
		asked.ClientID, asked.Federated = client.ClientID, false
		out, there, err := m.upstream(w, r, s, asked)
		if err != nil {
			return err
		}
		if there {
			return m.Pages.Send(w, r, out.URL, out.Form)
		}
		address, err := m.atProvider(w, r, s.Connection, asked)
		if err != nil {
			return err
		}
		if address != "" {
			return web.Redirect(w, r, address)
		}
	}
	return m.goOn(w, r, asked.Target, client)
}

// goOn redirects to the target of a logout or, without one, shows that the session has ended.
func (m *room) goOn(w http.ResponseWriter, r *http.Request, target string, client storage.Client) error {
	if target != "" {
		return web.Redirect(w, r, target)
	}
	return m.showEnd(w, r, client)
}

// endSession ends the browser's session, if there is one, and returns it.
func (m *room) endSession(w http.ResponseWriter, r *http.Request, client storage.Client, target string) (s storage.Session, err error) {
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) (err error) {
		s, err = m.Cookies.End(tx, r, m.Now())
		return storage.Optional(err)
	})
	if err != nil {
		return s, err
	}
	if s.ID != "" {
		m.Log.Record(r, tenantlog.Event{
			Type: tenantlog.Logout, Description: "User successfully logged out", ClientID: client.ClientID, ClientName: client.Name,
			UserID: s.UserID, Connection: s.Connection,
			Details: map[string]any{"return_to": target, "allowed_logout_url": client.AllowedLogoutURLs, "session_id": s.ID},
		})
	}
	m.Cookies.Forget(w)
	return s, nil
}

// showEnd shows the page that says that the user has logged out.
func (m *room) showEnd(w http.ResponseWriter, r *http.Request, client storage.Client) error {
	layout, err := m.Pages.Layout(r.Context(), web.About{UILocales: r.URL.Query().Get("ui_locales"), ClientID: client.ClientID})
	if err != nil {
		return err
	}
	login, err := m.login(r, client)
	if err != nil {
		return err
	}
	return m.Pages.Write(w, http.StatusOK, templates.LoggedOut{Layout: layout, ClientName: client.Name, LinkURL: login})
}

// login returns the URL at which the application begins a login, or "".
func (m *room) login(r *http.Request, client storage.Client) (uri string, err error) {
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		uri, err = registered.Of(tx, client, r.Host).Login()
		return err
	})
	return uri, err
}

//auth0:operation GET /oidc/logout
func (m *room) get(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Query(r)
	if err != nil {
		return err
	}
	return m.oidc(w, r, params)
}

// post takes the same parameters from a form, OpenID Connect RP-Initiated Logout section 2: "OpenID
// Providers MUST support the use of the HTTP GET and POST methods". The origin is not checked, because
// an application's page sends the form.
//
//auth0:operation POST /oidc/logout
func (m *room) post(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Form(w, r)
	if err != nil {
		return err
	}
	return m.oidc(w, r, params)
}

// request is a checked logout request: its hints do not contradict each other.
type request struct {
	client    storage.Client
	target    string // the URL to redirect to, with the state, or ""
	session   string // the id of the session that the hints name, or ""
	federated bool   // the session at the identity provider is to end too
}

// asked returns the data of the request that is stored.
func (rq request) asked() storage.LogoutRequest {
	return storage.LogoutRequest{ClientID: rq.client.ClientID, Target: rq.target, Federated: rq.federated}
}

// oidc ends the browser's session if it is the one that the hints name. Otherwise it asks the user
// first.
func (m *room) oidc(w http.ResponseWriter, r *http.Request, params url.Values) error {
	rq, err := m.read(r.Context(), r.Host, params)
	if err != nil {
		return m.refuse(r, params, err)
	}
	var s storage.Session
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		var err error
		s, err = m.Cookies.Find(tx, r, m.Now())
		return storage.Optional(err)
	})
	if err != nil {
		return err
	}
	if s.ID != "" && s.ID != rq.session {
		return m.ask(w, r, rq)
	}
	return m.end(w, r, rq.asked(), rq.client)
}

// read reads the parameters, and checks that the hints belong together, Auth0:
// authenticate/login/logout/log-users-out-of-auth0.
func (m *room) read(ctx context.Context, host string, params url.Values) (rq request, err error) {
	clientID, organization := params.Get("client_id"), ""
	rq.session, rq.federated = params.Get("logout_hint"), params.Has("federated")
	if token := params.Get("id_token_hint"); token != "" {
		hint, err := m.Issuer.IDTokenHint(ctx, token)
		if err != nil {
			return rq, apierr.InvalidIDTokenHint.With(err)
		}
		if (clientID != "" && clientID != hint.ClientID) || (rq.session != "" && rq.session != hint.SessionID) {
			return rq, apierr.HintMismatch
		}
		clientID, rq.session, organization = hint.ClientID, hint.SessionID, hint.Organization
	}
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		rq.client, rq.target, err = leadsTo(tx, host, clientID, organization, params)
		return err
	})
	if err != nil || rq.target == "" {
		return rq, err
	}
	if state := params.Get("state"); state != "" {
		u, err := url.Parse(rq.target)
		if err != nil {
			return rq, err
		}
		query := u.Query()
		query.Set("state", state)
		u.RawQuery = query.Encode()
		rq.target = u.String()
	}
	return rq, nil
}

// leadsTo returns the application of a logout and the URL to redirect to: the requested one or, if the
// request has a client_id, the first one of that application, Auth0:
// api/authentication/logout/oidc-logout.
func leadsTo(tx *storage.Tx, host, clientID, organization string, params url.Values) (client storage.Client, target string, err error) {
	client, addresses, err := addressesOf(tx, host, clientID)
	target = params.Get("post_logout_redirect_uri")
	switch {
	case err != nil:
		return client, "", err
	case target == "" && params.Get("client_id") != "":
		return client, addresses.DefaultLogout(), nil
	case target == "":
		return client, "", nil
	}
	if addresses, err = inOrganization(tx, addresses, organization); err != nil {
		return client, "", err
	}
	return client, target, checkLogout(addresses, "post_logout_redirect_uri", target, false)
}

// inOrganization returns the registered URLs with the name of an organization for their placeholder. id
// is the organization's id from the hint, or "".
func inOrganization(tx *storage.Tx, a registered.Addresses, id string) (registered.Addresses, error) {
	if id == "" {
		return a, nil
	}
	organization, err := tx.Organization(id)
	return a.In(organization.Name), storage.Optional(err)
}

// confirmPage is the path of the page that asks whether the user wants to log out.
const confirmPage = "/u/logout"

// confirmLifetime is how long a logout request is kept while the user or the identity provider answers.
const confirmLifetime = 10 * time.Minute

// ask stores the request and redirects the browser to confirmPage.
func (m *room) ask(w http.ResponseWriter, r *http.Request, rq request) error {
	now := m.Now()
	asked := rq.asked()
	state, err := m.Cookies.Start(w, r, m.DB, storage.Transaction{CreatedAt: now, ExpiresAt: now.Add(confirmLifetime), Logout: &asked})
	if err != nil {
		return err
	}
	return web.Redirect(w, r, confirmPage+"?state="+state)
}

// question returns the stored logout request of the state, and its application.
func (m *room) question(r *http.Request) (t storage.Transaction, client storage.Client, err error) {
	t, err = m.Cookies.LogoutTransaction(m.DB, r, r.URL.Query().Get("state"), m.Now())
	if err != nil || t.Logout.ClientID == "" {
		return t, client, err
	}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		client, err = tx.Clients.Get(t.Logout.ClientID)
		return storage.Optional(err)
	})
	return t, client, err
}

//auth0:operation GET /u/logout
func (m *room) showConfirm(w http.ResponseWriter, r *http.Request) error {
	_, client, err := m.question(r)
	if err != nil {
		return err
	}
	layout, err := m.Pages.Layout(r.Context(), web.About{UILocales: r.URL.Query().Get("ui_locales"), ClientID: client.ClientID})
	if err != nil {
		return err
	}
	var user storage.User
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		s, err := m.Cookies.Find(tx, r, m.Now())
		if err != nil {
			return storage.Optional(err)
		}
		user, err = tx.Users.Get(s.UserID)
		return storage.Optional(err)
	})
	if err != nil {
		return err
	}
	return m.Pages.Write(w, http.StatusOK, templates.LogoutConfirm{
		Layout: layout, ClientName: client.Name, UserName: cmp.Or(user.Name, user.Email),
		State: r.URL.Query().Get("state"),
	})
}

//auth0:operation POST /u/logout
func (m *room) submitConfirm(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	t, client, err := m.question(r)
	if err != nil {
		return err
	}
	if form.Get("action") == "accept" {
		return m.end(w, r, *t.Logout, client)
	}
	layout, err := m.Pages.Layout(r.Context(), web.About{UILocales: r.URL.Query().Get("ui_locales"), ClientID: client.ClientID})
	if err != nil {
		return err
	}
	login, err := m.login(r, client)
	if err != nil {
		return err
	}
	return m.Pages.Write(w, http.StatusOK, templates.LogoutAborted{Layout: layout, ClientName: client.Name, LinkURL: login})
}
