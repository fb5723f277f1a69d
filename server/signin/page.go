package signin

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// errUnusable is the error for a form without a valid ticket: it does not follow a login, or comes
// too late.
var errUnusable = &apierr.Error{Status: http.StatusBadRequest, Code: apierr.InvalidRequest, Message: "The wresult or wctx is missing or cannot be read", Setting: "the parameters wresult and wctx"}

// PageParameters are the parameters of an authorization request that a login page which asks for passwords
// itself passes on in wctx.
var PageParameters = []string{
	"response_type", "response_mode", "redirect_uri", "scope", "audience", "state", "nonce", "code_challenge", "code_challenge_method", "organization",
}

// FromPage continues the login of a user whose password was verified at /usernamepassword/login. The
// form contains the ticket that was issued there. If the page belongs to a login under way, that
// login continues; otherwise the page's authorization request begins, with the ticket. Auth0:
// libraries/auth0js.
func (d *Service) FromPage(w http.ResponseWriter, r *http.Request, form url.Values) error {
	var wctx map[string]string
	if err := json.Unmarshal([]byte(form.Get("wctx")), &wctx); err != nil || form.Get("wresult") == "" {
		return errUnusable.With(err)
	}
	t, err := d.Cookies.Transaction(d.DB, r, wctx["state"], d.Now())
	switch {
	case err == nil:
		return d.takeTicket(w, r, t, form.Get("wresult"), wctx["state"])
	case !storage.IsNotFound(err):
		return err // the login is another browser's, or has ended
	}
	params := url.Values{"login_ticket": {form.Get("wresult")}, "client_id": {wctx["client_id"]}}
	for _, name := range PageParameters {
		if wctx[name] != "" {
			params.Set(name, wctx[name])
		}
	}
	return web.Redirect(w, r, "/authorize?"+params.Encode())
}

// takeTicket redeems a ticket: the user is logged in, in the browser whose login under way the
// ticket was issued for.
func (d *Service) takeTicket(w http.ResponseWriter, r *http.Request, t storage.Transaction, ticket, state string) error {
	var finish func(http.ResponseWriter)
	err := d.DB.Update(r.Context(), func(tx *storage.Tx) error {
		proved, err := tx.UseLoginTicket(keys.Hash(ticket), t.Asked.ClientID, t.StateHash, Browser(r), d.Now())
		if storage.IsNotFound(err) {
			return errUnusable.With(err)
		}
		if err != nil {
			return err
		}
		user, err := tx.Users.Get(proved.UserID)
		if err != nil {
			return err
		}
		finish, err = d.Begin(tx, r, t, Attempt{
			Method: proved.Method, ClientID: proved.ClientID, Connection: proved.Connection, User: user, IP: Address(r),
		})
		return err
	})
	if err != nil {
		return err
	}
	finish(w)
	return web.Resume(w, r, state)
}
