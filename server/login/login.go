// Package login serves the login page: it asks who the user is, begins the
// session and sends the browser back to /authorize/resume. What the login is for
// is decided there.
package login

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/tenantlog"
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
	Log       *tenantlog.Log
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
	state := r.URL.Query().Get("state")
	t, err := m.transaction(r, state)
	if err != nil {
		return err
	}
	done, err := m.loggedIn(r, t)
	if err != nil {
		return err
	}
	if done {
		return resume(w, state)
	}
	return m.page(w, http.StatusOK, t, state, t.Request.LoginHint)
}

// loggedIn reports whether the browser's session is the one that began in the
// transaction.
func (m *room) loggedIn(r *http.Request, t storage.Transaction) (bool, error) {
	var s storage.Session
	err := m.DB.View(func(tx *storage.Tx) error {
		var err error
		s, err = m.Cookies.Find(tx, r, m.Now())
		return storage.Optional(err)
	})
	return t.Began(s), err
}

// submit checks the password.
//
//auth0:operation POST /u/login
func (m *room) submit(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	state := r.URL.Query().Get("state")
	t, err := m.transaction(r, state)
	if err != nil {
		return err
	}
	if err := session.CheckForm(t, form.Get(templates.CSRFField)); err != nil {
		return err
	}
	username := strings.TrimSpace(form.Get("username"))
	if missing := missingFields(username, form.Get("password")); len(missing) > 0 {
		return m.page(w, http.StatusBadRequest, t, state, username, missing...)
	}

	user, connection, err := m.logIn(t, username, form.Get("password"))
	if errors.Is(err, identity.ErrWrongCredentials) {
		m.Log.Record(r, failed(t, username, user, connection))
		return m.page(w, http.StatusBadRequest, t, state, username, wrongCredentials)
	}
	if err != nil {
		return err
	}

	finish, err := m.begin(r, t, user, connection)
	if err != nil {
		return err
	}
	finish(w)
	return resume(w, state)
}

// transaction is the login under way, or an error that the browser can show.
func (m *room) transaction(r *http.Request, state string) (storage.Transaction, error) {
	return m.Cookies.Transaction(m.DB, r, state, m.Now())
}

// resume sends the browser on to the decision.
func resume(w http.ResponseWriter, state string) error {
	return web.Redirect(w, "/authorize/resume?state="+url.QueryEscape(state))
}

// Auth0's keys of what can be wrong with the form, Auth0:
// customize/login-pages/universal-login/customize-templates.
const (
	wrongCredentials = "wrong-email-credentials"
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
	layout, err := m.Pages.Layout()
	if err != nil {
		return err
	}
	var client storage.Client
	err = m.DB.View(func(tx *storage.Tx) error {
		client, err = tx.Clients.Get(t.Request.ClientID)
		return err
	})
	if storage.IsNotFound(err) {
		return apierr.UnknownClient(t.Request.ClientID)
	}
	if err != nil {
		return err
	}
	return m.Pages.Write(w, status, templates.Login{
		Layout: layout, ClientName: client.Name, State: state, CSRF: t.CSRF, Username: username, Errors: errs,
	})
}

// logIn tries the connections that the transaction may use, in order. With
// identity.ErrWrongCredentials it returns the first user whose password it was not,
// or none and the first connection.
func (m *room) logIn(t storage.Transaction, username, password string) (storage.User, string, error) {
	connections, err := m.connections(t.Request)
	if err != nil {
		return storage.User{}, "", err
	}
	var other storage.User
	tried := connections[0]
	for _, name := range connections {
		user, err := m.Passwords.LogIn(m.DB, name, username, password)
		if !errors.Is(err, identity.ErrWrongCredentials) {
			return user, name, err
		}
		if other.UserID == "" && user.UserID != "" {
			other, tried = user, name
		}
	}
	return other, tried, identity.ErrWrongCredentials
}

// failed is the event of a wrong password, or of a username that is nobody's.
func failed(t storage.Transaction, username string, user storage.User, connection string) tenantlog.Event {
	const message = "Wrong email or password."
	e := tenantlog.Event{
		Type: tenantlog.UnknownUser, Description: message, ClientID: t.Request.ClientID, Connection: connection, UserName: username,
		Details: map[string]any{"error": map[string]string{"message": message}},
	}
	if user.UserID != "" {
		e.Type, e.UserID = tenantlog.WrongPassword, user.UserID
	}
	return e
}

// connections are the database connections enabled for the application: the one
// that the request names, or all, the tenant's default directory first.
func (m *room) connections(rq storage.AuthorizeRequest) ([]string, error) {
	if rq.Connection != "" {
		return []string{rq.Connection}, nil // checked by /authorize
	}
	var names []string
	var directory string
	err := m.DB.View(func(tx *storage.Tx) error {
		for c, err := range tx.Connections.By("client", rq.ClientID) {
			if err != nil {
				return err
			}
			if c.Strategy == storage.DatabaseStrategy {
				names = append(names, c.Name)
			}
		}
		tenant, err := tx.Tenant.Get(storage.TenantKey)
		directory = tenant.DefaultDirectory
		return storage.Optional(err)
	})
	slices.SortFunc(names, func(a, b string) int {
		switch directory {
		case a:
			return -1
		case b:
			return 1
		}
		return strings.Compare(a, b)
	})
	if err == nil && len(names) == 0 {
		err = apierr.NoConnections
	}
	return names, err
}

// begin starts the user's session.
func (m *room) begin(r *http.Request, t storage.Transaction, user storage.User, connection string) (finish func(http.ResponseWriter), err error) {
	err = m.DB.Update(func(tx *storage.Tx) error {
		finish, err = m.Cookies.Begin(tx, r, t, user, connection, m.Now())
		return err
	})
	return finish, err
}
