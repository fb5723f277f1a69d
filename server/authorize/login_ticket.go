package authorize

import (
	"net/http"
	"net/url"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// errTicket is the answer to an invalid, used or expired login ticket.
var errTicket = &apierr.Error{Status: http.StatusForbidden, Code: "access_denied", Message: "Unknown or invalid login ticket.", Setting: "the parameter login_ticket, which is good once, for a minute and for its browser"}

// redeem begins a session for the user of a login ticket, and redirects the browser to the
// same request without the ticket, which then finds the session.
func (m *room) redeem(w http.ResponseWriter, r *http.Request, clientID string, params url.Values) error {
	if web.IsSubresource(r) {
		return apierr.Subresource
	}
	var finish func(http.ResponseWriter)
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		now := m.Now()
		t, err := tx.UseLoginTicket(keys.Hash(params.Get("login_ticket")), clientID, "", signin.Browser(r), now)
		if err != nil {
			return err
		}
		finish, err = m.Cookies.Begin(tx, r, storage.Session{
			UserID: t.UserID, Connection: t.Connection, Methods: []storage.AuthenticationMethod{{Name: t.Method, At: now}},
		}, now)
		return err
	})
	if storage.IsNotFound(err) {
		return errTicket.With(err)
	}
	if err != nil {
		return err
	}
	finish(w)
	for _, name := range []string{"login_ticket", "realm", "co_id", "co_verifier"} {
		params.Del(name)
	}
	return web.Redirect(w, r, r.URL.EscapedPath()+"?"+params.Encode())
}
