// Package crossorigin serves login pages that ask for passwords with auth0.js and Lock.
// Applications' own pages authenticate the user here and get a login ticket for /authorize
// (cross-origin authentication). It also serves the page of the classic login: the tenant's own or a
// built-in one.
package crossorigin

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Deps are the dependencies of the handlers.
type Deps struct {
	DB        *storage.DB
	Issuer    *tokens.Issuer
	Passwords *identity.Passwords
	SignIn    *signin.Service
	Cookies   session.Cookies
	Pages     web.Pages
	Log       *tenantlog.Log
	Now       func() time.Time
}

type room struct{ Deps }

// Mount adds the routes: to open those that pages of other origins may call, to rt the others.
func Mount(rt, open *web.Router, d Deps) {
	m := &room{d}
	open.Handle(http.MethodPost, "/co/authenticate", m.authenticate)
	open.Handle(http.MethodPost, "/usernamepassword/challenge", m.challenge)
	open.Handle(http.MethodPost, "/dbconnections/signup/challenge", m.signupChallenge)
	open.Handle(http.MethodPost, "/dbconnections/change_password/challenge", m.resetChallenge)
	open.Handle(http.MethodPost, "/passwordless/challenge", m.codeChallenge)
	open.With(m.classicShape).Handle(http.MethodPost, "/usernamepassword/login", m.login)
	open.Handle(http.MethodGet, "/user/ssodata", m.ssodata)
	rt.With(d.Pages.Shape).Handle(http.MethodGet, account.ClassicPage, m.page)
	rt.Handle(http.MethodGet, web.AssetsPath+"{name}", m.asset)
	rt.Handle(http.MethodGet, "/client/{client_id}.js", m.client)
	rt.Handle(http.MethodGet, "/info-v1.js", m.info)
}

// Credential types, Auth0: authenticate/login/cross-origin-authentication.
const (
	passwordType = "password"
	realmType    = "http://auth0.com/oauth/grant-type/password-realm"
	otpType      = "http://auth0.com/oauth/grant-type/passwordless/otp"
)

// ticketLifetime is how long a login ticket is valid: the time for the page to send the browser to
// /authorize.
const ticketLifetime = time.Minute

// Auth0's answers, Auth0: get-started/applications/set-up-cors.
var (
	errBody  = &apierr.Error{Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "Invalid request body. All and only of client_id, credential_type, username, otp, realm are required.", Setting: "the parameters client_id, credential_type, username, password or otp, and realm"}
	errType  = &apierr.Error{Status: http.StatusBadRequest, Code: "unsupported_credential_type", Message: "Unknown credential type parameter.", Setting: "the parameter credential_type"}
	errOff   = &apierr.Error{Status: http.StatusUnauthorized, Code: "unauthorized_client", Message: "Cross origin login not allowed.", Setting: "cross_origin_authentication of the application"}
	errWrong = &apierr.Error{Status: http.StatusForbidden, Code: "access_denied", Message: "Wrong email or password.", Setting: "username and password of the request, and the connection: the parameter realm, or default_directory of the tenant"}
	errUser  = &apierr.Error{Status: http.StatusForbidden, Code: "blocked_user", Message: "Blocked user", Setting: "the user's property blocked"}
	errGuess = &apierr.Error{
		Status: http.StatusTooManyRequests, Code: "too_many_attempts",
		Message: "Your account has been blocked after multiple consecutive login attempts. We've sent you a notification via your preferred contact method with instructions on how to unblock it.",
		Setting: apierr.TooManyAttempts.Setting,
	}
)

// authenticate checks the user's password or code, and returns a login ticket to the page.
//
//auth0:operation POST /co/authenticate
func (m *room) authenticate(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	kind := form.Get("credential_type")
	proof := "password"
	if kind == otpType {
		proof = "otp"
	}
	for _, name := range []string{"client_id", "credential_type", "username", proof} {
		if form.Get(name) == "" {
			return errBody
		}
	}
	if !slices.Contains([]string{passwordType, realmType, otpType}, kind) {
		return errType
	}
	client, conn, err := m.parties(r, form, kind)
	if err != nil {
		return err
	}
	a, err := m.prove(r, client, conn, form)
	if err != nil {
		return err
	}
	ticket, err := m.ticket(r, client, conn, storage.Transaction{}, a)
	if err != nil {
		return err
	}
	web.NoStore(w)
	return web.Reply(w, http.StatusOK, map[string]string{"login_ticket": ticket, "co_verifier": keys.Random(24), "co_id": keys.Random(9)})
}

// ticket stores and returns a login ticket for the user of a successful attempt, bound to the
// browser that made it. The session begins when the browser brings the ticket to /authorize, or to
// /login/callback if it belongs to the login transaction t.
func (m *room) ticket(r *http.Request, client storage.Client, conn storage.Connection, t storage.Transaction, a signin.Attempt) (string, error) {
	ticket := keys.Random(32)
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		user, err := tx.Users.Get(a.User.UserID)
		switch {
		case storage.IsNotFound(err):
			return signin.ErrWrong
		case err != nil:
			return err
		case user.Blocked:
			return errUser
		}
		if t.StateHash == "" { // the login of a transaction is recorded when its session begins
			if err := m.SignIn.Record(tx, a); err != nil {
				return err
			}
		}
		return tx.LoginTickets.Put(storage.LoginTicket{
			Hash: keys.Hash(ticket), ClientID: client.ClientID, UserID: user.UserID, Connection: conn.Name, Method: a.Method,
			StateHash: t.StateHash, Browser: signin.Browser(r), ExpiresAt: m.Now().Add(ticketLifetime),
		})
	})
	if err != nil {
		return "", refusal(err, a)
	}
	if t.StateHash != "" {
		return ticket, nil
	}
	m.Log.Record(r, tenantlog.Event{
		Type: tenantlog.CrossOriginLogin, Description: "Successful cross-origin authentication", ClientID: client.ClientID, ClientName: client.Name,
		UserID: a.User.UserID, Connection: conn.Name,
	})
	return ticket, nil
}

// parties returns the application and the connection of a request. It returns an error unless the
// request comes from an allowed origin of the application, and the application may use cross-origin
// authentication.
func (m *room) parties(r *http.Request, form url.Values, kind string) (client storage.Client, conn storage.Connection, err error) {
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		if client, err = tx.Clients.Get(form.Get("client_id")); storage.IsNotFound(err) {
			return errOff
		} else if err != nil {
			return err
		}
		if err := registered.CheckOrigin(tx, r, client.ClientID); err != nil {
			return err
		}
		if client.Strict() || !client.CrossOrigin && !client.CrossOriginOld {
			return errOff
		}
		conn, err = realm(tx, client, form.Get("realm"), kind)
		return err
	})
	return client, conn, err
}

// realm returns the connection with a name, or the tenant's default directory if a password is sent
// without a name. It returns an error if the connection has another kind of credential or is not
// enabled for the application.
func realm(tx *storage.Tx, client storage.Client, name, kind string) (storage.Connection, error) {
	if name == "" && kind == passwordType {
		tenant, err := tx.Tenant.Get(storage.TenantKey)
		if storage.Optional(err) != nil {
			return storage.Connection{}, err
		}
		name = tenant.DefaultDirectory
	}
	conn, err := tx.Connections.Find("name", name)
	fits := conn.Strategy == storage.DatabaseStrategy
	if kind == otpType {
		fits = conn.Strategy == "email" || conn.Strategy == "sms"
	}
	if storage.IsNotFound(err) || err == nil && (!fits || !conn.Serves(client)) {
		return conn, &apierr.Error{Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "Unknown realm " + name + ".", Setting: "the parameter realm, or enabled_clients of the connection"}
	}
	return conn, err
}

// prove checks the password or the code.
func (m *room) prove(r *http.Request, client storage.Client, conn storage.Connection, form url.Values) (a signin.Attempt, err error) {
	a = signin.Attempt{
		Method: signin.Password, ClientID: client.ClientID, Connection: conn.Name, Identifier: strings.TrimSpace(form.Get("username")), IP: signin.Address(r),
	}
	if form.Get("credential_type") != otpType {
		var hash string
		a.User, hash, err = m.Passwords.LogIn(r.Context(), m.DB, conn.Name, a.Identifier, form.Get("password"))
		if err != nil && !errors.Is(err, identity.ErrWrongCredentials) {
			return a, err
		}
		a.Recheck, a.Password = signin.RecheckPassword(a.User, hash), form.Get("password")
		return a, refusal(m.SignIn.Evaluate(r, a, err == nil), a)
	}
	if err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		a.User, err = tx.UserByLogin(conn.Name, a.Identifier)
		return storage.Optional(err)
	}); err != nil {
		return a, err
	}
	code, tried := account.TryPasscode(r.Context(), m.DB, m.Issuer.Secrets, a.User, client.ClientID, form.Get("otp"), m.Now())
	if a.Method = signin.Email; conn.Strategy == "sms" {
		a.Method = signin.SMS
	}
	a.Message = account.PasscodeSentence(conn.Strategy, tried)
	a.Recheck = func(tx *storage.Tx) error {
		err := account.UsePasscode(tx, code, m.Now())
		if errors.Is(err, storage.ErrReused) {
			return signin.ErrWrong
		}
		return err
	}
	switch {
	case errors.Is(tried, storage.ErrExpired), errors.Is(tried, storage.ErrTooMany):
		return a, refusal(signin.ErrWrong, a)
	case tried != nil && !errors.Is(tried, storage.ErrWrongCode):
		return a, tried
	}
	return a, refusal(m.SignIn.Evaluate(r, a, tried == nil), a)
}

func refusal(err error, a signin.Attempt) error {
	switch {
	case errors.Is(err, signin.ErrPasswordBreached):
		return errLeaked.With(err)
	case errors.Is(err, signin.ErrBlocked):
		return errGuess.With(err)
	case errors.Is(err, signin.ErrWrong):
		e := *errWrong
		if a.Message != "" {
			e.Message = a.Message
		}
		return e.With(err)
	}
	return err
}

// challenge answers that no CAPTCHA is required.
//
//auth0:operation POST /usernamepassword/challenge
func (m *room) challenge(w http.ResponseWriter, r *http.Request) error {
	return m.notRequired(w, r, account.BotsAtPasswords)
}

//auth0:operation POST /dbconnections/signup/challenge
func (m *room) signupChallenge(w http.ResponseWriter, r *http.Request) error {
	return m.notRequired(w, r, account.BotsAtPasswords)
}

//auth0:operation POST /dbconnections/change_password/challenge
func (m *room) resetChallenge(w http.ResponseWriter, r *http.Request) error {
	return m.notRequired(w, r, account.BotsAtResets)
}

//auth0:operation POST /passwordless/challenge
func (m *room) codeChallenge(w http.ResponseWriter, r *http.Request) error {
	return m.notRequired(w, r, account.BotsAtCodes)
}

// notRequired answers that no captcha is required. If a policy of the tenant requires one, the trace says so.
func (m *room) notRequired(w http.ResponseWriter, r *http.Request, policy string) error {
	var robots account.Unasked
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		robots, err = account.UnaskedAt(tx, policy)
		return err
	})
	if err != nil {
		return err
	}
	robots.Note(r.Context())
	return web.Reply(w, http.StatusOK, map[string]bool{"required": false})
}
