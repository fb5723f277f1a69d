// Package login serves the login pages: they authenticate the user, begin the session and send the
// browser back to /authorize/resume, where package authorize continues with the authorization
// request.
package login

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/passcodes"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/telephone"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Deps are the dependencies of the handlers.
type Deps struct {
	DB        *storage.DB
	Passwords *identity.Passwords
	Cookies   session.Cookies
	Pages     web.Pages
	SignIn    *signin.Service
	Codes     passcodes.Sender
	Now       func() time.Time
	// Issuer is the tenant's issuer, whose host is the relying party ID of passkeys.
	Issuer string
}

type room struct{ Deps }

// The pages of a login: a single page for identifier and password, or one page for each.
const (
	combinedPage   = "/u/login"
	identifierPage = "/u/login/identifier"
	passwordPage   = "/u/login/password" //nolint:gosec // an address
)

// Mount adds the routes.
func Mount(rt *web.Router, d Deps) {
	m := &room{d}
	rt = rt.With(d.Pages.Shape)
	rt.Handle(http.MethodGet, combinedPage, m.show)
	rt.Handle(http.MethodPost, combinedPage, web.SameSite(m.submit))
	rt.Handle(http.MethodGet, identifierPage, m.showIdentifier)
	rt.Handle(http.MethodPost, identifierPage, web.SameSite(m.submitIdentifier))
	rt.Handle(http.MethodGet, passwordPage, m.showPassword)
	rt.Handle(http.MethodPost, passwordPage, web.SameSite(m.submitPassword))
	rt.Handle(http.MethodGet, telephone.LoginList, m.showCountries)
	rt.Handle(http.MethodPost, telephone.LoginList, web.SameSite(m.submitCountry))
}

// show shows the page that asks for identifier and password.
//
//auth0:operation GET /u/login
func (m *room) show(w http.ResponseWriter, r *http.Request) error {
	return m.open(w, r, combinedPage, func(shown about, t storage.Transaction, state string) error {
		return m.page(w, http.StatusOK, shown, state, cmp.Or(t.TypedOn(combinedPage, "username"), t.Request().LoginHint))
	})
}

// open serves a page of the login. If the user has already logged in to the transaction, in another
// tab or before pressing the back button, it redirects to /authorize/resume. If the page does not
// belong to the tenant's kind of login (one page, or identifier first), it redirects to the right
// first page. All data is read in one view of the store.
func (m *room) open(w http.ResponseWriter, r *http.Request, page string, show func(about, storage.Transaction, string) error) error {
	state := session.StateOf(r)
	var t storage.Transaction
	var shown about
	var done, elsewhere bool
	err := m.DB.View(r.Context(), func(tx *storage.Tx) (err error) {
		if t, err = m.Cookies.TransactionIn(tx, r, state, m.Now()); err != nil {
			return err
		}
		if shown, err = waysOf(tx, t.Request()); err != nil {
			return err
		}
		if done, err = m.loggedIn(tx, r, t, shown.ways); err != nil {
			return err
		}
		elsewhere = (page == combinedPage) == shown.screens.IdentifierFirst() && (page != identifierPage || t.Passwordless == nil)
		if done || elsewhere {
			return nil
		}
		return shown.read(r.Context(), tx, t, state)
	})
	switch {
	case err != nil:
		return err
	case done:
		return web.Resume(w, r, state)
	case elsewhere:
		return web.Continue(w, r, shown.screens.Login, state)
	}
	return show(shown, t, state)
}

// loggedIn reports whether the browser's session began in this transaction, with a connection that
// the transaction may still use; that can change if the user chooses another organization.
func (m *room) loggedIn(tx *storage.Tx, r *http.Request, t storage.Transaction, ways account.Ways) (bool, error) {
	s, err := m.Cookies.Find(tx, r, m.Now())
	return err == nil && t.Began(s) && ways.Has(s.Connection), storage.Optional(err)
}

// submit checks the password.
//
//auth0:operation POST /u/login
func (m *room) submit(w http.ResponseWriter, r *http.Request) error {
	form, t, state, err := m.submitted(w, r)
	if err != nil {
		return err
	}
	if name := form.Get("connection"); name != "" {
		return m.switchTo(w, r, t, state, name, form.Get("username"))
	}
	if form.Get("action") == telephone.PickAction {
		return m.picker().Begin(w, r, t, state, combinedPage, telephone.LoginList, form)
	}
	username := strings.TrimSpace(form.Get("username"))
	if telephone.LacksCode(username) {
		ways, err := m.ways(r.Context(), t.Request())
		if err != nil {
			return err
		}
		username = identifier(r.Context(), t, account.LoginIdentifiers(ways.Databases), username)
	}
	refuse := func(errs ...string) error {
		shown, err := m.about(r.Context(), t, state)
		if err != nil {
			return err
		}
		return m.page(w, http.StatusBadRequest, shown, state, username, errs...)
	}
	if missing := missingFields(username, form.Get("password")); len(missing) > 0 {
		return refuse(missing...)
	}
	return m.authenticate(w, r, t, state, username, form.Get("password"), refuse)
}

// authenticate checks the password, begins the session and continues the login, or asks for a code
// first if the connection demands it. After an error it calls refuse, which shows the page again
// with the key of the message.
func (m *room) authenticate(w http.ResponseWriter, r *http.Request, t storage.Transaction, state, username, password string, refuse func(...string) error) error {
	user, found, err := m.logIn(r.Context(), t, username, password)
	if err != nil && !errors.Is(err, identity.ErrWrongCredentials) {
		return err
	}
	a := signin.Attempt{
		Method: signin.Password, ClientID: t.Request().ClientID, Connection: found.connection, Identifier: username,
		User: user, IP: signin.Address(r), Recheck: signin.RecheckPassword(user, found.hash), Password: password,
	}
	var finish func(http.ResponseWriter)
	if err = m.SignIn.Evaluate(r, a, err == nil); err == nil && found.prove != nil {
		page, err := m.Codes.StartProof(r, t, *found.prove)
		if err != nil {
			return err
		}
		return web.Continue(w, r, page, state)
	}
	if err == nil {
		err = m.DB.Update(r.Context(), func(tx *storage.Tx) (err error) {
			finish, err = m.SignIn.Begin(tx, r, t, a)
			return err
		})
	}
	if err != nil {
		if key := signin.PageKey(err, m.wrongCredentials(r.Context(), t)); key != "" {
			return refuse(key)
		}
		return err
	}
	finish(w)
	return web.Resume(w, r, state)
}

// transaction returns the login transaction of the request.
func (m *room) transaction(r *http.Request, state string) (storage.Transaction, error) {
	return m.Cookies.Transaction(m.DB, r, state, m.Now())
}

// submitted returns the form that a page sends, and the login that it belongs to.
func (m *room) submitted(w http.ResponseWriter, r *http.Request) (form url.Values, t storage.Transaction, state string, err error) {
	if form, err = web.Form(w, r); err != nil {
		return nil, t, "", err
	}
	state = session.StateOf(r)
	t, err = m.transaction(r, state)
	return form, t, state, err
}

// Keys of the error messages about the form, Auth0:
// customize/login-pages/universal-login/customize-templates.
const (
	noUsername = "no-email"
	noPassword = "no-password"
)

// wrongCredentials returns the key of the message for a wrong identifier or password, which depends
// on the kinds of identifiers.
func (m *room) wrongCredentials(ctx context.Context, t storage.Transaction) string {
	ways, _ := m.ways(ctx, t.Request()) // cannot be empty: the password was compared with accounts of these connections
	connections := ways.Databases
	kinds := account.LoginIdentifiers(connections)
	has := func(kind string) bool { return slices.Contains(kinds, kind) }
	names := []string{"wrong"}
	for _, kind := range []struct{ member, name string }{{"email", "email"}, {"phone_number", "phone"}, {"username", "username"}} {
		if has(kind.member) {
			names = append(names, kind.name)
		}
	}
	flexible := slices.ContainsFunc(connections, func(c storage.Connection) bool { return c.Options["attributes"] != nil })
	if !flexible && has("username") {
		return "wrong-credentials"
	}
	return strings.Join(append(names, "credentials"), "-")
}

func missingFields(username, password string) []string {
	var missing []string
	if username == "" {
		missing = append(missing, noUsername)
	}
	if password == "" {
		missing = append(missing, noPassword)
	}
	return missing
}

func (m *room) page(w http.ResponseWriter, status int, shown about, state, username string, errs ...string) error {
	kinds := account.LoginIdentifiers(shown.ways.Databases)
	return m.Pages.Write(w, status, templates.Login{
		Layout: shown.layout, ClientName: shown.client.Name, State: state, Username: username, Errors: errs, Country: shown.countryFor(kinds),
		Identifiers: kinds, SignupURL: shown.signupURL, ForgotPasswordURL: shown.forgotten(username),
		Ways: buttons(shown.ways.Passwordless), Providers: shown.providers,
	})
}

// about is the data that the pages of a login show, except typed values and errors.
type about struct {
	layout  templates.Layout
	client  storage.Client
	ways    account.Ways
	screens account.Screens
	// providers are the buttons to other identity providers.
	providers []templates.Provider
	// country returns the country of telephone numbers that are typed without a country code.
	country func() templates.Country
	// query is the query of links, with the state. signupURL is "" if no connection allows sign-ups.
	query, signupURL string
	// classic says that the pages of a passwordless login are those of the classic login.
	classic bool
}

func (m *room) about(ctx context.Context, t storage.Transaction, state string) (a about, err error) {
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		if a, err = waysOf(tx, t.Request()); err != nil {
			return err
		}
		return a.read(ctx, tx, t, state)
	})
	return a, err
}

// waysOf reads the data that is needed to decide whether a page is shown.
func waysOf(tx *storage.Tx, rq storage.AuthorizeRequest) (a about, err error) {
	if a.ways, err = account.WaysOf(tx, rq); err != nil {
		return a, err
	}
	if a.screens, err = a.ways.Screens(tx, rq); err != nil {
		return a, err
	}
	a.classic, err = a.ways.ClassicPasswordless(tx, rq)
	return a, err
}

// read fills in the remaining data for a page.
func (a *about) read(ctx context.Context, tx *storage.Tx, t storage.Transaction, state string) (err error) {
	rq := t.Request()
	if a.layout, err = web.LayoutIn(ctx, tx, web.AboutRequest(rq)); err != nil {
		return err
	}
	if a.client, err = tx.Clients.Get(rq.ClientID); storage.IsNotFound(err) {
		return apierr.UnknownClient(rq.ClientID)
	} else if err != nil {
		return err
	}
	buttons, err := account.Buttons(tx, rq, a.ways)
	a.providers = web.Providers(buttons)
	language := a.layout.Language
	a.country = func() templates.Country { return telephone.Shown(ctx, t, language) }
	a.query = "?state=" + url.QueryEscape(state)
	if a.ways.AllowsSignup() {
		a.signupURL = a.screens.Signup + a.query
	}
	return err
}

// forgotten returns the URL of the password reset, with the typed identifier if there is one, or ""
// if the login has no database connection.
func (a about) forgotten(identifier string) string {
	if len(a.ways.Databases) == 0 {
		return ""
	}
	path := "/u/login/password-reset-start/" + url.PathEscape(a.ways.Databases[0].Name)
	if identifier != "" {
		path += "/" + url.PathEscape(identifier)
	}
	return path + a.query
}

// logIn checks the password at the database connections of the transaction, in order. With
// identity.ErrWrongCredentials it returns the first user with that identifier and its connection, or
// no user and the first connection.
func (m *room) logIn(ctx context.Context, t storage.Transaction, username, password string) (storage.User, way, error) {
	databases, named, err := m.named(ctx, t, username)
	switch {
	case err != nil:
		return storage.User{}, way{}, err
	case len(databases) == 0:
		return storage.User{}, way{}, apierr.NoConnections
	}
	var other storage.User
	tried := way{connection: databases[0].Name}
	for i, c := range databases {
		user := named[i].User
		proved, err := m.Passwords.VerifyPassword(ctx, m.DB, named[i], password)
		if !errors.Is(err, identity.ErrWrongCredentials) {
			return user, way{c.Name, proved, passcodes.ToProve(c, user, proved)}, err
		}
		if other.UserID == "" && user.UserID != "" {
			other, tried = user, way{connection: c.Name}
		}
	}
	return other, tried, identity.ErrWrongCredentials
}

// named returns the database connections of a login, and for each the account with the identifier.
func (m *room) named(ctx context.Context, t storage.Transaction, identifier string) (databases []storage.Connection, named []identity.Account, err error) {
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		ways, err := account.WaysOf(tx, t.Request())
		databases, named = ways.Databases, nil
		for _, c := range databases {
			var a identity.Account
			if err == nil {
				a, err = identity.Find(tx, c.Name, identifier)
			}
			named = append(named, a)
		}
		return err
	})
	return databases, named, err
}

// way says how a user logged in: the connection, and the hash that the password was compared with.
// prove is what the user has to verify in addition, or nil.
type way struct {
	connection, hash string
	prove            *storage.Proof
}

// ways returns the connections that the transaction may use.
func (m *room) ways(ctx context.Context, rq storage.AuthorizeRequest) (ways account.Ways, err error) {
	err = m.DB.View(ctx, func(tx *storage.Tx) error {
		ways, err = account.WaysOf(tx, rq)
		return err
	})
	return ways, err
}
