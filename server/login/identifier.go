package login

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// showIdentifier asks for the identifier alone, Auth0:
// authenticate/login/auth0-universal-login/identifier-first.
//
//auth0:operation GET /u/login/identifier
func (m *room) showIdentifier(w http.ResponseWriter, r *http.Request) error {
	return m.open(w, r, identifierPage, func(t storage.Transaction, state string) error {
		return m.identifierPage(w, http.StatusOK, t, state, cmp.Or(t.Identifier, t.Request().LoginHint))
	})
}

// submitIdentifier goes on to the password, whoever it is: the page does not say who has an
// account. An address of an organization's own directory leads there.
//
//auth0:operation POST /u/login/identifier
func (m *room) submitIdentifier(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	state := session.StateOf(r)
	t, err := m.transaction(r, state)
	if err != nil {
		return err
	}
	typed := strings.TrimSpace(form.Get("username"))
	connections, home, err := m.realm(t, typed)
	switch key := identifierFault(connections, typed); {
	case err != nil:
		return err
	case key != "":
		return m.identifierPage(w, http.StatusBadRequest, t, state, typed, key)
	case home != "":
		return apierr.StrategiesNotEmulated(home)
	}
	err = m.DB.Update(func(tx *storage.Tx) error {
		return session.Change(tx, t.StateHash, m.Now(), func(t *storage.Transaction) error {
			t.Identifier = typed
			return nil
		})
	})
	if err != nil {
		return err
	}
	return web.Continue(w, r, passwordPage, state)
}

// realm finds where an identifier can log in: the databases, and the strategy of the
// directory that it leads to, "" for none.
func (m *room) realm(t storage.Transaction, typed string) (databases []storage.Connection, home string, err error) {
	err = m.DB.View(func(tx *storage.Tx) (err error) {
		c, found, err := account.HomeRealm(tx, t.Request(), typed)
		if err != nil {
			return err
		}
		if found {
			home = c.Strategy
		}
		databases, err = account.Databases(tx, t.Request())
		return err
	})
	return databases, home, err
}

// maxIdentifier bounds what is kept of an identifier, in bytes.
const maxIdentifier = 1000

// identifierFault is the key of what is wrong with an identifier by itself, "" for nothing.
func identifierFault(connections []storage.Connection, typed string) string {
	kinds := account.LoginIdentifiers(connections)
	onlyEmail := slices.Equal(kinds, []string{"email"})
	switch {
	case typed == "" && onlyEmail:
		return noUsername
	case typed == "":
		return "no-username"
	case onlyEmail && !resource.IsEmail(typed):
		return "invalid-email-format"
	case len(typed) > maxIdentifier:
		return "invalid-login-id"
	}
	return ""
}

func (m *room) identifierPage(w http.ResponseWriter, status int, t storage.Transaction, state, typed string, errs ...string) error {
	shown, err := m.about(t, state)
	if err != nil {
		return err
	}
	return m.Pages.Write(w, status, templates.LoginIdentifier{
		Layout: shown.layout, ClientName: shown.client.Name, State: state, Username: typed, Errors: errs,
		Identifiers: account.LoginIdentifiers(shown.connections), SignupURL: shown.signupURL,
	})
}

// showPassword asks for the password of whom the page before has named.
//
//auth0:operation GET /u/login/password
func (m *room) showPassword(w http.ResponseWriter, r *http.Request) error {
	return m.open(w, r, passwordPage, func(t storage.Transaction, state string) error {
		if t.Identifier == "" {
			return web.Continue(w, r, identifierPage, state)
		}
		return m.passwordPage(w, http.StatusOK, t, state, t.Identifier)
	})
}

// submitPassword checks the password.
//
//auth0:operation POST /u/login/password
func (m *room) submitPassword(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	state := session.StateOf(r)
	t, err := m.transaction(r, state)
	if err != nil {
		return err
	}
	username := cmp.Or(strings.TrimSpace(form.Get("username")), t.Identifier)
	if username == "" {
		return web.Continue(w, r, identifierPage, state)
	}
	refuse := func(errs ...string) error {
		return m.passwordPage(w, http.StatusBadRequest, t, state, username, errs...)
	}
	if form.Get("password") == "" {
		return refuse(noPassword)
	}
	return m.authenticate(w, r, t, state, username, form.Get("password"), refuse)
}

func (m *room) passwordPage(w http.ResponseWriter, status int, t storage.Transaction, state, username string, errs ...string) error {
	shown, err := m.about(t, state)
	if err != nil {
		return err
	}
	return m.Pages.Write(w, status, templates.LoginPassword{
		Layout: shown.layout, ClientName: shown.client.Name, State: state, Username: username, Errors: errs,
		SignupURL: shown.signupURL, ForgotPasswordURL: shown.forgotten(username), EditURL: identifierPage + shown.query,
	})
}
