package crossorigin

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// otherAccountParam is a parameter of the classic page's address. With it the page asks for an account, even if
// the browser has a session.
const otherAccountParam = "other_account"

// lastLogin is the login that a browser's session began with.
type lastLogin struct {
	// Username is the e-mail address, the username or the name of the user, the first that the user has.
	Username   string
	User       storage.User
	Session    storage.Session
	Connection storage.Connection
}

// findLastLogin returns the login that a session began with, or nil if there is no session or its user has been
// deleted.
func findLastLogin(tx *storage.Tx, s storage.Session) (*lastLogin, error) {
	if s.ID == "" {
		return nil, nil //nolint:nilnil // no login is no error
	}
	last := &lastLogin{Session: s}
	var err error
	if last.User, err = tx.Users.Get(s.UserID); err != nil {
		return nil, storage.Optional(err)
	}
	if last.Connection, err = tx.Connections.Find("name", s.Connection); storage.Optional(err) != nil {
		return nil, err
	}
	last.Username = cmp.Or(last.User.Email, last.User.Username, last.User.Name)
	return last, nil
}

// lastLoginOf returns the login that the built-in page offers to go on with, or nil if it asks for an account. It
// follows Lock, and the options that Auth0's own login page gives it: rememberLastLogin is off if the
// application sends a prompt, and the session's connection must be one of the page. A request that names the
// account already is not asked about it again; such a request comes from the offer itself, if the session was too
// old for the application. Auth0: libraries/lock/lock-configuration.
func lastLoginOf(tx *storage.Tx, r *http.Request, rq storage.AuthorizeRequest, s storage.Session) (*lastLogin, error) {
	if len(rq.Prompt) > 0 || r.URL.Query().Has(otherAccountParam) {
		return nil, nil //nolint:nilnil // no offer is no error
	}
	last, err := findLastLogin(tx, s)
	if err != nil || last == nil || rq.Connection == s.Connection && rq.LoginHint == last.Username {
		return nil, err
	}
	ways, err := account.WaysOf(tx, rq)
	if err != nil {
		return nil, err
	}
	buttons, err := account.Buttons(tx, rq, ways)
	if !slices.ContainsFunc(slices.Concat(ways.Databases, buttons), func(c storage.Connection) bool { return c.Name == s.Connection }) {
		return nil, err
	}
	return last, err
}

// offerLast answers with the built-in page that offers to go on with the last login. Its form is sent to
// /authorize, with the parameters that auth0.js sends there for Lock.
func (m *room) offerLast(w http.ResponseWriter, r *http.Request, t storage.Transaction, state string, last *lastLogin) error {
	told, err := m.told(w, r, t, state)
	if err != nil {
		return err
	}
	provider := web.Providers([]storage.Connection{last.Connection})[0]
	if last.Connection.Strategy == storage.DatabaseStrategy {
		provider.Name = cmp.Or(last.Username, provider.Name) // a database has no mark of its own
	}
	page := templates.ClassicLogin{Layout: told.layout, ClientName: told.client.Name, Last: &templates.LastLogin{
		Provider: provider, Strategy: lockIcon(last.Connection), Account: cmp.Or(last.Username, provider.Name),
		OtherURL: account.ClassicPage + "?" + r.URL.RawQuery + "&" + otherAccountParam + "=true",
	}}
	if page.Config, err = json.Marshal(told.config); err != nil {
		return err
	}
	fields := told.params
	fields["client_id"], fields["connection"], fields["login_hint"] = t.Asked.ClientID, last.Connection.Name, last.Username
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		page.Hidden = append(page.Hidden, templates.Field{Name: name, Value: fields[name]})
	}
	return m.Pages.Write(w, http.StatusOK, page)
}

// lockIcon returns the name of the icon that Lock shows on the button of the last login: that of a social network, of
// Google or of Windows, and Auth0's own for all other connections.
func lockIcon(conn storage.Connection) string {
	switch conn.Strategy {
	case "google-apps":
		return conn.Strategy
	case "adfs", "office365", "waad":
		return "windows"
	case storage.DatabaseStrategy, "oauth1", "oauth2":
		return "auth0"
	}
	if account.IsEnterprise(conn) {
		return "auth0"
	}
	return conn.Strategy
}

// ssodata tells a page whether its browser has a session, and how it began. Lock asks for it before a login.
//
//auth0:operation GET /user/ssodata
func (m *room) ssodata(w http.ResponseWriter, r *http.Request) error {
	answer := map[string]any{"sso": false}
	err := m.DB.View(r.Context(), func(tx *storage.Tx) error {
		s, err := m.Cookies.Find(tx, r, m.Now())
		if err != nil {
			return storage.Optional(err)
		}
		last, err := findLastLogin(tx, s)
		if err != nil || last == nil {
			return err
		}
		answer = map[string]any{
			"sso": true, "sessionClients": s.Clients, "lastUsedUsername": last.Username, "lastUsedUserID": last.User.UserID,
			"lastUsedConnection": map[string]string{"name": s.Connection, "strategy": last.Connection.Strategy},
		}
		if len(s.Clients) > 0 {
			answer["lastUsedClientID"] = s.Clients[len(s.Clients)-1]
		}
		return nil
	})
	if err != nil {
		return err
	}
	web.NoStore(w)
	return web.Reply(w, http.StatusOK, answer)
}
