// Package dbconnections serves sign-up and password reset at database connections, as
// pages and as Auth0's API below /dbconnections, and the pages to which the links in
// e-mails lead.
package dbconnections

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/passcodes"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Deps are the dependencies of the handlers.
type Deps struct {
	DB        *storage.DB
	Passwords *identity.Passwords
	Cookies   session.Cookies
	SignIn    *signin.Service
	Pages     web.Pages
	Emails    emails.Writer
	Codes     passcodes.Sender
	Log       *tenantlog.Log
	Now       func() time.Time
	// Tenant is the tenant's name.
	Tenant string
}

type room struct{ Deps }

// Mount adds the routes: the pages to rt, and the API, which pages of other origins may
// call, to open.
func Mount(rt, open *web.Router, d Deps) {
	m := &room{d}
	open = open.With(shape)
	open.Handle(http.MethodPost, "/dbconnections/signup", m.signup)
	open.Handle(http.MethodPost, "/dbconnections/change_password", m.changePassword)
	rt = rt.With(d.Pages.Shape)
	rt.Handle(http.MethodGet, combinedSignup, m.openSignup(combinedSignup, m.showSignup))
	rt.Handle(http.MethodPost, combinedSignup, web.SameSite(m.submitSignup))
	rt.Handle(http.MethodGet, signupIdentifier, m.openSignup(signupIdentifier, m.showSignupIdentifier))
	rt.Handle(http.MethodPost, signupIdentifier, web.SameSite(m.submitSignupIdentifier))
	rt.Handle(http.MethodGet, signupPassword, m.openSignup(signupPassword, m.showSignupPassword))
	rt.Handle(http.MethodPost, signupPassword, web.SameSite(m.submitSignupPassword))
	rt.Handle(http.MethodGet, "/u/login/password-reset-start/{connection}", m.startReset)
	rt.Handle(http.MethodGet, "/u/login/password-reset-start/{connection}/{identifier}", m.startReset)
	for _, page := range []string{"/u/reset-password/request", "/u/reset-password/request/{connection}"} {
		rt.Handle(http.MethodGet, page, m.showResetRequest)
		rt.Handle(http.MethodPost, page, web.SameSite(m.submitResetRequest))
	}
	rt.Handle(http.MethodGet, "/u/reset-password/success", m.showPasswordReset)
	for _, page := range []string{passcodes.EmailProofPage, passcodes.PhoneProofPage, passcodes.ResetCodePage} {
		rt.Handle(http.MethodGet, page, m.showProof(page))
		rt.Handle(http.MethodPost, page, web.SameSite(m.submitProof(page)))
	}
	rt.Handle(http.MethodGet, "/u/reset-verify", m.showNewPassword)
	rt.Handle(http.MethodPost, "/u/reset-verify", web.SameSite(m.submitNewPassword))
	rt.Handle(http.MethodGet, classicResetPage, m.showClassicReset)
	rt.With(m.classicShape).Handle(http.MethodPost, classicResetPage, web.SameSite(m.submitClassicReset))
	rt.Handle(http.MethodGet, "/u/email-verification", m.verifyEmail)
	rt.Handle(http.MethodPost, "/u/email-verification", web.SameSite(m.verifyEmail))
	rt.Handle(http.MethodGet, "/u/unblock", m.askUnblock)
	rt.Handle(http.MethodPost, "/u/unblock", web.SameSite(m.unblock))
}

// shape writes the errors of the API: errors with a name as an object with code, description and so on,
// bare errors as an object with the message, and the others as OAuth errors.
func shape(w http.ResponseWriter, _ *http.Request, e *apierr.Error) {
	body := map[string]any{"error": e.Code, "error_description": e.Message}
	switch {
	case e.Extra["name"] != nil:
		body = map[string]any{"code": e.Code, "description": e.Message, "statusCode": e.Status}
	case e.Bare:
		body = map[string]any{"error": e.Message}
	}
	maps.Copy(body, e.Extra)
	_ = web.Reply(w, e.Status, body)
}

// transaction returns the login transaction of the request and its state.
func (m *room) transaction(r *http.Request) (storage.Transaction, string, error) {
	state := session.StateOf(r)
	t, err := m.Cookies.Transaction(m.DB, r, state, m.Now())
	return t, state, err
}

// form reads a form that belongs to a transaction.
func (m *room) form(w http.ResponseWriter, r *http.Request) (form url.Values, t storage.Transaction, state string, err error) {
	if form, err = web.Form(w, r); err != nil {
		return nil, t, "", err
	}
	t, state, err = m.transaction(r)
	return form, t, state, err
}

// appName returns the name of an application, or "" if it does not exist any more, and the
// URL at which its logins begin.
func (m *room) appName(ctx context.Context, clientID string) (name, login string, err error) {
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		c, err := tx.Clients.Get(clientID)
		if storage.Optional(err) != nil {
			return err
		}
		name = c.Name
		if login, err = registered.Of(tx, c, "").Login(); login != "" || err != nil {
			return err
		}
		tenant, err := tx.Tenant.Get(storage.TenantKey)
		login = tenant.DefaultRedirectionURI
		return storage.Optional(err)
	})
	return name, login, err
}

// result shows a page with the outcome of a step and a link to the application's login
// URL, if there is one, Auth0:
// authenticate/login/auth0-universal-login/configure-default-login-routes.
func (m *room) result(ctx context.Context, w http.ResponseWriter, status int, outcome templates.Outcome, clientID, email string) error {
	page, err := m.resultPage(ctx, outcome, clientID, email)
	if err != nil {
		return err
	}
	return m.Pages.Write(w, status, page)
}

func (m *room) resultPage(ctx context.Context, outcome templates.Outcome, clientID, email string) (page templates.Result, err error) {
	page.Outcome, page.Email = outcome, email
	if page.Layout, err = m.Pages.Layout(ctx, web.About{ClientID: clientID}); err == nil {
		page.ClientName, page.LinkURL, err = m.appName(ctx, clientID)
	}
	return page, err
}

func ticketHash(r *http.Request) string { return keys.Hash(r.URL.Query().Get("ticket")) }
