package crossorigin

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// What auth0.js and Lock do on a login page of the tenant's own domain: they post the password,
// get a form, and send that on to where the authorization request goes on. At Auth0 that is
// /login/callback, which is for the answers of identity providers here.
// Auth0: libraries/auth0js.

// errUnusable is the answer to a form that did not come of a login, or came too late.
var errUnusable = &apierr.Error{Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "The wresult or wctx is missing or cannot be read"}

// classicShape renders errors as that page's libraries read them.
func classicShape(w http.ResponseWriter, _ *http.Request, e *apierr.Error) {
	body := map[string]any{"statusCode": e.Status, "name": "ValidationError", "code": e.Code, "description": e.Message}
	maps.Copy(body, e.Extra)
	web.NoStore(w)
	_ = web.Reply(w, e.Status, body)
}

// classicError is an answer of /co/authenticate as this endpoint gives it.
func classicError(err error) error {
	e, ok := err.(*apierr.Error) //nolint:errorlint // the rooms' own, as they are returned
	switch {
	case !ok:
		return err
	case e.Code == errWrong.Code:
		return (&apierr.Error{Status: http.StatusUnauthorized, Code: "invalid_user_password", Message: e.Message}).With(err)
	case e.Code == errUser.Code:
		return (&apierr.Error{Status: http.StatusUnauthorized, Code: "unauthorized", Message: "user is blocked"}).With(err)
	}
	return err
}

// handedOn are the parameters of an authorization request that the page hands on.
var handedOn = []string{
	"response_type", "response_mode", "redirect_uri", "scope", "audience", "state", "nonce", "code_challenge", "code_challenge_method", "organization",
}

// login proves who the user is, and answers with the form that takes the page on.
//
//auth0:operation POST /usernamepassword/login
func (m *room) login(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	for _, name := range []string{"client_id", "username", "password", "connection"} {
		if form.Get(name) == "" {
			return apierr.MissingParameter(name)
		}
	}
	form.Set("realm", form.Get("connection"))
	client, conn, err := m.own(r, form)
	if err != nil {
		return err
	}
	form.Del("credential_type")
	a, err := m.prove(r, client, conn, form)
	if err != nil {
		return classicError(err)
	}
	ticket, err := m.ticket(r, client, conn, a)
	if err != nil {
		return classicError(err)
	}
	wctx := map[string]string{"strategy": conn.Strategy, "connection": conn.Name, "client_id": client.ClientID, "protocol": "oauth2"}
	for _, name := range handedOn {
		if form.Get(name) != "" {
			wctx[name] = form.Get(name)
		}
	}
	raw, err := json.Marshal(wctx)
	if err != nil {
		return err
	}
	layout, err := m.Pages.Layout(r.Context(), web.About{})
	if err != nil {
		return err
	}
	web.NoStore(w)
	return m.Pages.Write(w, http.StatusOK, templates.FormPost{Layout: layout, URL: m.Issuer.URL + "usernamepassword/callback", Fields: []templates.Field{
		{Name: "wa", Value: "wsignin1.0"}, {Name: "wresult", Value: ticket}, {Name: "wctx", Value: string(raw)},
	}})
}

// own are the application and the connection of a request of the tenant's own page, or of one of
// the application's where that may ask for passwords itself.
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

// callback goes on with the authorization request of a login, which has the ticket now.
//
//auth0:operation POST /usernamepassword/callback
func (m *room) callback(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	var wctx map[string]string
	if err := json.Unmarshal([]byte(form.Get("wctx")), &wctx); err != nil || form.Get("wresult") == "" {
		return errUnusable.With(err)
	}
	params := url.Values{"login_ticket": {form.Get("wresult")}, "client_id": {wctx["client_id"]}}
	for _, name := range handedOn {
		if wctx[name] != "" {
			params.Set(name, wctx[name])
		}
	}
	return web.Redirect(w, r, "/authorize?"+params.Encode())
}

// ssodata tells a page whether its browser has a session, as auth0.js once asked before a login.
//
//auth0:operation GET /user/ssodata
func (m *room) ssodata(w http.ResponseWriter, r *http.Request) error {
	answer := map[string]any{"sso": false}
	err := m.DB.View(r.Context(), func(tx *storage.Tx) error {
		s, err := m.Cookies.Find(tx, r, m.Now())
		if err != nil {
			return storage.Optional(err)
		}
		user, err := tx.Users.Get(s.UserID)
		if err != nil {
			return storage.Optional(err)
		}
		conn, err := tx.Connections.Find("name", s.Connection)
		if storage.Optional(err) != nil {
			return err
		}
		answer = map[string]any{
			"sso": true, "sessionClients": s.Clients, "lastUsedUsername": user.Email, "lastUsedUserID": user.UserID,
			"lastUsedConnection": map[string]string{"name": s.Connection, "strategy": conn.Strategy},
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

// info is the script from which Lock learns the tenant's connections, where it is asked to.
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

// errLeaked is ErrLeaked without what an e-mail says, which pages show.
var errLeaked = &apierr.Error{
	Status: http.StatusUnauthorized, Code: signin.ErrLeaked.Code, Setting: signin.ErrLeaked.Setting,
	Message: "This login attempt has been blocked because the password you're using was previously disclosed through a data breach (not in this application).",
}
