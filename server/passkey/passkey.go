// Package passkey lets users create passkeys. The page /u/passkey-enrollment offers one to users who have
// logged in by other means. The API begins a login by a passkey at /passkey/challenge and a sign-up with
// one at /passkey/register; the token endpoint takes the authenticator's responses. The login page has its
// own passkey challenge, which is not made here.
package passkey

import (
	"errors"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/factors"
	"github.com/tenant0/tenant0/server/oauth"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/server/webauthn"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Deps holds the dependencies of the handlers.
type Deps struct {
	DB      *storage.DB
	Engine  *oauth.Engine
	Issuer  string
	Cookies session.Cookies
	Pages   web.Pages
	SignIn  *signin.Service
	Now     func() time.Time
}

type room struct{ Deps }

// Mount adds the routes. Web pages of the tenant's applications may call those of open.
func Mount(rt, open *web.Router, d Deps) {
	m := &room{d}
	open.Handle(http.MethodPost, "/passkey/challenge", m.challenge)
	open.Handle(http.MethodPost, "/passkey/register", m.register)
	rt = rt.With(d.Pages.Shape)
	for _, page := range []string{"/u/passkey-enrollment", "/u/passkey-enrollment-local"} {
		rt.Handle(http.MethodGet, page, m.show)
		rt.Handle(http.MethodPost, page, web.SameSite(m.submit))
	}
}

var errNoConnection = &apierr.Error{
	Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "The connection does not exist, is not enabled for the client, or has no passkeys enabled.",
	Setting: "authentication_methods.passkey of the connection, and its enabled_clients",
}

// challenge begins a login by a passkey, Auth0: api/authentication/passkey/request-login-challenge.
//
//auth0:operation POST /passkey/challenge
func (m *room) challenge(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	client, err := m.Engine.AuthenticateClient(r, form)
	if err != nil {
		return err
	}
	return m.ask(w, r, client.ClientID, form.Get("realm"), func(tx *storage.Tx, conn storage.Connection, ceremony string) (b webauthn.Challenge, err error) {
		p, err := webauthn.PartyOf(m.Issuer, "", "")
		if err != nil {
			return b, err
		}
		return webauthn.BeginAuthentication(tx, p, webauthn.Request{Kind: webauthn.Passkey, Key: ceremony, ClientID: client.ClientID, Connection: conn.Name}, m.Now())
	})
}

// ask runs begin, and answers with the WebAuthn options for the application's authenticator and with an
// auth_session. The application later sends the auth_session to the token endpoint together with the
// authenticator's response.
func (m *room) ask(
	w http.ResponseWriter, r *http.Request, clientID, realm string, begin func(tx *storage.Tx, conn storage.Connection, ceremony string) (webauthn.Challenge, error),
) error {
	token := keys.Random(32)
	var b webauthn.Challenge
	err := m.DB.View(r.Context(), func(tx *storage.Tx) error {
		conn, err := webauthn.Connection(tx, clientID, realm)
		if storage.IsNotFound(err) {
			return errNoConnection.With(err)
		}
		if err != nil {
			return err
		}
		b, err = begin(tx, conn, storage.SessionCeremony(keys.Hash(token)))
		return err
	})
	if err == nil {
		err = m.DB.Update(r.Context(), func(tx *storage.Tx) error { return tx.BeginCeremony(b.Ceremony) })
	}
	if err != nil {
		return err
	}
	web.NoStore(w)
	return web.Reply(w, http.StatusOK, map[string]any{"auth_session": token, "authn_params_public_key": b.Options})
}

// visit is a login whose user may create a passkey.
type visit struct {
	state  string
	t      storage.Transaction
	client storage.Client
	user   storage.User
	// local is true if the user has logged in by a passkey of another device, and is offered one for this
	// device.
	local bool
	// applicant is the person who signs up and has no account yet, nil if there is a user.
	applicant *signin.Applicant
}

// neverAgain is the form field by which a user asks not to be offered a passkey in this browser again.
const neverAgain = "dontShowAgain"

// errNobody reports that there is no user to offer a passkey to, or that this login has already offered
// one.
var errNobody = errors.New("nobody to offer a passkey to")

// load finds the login. Only a user who has logged in within this very transaction may create a passkey,
// or a person who is signing up in it.
func (m *room) load(r *http.Request) (v visit, err error) {
	v.state = session.StateOf(r)
	if v.t, err = m.Cookies.Transaction(m.DB, r, v.state, m.Now()); err != nil {
		return v, err
	}
	return v, m.DB.View(r.Context(), func(tx *storage.Tx) error {
		applies, err := m.applies(tx, r, &v)
		if err != nil || applies {
			return err
		}
		return m.find(tx, r, &v)
	})
}

func (m *room) find(tx *storage.Tx, r *http.Request, v *visit) error {
	s, err := m.Cookies.Find(tx, r, m.Now())
	if err == nil {
		v.user, err = tx.Users.Get(s.UserID)
	}
	if err == nil {
		v.client, err = tx.Clients.Get(v.t.Asked.ClientID)
	}
	if storage.IsNotFound(err) {
		return errNobody
	}
	if err != nil {
		return err
	}
	conn, err := tx.Connections.Find("name", s.Connection)
	v.local = len(s.Methods) > 0 && s.Methods[0].Name == signin.Passkey && v.t.Roaming
	offers := webauthn.OffersPasskeys(conn)
	if v.local {
		offers = webauthn.OffersLocal(conn)
	}
	if storage.IsNotFound(err) || err == nil && (!v.t.Began(s) || v.t.Passkey == v.user.UserID || !offers) {
		return errNobody
	}
	if err != nil {
		return err
	}
	// A required MFA factor comes first: a password alone must not suffice to add a passkey.
	asked, err := factors.FactorRequired(tx, factors.BrowserLogin{
		Request: v.t.Request(), StateHash: v.t.StateHash, Session: s, Browser: m.Cookies.Remembered(r),
	}, m.Now())
	if err == nil && asked {
		err = errNobody
	}
	return err
}

//auth0:operation GET /u/passkey-enrollment
//auth0:operation GET /u/passkey-enrollment-local
func (m *room) show(w http.ResponseWriter, r *http.Request) error {
	v, err := m.load(r)
	if errors.Is(err, errNobody) {
		return web.Resume(w, r, v.state)
	}
	if err != nil {
		return err
	}
	return m.page(w, r, v)
}

func (m *room) page(w http.ResponseWriter, r *http.Request, v visit, errs ...string) error {
	about := web.AboutRequest(v.t.Request())
	about.UserID = v.user.UserID
	layout, err := m.Pages.Layout(r.Context(), about)
	if err != nil {
		return err
	}
	var b webauthn.Challenge
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		if v.applicant != nil {
			b, err = m.begin(tx, *v.applicant, storage.PageCeremony(v.t.StateHash, webauthn.Passkey))
			return err
		}
		p, err := webauthn.PartyOf(m.Issuer, "", "")
		if err != nil {
			return err
		}
		b, err = webauthn.BeginRegistration(tx, p, webauthn.Request{
			Kind: webauthn.Passkey, Key: storage.PageCeremony(v.t.StateHash, webauthn.Passkey), ClientID: v.client.ClientID,
			UserID: v.user.UserID, Name: tenantlog.UserName(v.user),
		}, m.Now())
		return err
	})
	if err == nil {
		err = m.DB.Update(r.Context(), func(tx *storage.Tx) error { return tx.BeginCeremony(b.Ceremony) })
	}
	if v.refused(err) {
		return web.Continue(w, r, signupPassword, v.state)
	}
	if err != nil {
		return err
	}
	status := http.StatusOK
	if len(errs) > 0 {
		status = http.StatusBadRequest
	}
	return m.Pages.Write(w, status, templates.PasskeyEnrollment{Layout: layout, ClientName: v.client.Name, State: v.state, Errors: errs, Options: string(b.Options), Local: v.local})
}

// submit stores the passkey, or goes on without one.
//
//auth0:operation POST /u/passkey-enrollment
//auth0:operation POST /u/passkey-enrollment-local
func (m *room) submit(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	v, err := m.load(r)
	if errors.Is(err, errNobody) {
		return web.Resume(w, r, v.state)
	}
	if err != nil {
		return err
	}
	if v.applicant != nil {
		return m.submitApplicant(w, r, v, form)
	}
	keep := func(tx *storage.Tx) error {
		return webauthn.OfPasskeys.Decline(tx, v.t.BrowserHash, v.user.UserID, form.Has(neverAgain), m.Now())
	}
	if form.Get("action") != "abort-passkey-enrollment" {
		if keep, err = m.made(r, v, form.Get("passkey")); err != nil {
			return m.refuse(w, r, v, err)
		}
	}
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		if err := m.find(tx, r, &v); err != nil {
			return err
		}
		if err := keep(tx); err != nil {
			return err
		}
		return session.ChangeTransaction(tx, v.t.StateHash, m.Now(), func(t *storage.Transaction) error {
			t.Passkey = v.user.UserID
			return nil
		})
	})
	if err != nil && !errors.Is(err, errNobody) {
		return m.refuse(w, r, v, err)
	}
	return web.Resume(w, r, v.state)
}

// made checks the authenticator's response, and returns the function that stores the passkey in an update.
func (m *room) made(r *http.Request, v visit, response string) (func(*storage.Tx) error, error) {
	made, err := m.answered(r, v, response)
	return func(tx *storage.Tx) error {
		_, err := made.Save(tx, v.user.UserID, m.Now())
		return err
	}, err
}

// answered checks the authenticator's response to the options that the page has sent.
func (m *room) answered(r *http.Request, v visit, response string) (made webauthn.Registration, err error) {
	var c storage.Ceremony
	err = m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		c, err = tx.FindCeremony(storage.PageCeremony(v.t.StateHash, webauthn.Passkey), webauthn.RegistrationPurpose(webauthn.Passkey), m.Now())
		return err
	})
	if storage.IsNotFound(err) {
		err = webauthn.ErrInvalid
	}
	if err != nil {
		return made, err
	}
	p, err := webauthn.PartyOf(m.Issuer, "", "")
	if err != nil {
		return made, err
	}
	return webauthn.FinishRegistration(p, webauthn.Passkey, c, []byte(response))
}

// refuse shows the page again with an error message.
func (m *room) refuse(w http.ResponseWriter, r *http.Request, v visit, err error) error {
	switch {
	case errors.Is(err, webauthn.ErrTooMany):
		return m.page(w, r, v, "passkey-enrollment-max-allowed-reached")
	case errors.Is(err, webauthn.ErrInvalid), errors.Is(err, storage.ErrReused):
		return m.page(w, r, v, "passkey-enrollment-failure")
	}
	return err
}
