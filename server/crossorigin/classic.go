package crossorigin

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// The endpoints that auth0.js and Lock call from a login page on the tenant's own domain: they post the
// password, get a form in return, and submit the form to /login/callback, where the login goes on.
// Auth0: libraries/auth0js.

// classicShape writes errors as JSON that auth0.js and Lock understand. If a browser without JavaScript
// submitted the built-in page, it writes an error page instead.
func (m *room) classicShape(w http.ResponseWriter, r *http.Request, e *apierr.Error) {
	if web.Navigates(r) {
		m.Pages.Shape(w, r, e)
		return
	}
	body := map[string]any{"statusCode": e.Status, "name": "ValidationError", "code": e.Code, "description": e.Message}
	maps.Copy(body, e.Extra)
	web.NoStore(w)
	_ = web.Reply(w, e.Status, body)
}

// invalidPassword is the error code for a wrong password.
const invalidPassword = "invalid_user_password"

// classicError converts an error of /co/authenticate to the one that /usernamepassword/login answers
// with.
func classicError(err error) error {
	e, ok := err.(*apierr.Error) //nolint:errorlint // the rooms' own, as they are returned
	switch {
	case !ok:
		return err
	case e.Code == errWrong.Code:
		return (&apierr.Error{Status: http.StatusUnauthorized, Code: invalidPassword, Message: e.Message, Setting: e.Setting}).With(err)
	case e.Code == errUser.Code:
		return (&apierr.Error{Status: http.StatusUnauthorized, Code: "unauthorized", Message: "user is blocked", Setting: e.Setting}).With(err)
	}
	return err
}

// login checks the password, and answers with the form that the page submits to go on. A browser
// without JavaScript, which submits the built-in page directly, gets HTML pages.
//
//auth0:operation POST /usernamepassword/login
func (m *room) login(w http.ResponseWriter, r *http.Request) error {
	form, err := pageForm(w, r)
	if err != nil {
		return err
	}
	if form.Get("username") == "" {
		form.Set("username", form.Get("email"))
	}
	t, state, err := m.underWay(r, form)
	if err != nil {
		return err
	}
	if t.StateHash != "" && web.Navigates(r) {
		if gone, err := m.goElsewhere(w, r, t, state, form.Get("username")); gone || err != nil {
			return err
		}
	}
	fields, err := m.logIn(r, t, form)
	e, refused := errors.AsType[*apierr.Error](err)
	switch {
	case !refused && err != nil, refused && (t.StateHash == "" || !web.Navigates(r)):
		return err
	case refused:
		return m.builtIn(w, r, t, state, form.Get("username"), e)
	}
	layout, err := m.Pages.Layout(r.Context(), web.About{})
	if err != nil {
		return err
	}
	sent := templates.FormPost{Layout: layout, URL: m.Issuer.URL + "login/callback", Fields: fields, Fragment: !web.Navigates(r)}
	return m.Pages.Write(w, http.StatusOK, sent)
}

// pageForm reads the request of a login page, as a form or as JSON. Lock and other clients also send
// JSON members that are not strings, such as popup_options; these are ignored.
func pageForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return web.Form(w, r)
	}
	raw, err := web.ReadJSON(w, r, web.MaxForm)
	if err != nil {
		return nil, err
	}
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, apierr.MalformedBody.With(err)
	}
	form := url.Values{}
	for name, member := range members {
		if text, isText := member.(string); isText {
			form.Set(name, text)
		}
	}
	return form, nil
}

// underWay returns the login transaction that the request continues, and the state. If the request does
// not belong to a transaction of this browser, or comes from a foreign origin, the transaction is empty
// and the state is the application's.
func (m *room) underWay(r *http.Request, form url.Values) (storage.Transaction, string, error) {
	state := form.Get("state")
	t, err := m.Cookies.Transaction(m.DB, r, state, m.Now())
	if storage.IsNotFound(err) || err == nil && web.ForeignOrigin(r) != "" {
		return storage.Transaction{}, state, nil
	}
	return t, state, err
}

// logIn checks the password, and returns the fields of the form that the page submits to
// /login/callback.
func (m *room) logIn(r *http.Request, t storage.Transaction, form url.Values) ([]templates.Field, error) {
	if t.StateHash != "" {
		form.Set("client_id", t.Asked.ClientID)
	}
	for _, name := range []string{"client_id", "username", "password", "connection"} {
		if form.Get(name) == "" {
			return nil, apierr.MissingParameter(name)
		}
	}
	form.Set("realm", form.Get("connection"))
	client, conn, err := m.own(r, form)
	if err != nil {
		return nil, err
	}
	form.Del("credential_type")
	a, err := m.prove(r, client, conn, form)
	if err != nil {
		return nil, classicError(err)
	}
	ticket, err := m.ticket(r, client, conn, t, a)
	if err != nil {
		return nil, classicError(err)
	}
	wctx := map[string]string{
		"strategy": conn.Strategy, "connection": conn.Name, "client_id": client.ClientID, "protocol": "oauth2", "tenant": m.tenantName(),
	}
	for _, name := range signin.PageParameters {
		if form.Get(name) != "" {
			wctx[name] = form.Get(name)
		}
	}
	if t.StateHash != "" { // the transaction's redirect_uri counts, not the page's
		wctx["redirect_uri"] = t.Asked.RedirectURI
	}
	raw, err := json.Marshal(wctx)
	return []templates.Field{{Name: "wa", Value: "wsignin1.0"}, {Name: "wresult", Value: ticket}, {Name: "wctx", Value: plain.Replace(string(raw))}}, err
}

// plain escapes characters of JSON that HTML would escape otherwise, because some clients that scrape
// the form unescape only the quotes.
var plain = strings.NewReplacer("+", `\u002b`, "'", `\u0027`)

// own returns the application and the connection of a request from the tenant's login page, or from a
// page of an application that may use cross-origin authentication.
func (m *room) own(r *http.Request, form url.Values) (client storage.Client, conn storage.Connection, err error) {
	if web.ForeignOrigin(r) != "" {
		return m.parties(r, form, realmType)
	}
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		if client, err = tx.Clients.Get(form.Get("client_id")); storage.IsNotFound(err) || err == nil && client.Strict() {
			return errOff
		} else if err != nil {
			return err
		}
		conn, err = realm(tx, client, form.Get("realm"), realmType)
		return err
	})
	return client, conn, err
}

// info serves the script from which Lock learns the tenant's connections, if it is configured to load
// it.
//
//auth0:operation GET /info-v1.js
func (m *room) info(w http.ResponseWriter, r *http.Request) error {
	all := []storage.Connection{}
	err := m.DB.View(r.Context(), func(tx *storage.Tx) error {
		for c, err := range tx.Connections.All() {
			if err != nil {
				return err
			}
			all = append(all, c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"id": m.tenantName(), "tenant": m.tenantName(), "subscription": "enterprise", "strategies": strategiesOf(all)})
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return web.ReplyBytes(w, http.StatusOK, "application/javascript; charset=utf-8", slices.Concat([]byte("Auth0.setTenant("), body, []byte(");")))
}

// errLeaked is signin.ErrPasswordBreached with a message that does not mention an e-mail, for pages to show.
var errLeaked = &apierr.Error{
	Status: http.StatusUnauthorized, Code: signin.ErrPasswordBreached.Code, Setting: signin.ErrPasswordBreached.Setting,
	Message: "This login attempt has been blocked because the password you're using was previously disclosed through a data breach (not in this application).",
}
