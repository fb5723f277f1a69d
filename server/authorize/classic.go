package authorize

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// maxClassic bounds the address of the classic page, in bytes: one that would be longer is left
// without the parameters that are for the page alone.
const maxClassic = 16 << 10

// goOn sends the browser to a page of the login. That of the classic login is told the parameters of
// the request as they came: those of params, or without any those that are kept of the request.
func goOn(w http.ResponseWriter, r *http.Request, d *decision, state string, params url.Values) error {
	if d.page != account.ClassicPage {
		return web.Continue(w, r, d.page, state)
	}
	if params == nil {
		params = parameters(d.request)
	}
	told := url.Values{}
	for name, values := range params {
		switch name {
		case "client_id", "state", "client", "protocol", "request", "request_uri":
		default:
			told[name] = values
		}
	}
	told.Set("redirect_uri", d.request.RedirectURI)
	protocol := "oauth2"
	if d.request.Assertion != nil {
		protocol = d.request.Assertion.Protocol
	}
	// Scrapers look for state first.
	location := d.page + "?state=" + url.QueryEscape(state) + "&client=" + url.QueryEscape(d.request.ClientID) + "&protocol=" + protocol
	if query := encode(told); query != "" && len(query) <= maxClassic {
		location += "&" + query
	}
	return web.Redirect(w, r, location)
}

// parameters are those of an authorization request that has been read.
func parameters(rq storage.AuthorizeRequest) url.Values {
	params := url.Values{}
	for name, value := range map[string]string{
		"client_id": rq.ClientID, "response_type": rq.ResponseType, "response_mode": rq.ResponseMode, "scope": rq.Scope, "audience": rq.Audience,
		"state": rq.State, "nonce": rq.Nonce, "code_challenge": rq.CodeChallenge, "code_challenge_method": rq.CodeChallengeMethod,
		"prompt": strings.Join(rq.Prompt, " "), "login_hint": rq.LoginHint, "screen_hint": rq.ScreenHint, "connection": rq.Connection,
		"ui_locales": rq.UILocales, "acr_values": strings.Join(rq.ACRValues, " "), "connection_scope": rq.ConnectionScope,
		"organization": rq.Organization, "invitation": rq.Invitation,
	} {
		if value != "" {
			params.Set(name, value)
		}
	}
	if rq.RedirectURISent {
		params.Set("redirect_uri", rq.RedirectURI)
	}
	if rq.MaxAge != nil {
		params.Set("max_age", strconv.Itoa(*rq.MaxAge))
	}
	for _, further := range []map[string]string{rq.Passed, rq.Extensions} {
		for name, value := range further {
			params.Set(name, value)
		}
	}
	return params
}

// chosenOnPage is the request that a login under way is for, with the connection that was chosen on its
// classic page, and the application: auth0.js sends that page's own parameters, of which not all are the
// request's, and the state of the login. For every other request found is false. Auth0: libraries/auth0js.
func (m *room) chosenOnPage(r *http.Request, params url.Values) (rq storage.AuthorizeRequest, client storage.Client, found bool, err error) {
	if params.Get("connection") == "" || params.Get("state") == "" {
		return rq, client, false, nil
	}
	t, err := m.Cookies.Transaction(m.DB, r, params.Get("state"), m.Now())
	if err != nil || t.Asked.ClientID != params.Get("client_id") {
		return rq, client, false, nil // the state is the application's
	}
	rq = t.Request()
	rq.Connection = params.Get("connection")
	rq.LoginHint = cmp.Or(params.Get("login_hint"), rq.LoginHint)
	rq.ConnectionScope = cmp.Or(params.Get("connection_scope"), rq.ConnectionScope)
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		if client, err = findClient(tx, rq.ClientID); err != nil {
			return err
		}
		return checkConnection(tx, client, rq)
	})
	return rq, client, err == nil, err
}
