package authorize

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/authz"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/storage"
)

// How a browser brings a session transfer token, Auth0:
// authenticate/single-sign-on/native-to-web/configure-implement-native-to-web.
const (
	transferParameter = "session_transfer_token"
	transferCookie    = "auth0_session_transfer_token"
)

// broughtToken is a session transfer token, and by which of the application's allowed_authentication_methods it came.
type broughtToken struct{ token, method string }

// brought returns the session transfer tokens of a request.
func brought(r *http.Request, params url.Values) (all []broughtToken) {
	if token := params.Get(transferParameter); token != "" {
		all = append(all, broughtToken{token, "query"})
	}
	if cookie, err := r.Cookie(transferCookie); err == nil && cookie.Value != "" {
		all = append(all, broughtToken{cookie.Value, "cookie"})
	}
	return all
}

// transferred is what follows from a session transfer token. The zero value means nothing: the application does not
// take such tokens.
type transferred struct {
	method string
	// why is the reason why the token is good for nothing, zero if it is good.
	why trace.Step
	// asksLogin says that the browser's session does not count, because a bad token came with it.
	asksLogin bool
	finish    func(http.ResponseWriter)
}

// transfer uses the session transfer token of a request, if there is one that the application takes: it begins a
// session for the token's user, or ends that of another user. It returns the request as the browser would
// repeat it with its new cookies, and what to decide on. Auth0:
// authenticate/single-sign-on/native-to-web/native-to-web-sso-and-sessions.
func (m *room) transfer(w http.ResponseWriter, r *http.Request, read request, params url.Values) (*http.Request, request, error) {
	tokens := brought(r, params)
	if len(tokens) == 0 {
		return r, read, nil
	}
	var result transferred
	err := m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		result = transferred{}
		rq, client, err := read(tx)
		if _, refused := errors.AsType[*apierr.Error](err); refused {
			return nil // the decision refuses it
		}
		if err != nil {
			return err
		}
		for _, b := range tokens {
			if slices.Contains(client.SessionTransfer.Methods, b.method) && !client.Strict() {
				result, err = m.useTransfer(tx, r, b, rq, client)
				return err
			}
		}
		return nil
	})
	if err != nil {
		return r, read, err
	}
	params.Del(transferParameter)
	return m.transferredTo(w, r, read, result)
}

// transferredTo writes the cookies that follow from a session transfer token.
func (m *room) transferredTo(w http.ResponseWriter, r *http.Request, read request, result transferred) (*http.Request, request, error) {
	step := result.why
	switch {
	case result.method == "":
		step = because("the session transfer token is ignored", "session_transfer.allowed_authentication_methods of the application")
	case step == (trace.Step{}):
		step = because("the session transfer token is good, and is used up", "")
	}
	trace.Note(r.Context(), step)
	if result.method == "cookie" {
		http.SetCookie(w, &http.Cookie{Name: transferCookie, Path: "/", MaxAge: -1, HttpOnly: true, Secure: m.Cookies.Secure}) //nolint:gosec // Secure follows the issuer's scheme
	}
	if result.finish != nil {
		result.finish(w)
		r = session.Repeated(r, w.Header())
	}
	if !result.asksLogin {
		return r, read, nil
	}
	return r, func(tx *storage.Tx) (storage.AuthorizeRequest, storage.Client, error) {
		rq, client, err := read(tx)
		rq.Prompt = append(slices.Clone(rq.Prompt), "login")
		return rq, client, err
	}, nil
}

// useTransfer uses up a token that is good for the request, which names its user as the one who is at the browser.
func (m *room) useTransfer(tx *storage.Tx, r *http.Request, b broughtToken, rq storage.AuthorizeRequest, client storage.Client) (result transferred, err error) {
	now := m.Now()
	result.method = b.method
	current, _, err := m.loggedIn(tx, r, now)
	if err != nil {
		return result, err
	}
	t, why, err := findTransfer(tx, r, b.token, rq, client, now)
	if err != nil || why != (trace.Step{}) {
		result.why, result.asksLogin = why, current.ID != ""
		return result, err
	}
	if err := tx.SessionTransfers.Delete(t.Hash); err != nil {
		return result, err
	}
	switch current.UserID {
	case "":
	case t.UserID:
		return result, nil
	default:
		result.why = because("the browser had a session of another user than the session transfer token's, which is ended", "which user is logged in at the browser")
		return result, tx.EndSession(current, storage.SessionRevoked)
	}
	if err := tx.RecordLogin(t.UserID, now, signin.Address(r)); err != nil {
		return result, err
	}
	result.finish, err = m.Cookies.Begin(tx, r, storage.Session{
		UserID: t.UserID, Connection: t.Connection, Methods: t.Methods, AuthenticatedAt: t.AuthenticatedAt, Parent: t.Parent,
	}, now)
	return result, err
}

// findTransfer returns the record of a session transfer token, or why it is not good for a request.
func findTransfer(tx *storage.Tx, r *http.Request, token string, rq storage.AuthorizeRequest, client storage.Client, now time.Time) (t storage.SessionTransfer, why trace.Step, err error) {
	bad := func(reason, setting string) (storage.SessionTransfer, trace.Step, error) {
		return t, because("the session transfer token is not valid: "+reason, setting), nil
	}
	t, err = tx.SessionTransfers.Get(keys.Hash(token))
	switch {
	case storage.IsNotFound(err):
		return bad("it is unknown, or was used before", "the token, which is good once")
	case err != nil:
		return t, why, err
	case !now.Before(t.ExpiresAt):
		return bad("it has expired", "the token, which is good for a minute")
	case client.SessionTransfer.DeviceBinding != "none" && t.IP != signin.Address(r):
		return bad("it was issued to another IP address", "session_transfer.enforce_device_binding of the application")
	case t.Organization != "" && rq.Organization != "" && t.Organization != rq.Organization:
		return bad("its user has logged in to another organization", "the parameter organization")
	}
	issuing, err := tx.Clients.Get(t.ClientID)
	if err != nil || !issuing.SessionTransfer.CreatesTokens {
		why = because("the session transfer token is not valid: its application may not create such tokens", "session_transfer.can_create_session_transfer_token of the application "+t.ClientID)
		return t, why, storage.Optional(err)
	}
	user, notThere := tx.Users.Get(t.UserID)
	kept, failed := tx.RefreshTokens.Get(t.Parent)
	if err := cmp.Or(storage.Optional(notThere), storage.Optional(failed)); err != nil {
		return t, why, err
	}
	switch {
	case notThere != nil || user.Blocked:
		return bad("its user is blocked or deleted", "the user's property blocked")
	case failed != nil || kept.Expired(now):
		return bad("its refresh token was revoked", "the refresh token that it was exchanged for")
	}
	member := authz.CheckMember(tx, t.Organization, t.UserID)
	if _, refused := errors.AsType[*apierr.Error](member); refused {
		return bad("its user is no longer a member of the organization", "members of the organization "+t.Organization)
	}
	return t, why, member
}

// withoutRefreshToken reports whether a session began with a session transfer token, and gives the application no
// refresh tokens.
func withoutRefreshToken(client storage.Client, s storage.Session) bool {
	return s.Parent != "" && !client.SessionTransfer.AllowRefreshToken
}
