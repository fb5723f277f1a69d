// Package login serves the login page: it asks who the user is, begins the
// session and sends the browser back to /authorize/resume. What the login is for
// is decided there.
package login

import (
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
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// Deps is what the room works with.
type Deps struct {
	DB        *storage.DB
	Passwords *identity.Passwords
	Cookies   session.Cookies
	Pages     web.Pages
	Door      *signin.Door
	Now       func() time.Time
}

type room struct{ Deps }

// Mount adds the room's routes.
func Mount(rt *web.Router, d Deps) {
	m := &room{d}
	rt = rt.With(d.Pages.Shape)
	rt.Handle(http.MethodGet, "/u/login", m.show)
	rt.Handle(http.MethodPost, "/u/login", web.SameSite(m.submit))
}

// show answers with the page. A user who has logged in already, with another tab
// or before pressing the back button, goes on instead.
//
//auth0:operation GET /u/login
func (m *room) show(w http.ResponseWriter, r *http.Request) error {
	state := session.StateOf(r)
	t, err := m.transaction(r, state)
	if err != nil {
		return err
	}
	done, err := m.loggedIn(r, t)
	if err != nil {
		return err
	}
	if done {
		return web.Resume(w, r, state)
	}
	return m.page(w, http.StatusOK, t, state, t.Request().LoginHint)
}

// loggedIn reports whether the browser's session is one that began in the transaction,
// by a connection that it may use: the organization may have been chosen anew.
func (m *room) loggedIn(r *http.Request, t storage.Transaction) (bool, error) {
	var s storage.Session
	err := m.DB.View(func(tx *storage.Tx) error {
		var err error
		s, err = m.Cookies.Find(tx, r, m.Now())
		return storage.Optional(err)
	})
	if err != nil || !t.Began(s) {
		return false, err
	}
	connections, err := m.connections(t.Request())
	return slices.ContainsFunc(connections, func(c storage.Connection) bool { return c.Name == s.Connection }), err
}

// submit checks the password.
//
//auth0:operation POST /u/login
func (m *room) submit(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	state := session.StateOf(r)
	t, err := m.transaction(r, state)
	if err != nil {
		return err
	}
	username := strings.TrimSpace(form.Get("username"))
	if missing := missingFields(username, form.Get("password")); len(missing) > 0 {
		return m.page(w, http.StatusBadRequest, t, state, username, missing...)
	}

	user, found, err := m.logIn(r.Context(), t, username, form.Get("password"))
	if err != nil && !errors.Is(err, identity.ErrWrongCredentials) {
		return err
	}
	a := signin.Attempt{
		Method: signin.Password, ClientID: t.Request().ClientID, Connection: found.connection, Identifier: username,
		User: user, IP: signin.Address(r), Holds: signin.StillPassword(user.UserID, found.hash),
	}
	var finish func(http.ResponseWriter)
	if err = m.Door.Judge(r, a, err == nil); err == nil {
		err = m.DB.Update(func(tx *storage.Tx) (err error) {
			finish, err = m.Door.Begin(tx, r, t, a)
			return err
		})
	}
	switch {
	case errors.Is(err, signin.ErrBlocked):
		return m.page(w, http.StatusBadRequest, t, state, username, accountBlocked)
	case errors.Is(err, signin.ErrWrong):
		return m.page(w, http.StatusBadRequest, t, state, username, wrongCredentials)
	case err != nil:
		return err
	}
	finish(w)
	return web.Resume(w, r, state)
}

// transaction is the login under way, or an error that the browser can show.
func (m *room) transaction(r *http.Request, state string) (storage.Transaction, error) {
	return m.Cookies.Transaction(m.DB, r, state, m.Now())
}

// Auth0's keys of what can be wrong with the form, Auth0:
// customize/login-pages/universal-login/customize-templates.
const (
	wrongCredentials = "wrong-email-credentials"
	accountBlocked   = "user-blocked"
	noUsername       = "no-email"
	noPassword       = "no-password"
)

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

func (m *room) page(w http.ResponseWriter, status int, t storage.Transaction, state, username string, errs ...string) error {
	layout, err := m.Pages.Layout(web.AboutRequest(t.Request()))
	if err != nil {
		return err
	}
	var client storage.Client
	err = m.DB.View(func(tx *storage.Tx) error {
		client, err = tx.Clients.Get(t.Request().ClientID)
		return err
	})
	if storage.IsNotFound(err) {
		return apierr.UnknownClient(t.Request().ClientID)
	}
	if err != nil {
		return err
	}
	page := templates.Login{Layout: layout, ClientName: client.Name, State: state, Username: username, Errors: errs}
	connections, err := m.connections(t.Request())
	if err != nil {
		return err
	}
	query := "?state=" + url.QueryEscape(state)
	page.ForgotPasswordURL = forgotten(connections[0].Name, username) + query
	if slices.ContainsFunc(connections, account.SignupAllowed) {
		page.SignupURL = "/u/signup" + query
	}
	page.Identifiers = account.LoginIdentifiers(connections)
	return m.Pages.Write(w, status, page)
}

// forgotten is the path that leads to a new password for who is named by an identifier, if
// one was typed.
func forgotten(connection, identifier string) string {
	path := "/u/login/password-reset-start/" + url.PathEscape(connection)
	if identifier != "" {
		path += "/" + url.PathEscape(identifier)
	}
	return path
}

// logIn tries the connections that the transaction may use, in order. With
// identity.ErrWrongCredentials it returns the first user whose password it was not,
// or none and the first connection.
func (m *room) logIn(ctx context.Context, t storage.Transaction, username, password string) (storage.User, way, error) {
	connections, err := m.connections(t.Request())
	if err != nil {
		return storage.User{}, way{}, err
	}
	var other storage.User
	tried := way{connection: connections[0].Name}
	for _, c := range connections {
		user, proved, err := m.Passwords.LogIn(ctx, m.DB, c.Name, username, password)
		if !errors.Is(err, identity.ErrWrongCredentials) {
			return user, way{c.Name, proved}, err
		}
		if other.UserID == "" && user.UserID != "" {
			other, tried = user, way{connection: c.Name}
		}
	}
	return other, tried, identity.ErrWrongCredentials
}

// way is how a user logged in: by a connection, and the password with a hash.
type way struct{ connection, hash string }

// connections are the database connections that the transaction may use.
func (m *room) connections(rq storage.AuthorizeRequest) (all []storage.Connection, err error) {
	err = m.DB.View(func(tx *storage.Tx) error {
		all, err = account.Databases(tx, rq)
		return err
	})
	return all, err
}
