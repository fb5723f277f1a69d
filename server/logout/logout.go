// Package logout serves /v2/logout, /oidc/logout and the logout of SAML: it ends the browser's
// session and sends the browser to where the application may send it.
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

// Deps is what the room works with.
type Deps struct {
	DB      *storage.DB
	Issuer  *tokens.Issuer
	Cookies session.Cookies
	Pages   web.Pages
	Log     *tenantlog.Log
	Now     func() time.Time
	// Tenant is the tenant's name, as providers of SAML know it, and Upstream says which providers are
	// not simulated.
	Tenant   string
	Upstream outside.Reach
	// Providers are the identity providers of the tenant's connections.
	Providers Providers
}

// Providers know where identity providers log people out.
type Providers interface {
	// Logout returns where a browser is sent to end the session that a user has at the provider of a
	// connection, "" for no such place, and which sends it on to a target, "" for none. simulated says
	// that the provider is one of this server's: the address is a path, and the target is not in it.
	Logout(ctx context.Context, connection, target string) (address string, simulated bool, err error)
}

type room struct{ Deps }

// Mount adds the room's routes.
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

// v2 is Auth0's own logout, Auth0: api/authentication/logout/auth-0-logout.
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

// returnTo checks where /v2/logout goes: the address asked for when the
// application, or without one the tenant, lists it; the application's first
// when none is asked for.
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

// addressesOf returns an application and its addresses, or without one the tenant's,
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

// checkLogout refuses to lead to an address, which a parameter asks for, that is not
// registered.
func checkLogout(a registered.Addresses, parameter, asked string, ignoreQuery bool) error {
	allowed, err := a.Logout(asked, ignoreQuery)
	if err != nil || allowed {
		return err
	}
	return apierr.LogoutURLMismatch(parameter, asked)
}

// refuse records why a logout did not take place, and passes it on.
func (m *room) refuse(r *http.Request, params url.Values, err error) error {
	m.Log.Record(r, tenantlog.Event{Type: tenantlog.FailedLogout, Description: tenantlog.Reason(err), ClientID: params.Get("client_id")})
	return err
}

// end ends the session and answers, after the identity provider's session has ended, too, where that is
// asked for. Tokens stay as they are.
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

// goOn leads to where a logout leads to, or says that the session has ended.
func (m *room) goOn(w http.ResponseWriter, r *http.Request, target string, client storage.Client) error {
	if target != "" {
		return web.Redirect(w, r, target)
	}
	return m.showEnd(w, r, client)
}

// endSession ends the browser's session, if it has one, and returns it.
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

// showEnd says that the session has ended.
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

// login is where the application begins a login, "" for none.
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

// post is OpenID Connect RP-Initiated Logout section 2: "OpenID Providers MUST
// support the use of the HTTP GET and POST methods". An application's page sends
// it, so its origin is not checked.
//
//auth0:operation POST /oidc/logout
func (m *room) post(w http.ResponseWriter, r *http.Request) error {
	params, err := web.Form(w, r)
	if err != nil {
		return err
	}
	return m.oidc(w, r, params)
}

// request is a logout request whose hints agree.
type request struct {
	client    storage.Client
	target    string // with the state, "" for none
	session   string // the sid that the hints name, "" for none
	federated bool   // the identity provider's session is to end, too
}

// asked is what is kept of the request.
func (rq request) asked() storage.LogoutRequest {
	return storage.LogoutRequest{ClientID: rq.client.ClientID, Target: rq.target, Federated: rq.federated}
}

// oidc ends the session that the hints name, and asks the user when they name
// another or none.
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

// read checks the parameters against one another, Auth0:
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

// leadsTo returns the application of a logout, and where it leads: to what it asks for, or
// to the first URL of the application that it names, Auth0: api/authentication/logout/
// oidc-logout.
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

// inOrganization returns the addresses for a hint that names an organization by its id,
// "" for none.
func inOrganization(tx *storage.Tx, a registered.Addresses, id string) (registered.Addresses, error) {
	if id == "" {
		return a, nil
	}
	organization, err := tx.Organization(id)
	return a.In(organization.Name), storage.Optional(err)
}

// confirmPage asks whether the user wants to log out.
const confirmPage = "/u/logout"

// confirmLifetime is how long the question stands.
const confirmLifetime = 10 * time.Minute

// ask keeps the request and sends the browser to the question.
func (m *room) ask(w http.ResponseWriter, r *http.Request, rq request) error {
	now := m.Now()
	asked := rq.asked()
	state, err := m.Cookies.Start(w, r, m.DB, storage.Transaction{CreatedAt: now, ExpiresAt: now.Add(confirmLifetime), Logout: &asked})
	if err != nil {
		return err
	}
	return web.Redirect(w, r, confirmPage+"?state="+state)
}

// question finds the request that a page's state names.
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
