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

// maxClassic is the limit of the query of the classic page's URL, in bytes. If it would be longer, the
// parameters that only the page reads are left out.
const maxClassic = 16 << 10

// goOn sends the browser to a page of the login. The page of the classic login gets the parameters of the
// authorization request in its URL: params or, if params is nil, those in the stored request.
func goOn(w http.ResponseWriter, r *http.Request, d *decision, state string, params url.Values) error {
	if d.page != account.ClassicPage {
		return web.ContinueIn(w, r, d.page, state, d.request.UILocales)
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
	// state comes first because clients that scrape the page expect it there.
	location := d.page + "?state=" + url.QueryEscape(state) + "&client=" + url.QueryEscape(d.request.ClientID) + "&protocol=" + protocol
	if query := encode(told); query != "" && len(query) <= maxClassic {
		location += "&" + query
	}
	return web.Redirect(w, r, location)
}

// parameters returns the parameters of an authorization request that has been read.
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

// chosenOnPage recognizes a request that auth0.js sends from the classic login page when the user chooses
// a connection. It contains the page's parameters and the transaction's state. The result is the
// transaction's request with the chosen connection, and the application. For every other request found is
// false. Auth0: libraries/auth0js.
func (m *room) chosenOnPage(r *http.Request, params url.Values) (rq storage.AuthorizeRequest, client storage.Client, found bool, err error) {
	if params.Get("connection") == "" || params.Get("state") == "" {
		return rq, client, false, nil
	}
	t, err := m.Cookies.Transaction(m.DB, r, params.Get("state"), m.Now())
	if err != nil || t.Asked.ClientID != params.Get("client_id") {
		return rq, client, false, nil // not a transaction's state: it is an application's own
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
