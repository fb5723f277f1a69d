package passwordless

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// errRefused is the error for a code that cannot be used.
func errRefused(message string) error {
	return &apierr.Error{Status: http.StatusUnauthorized, Code: "invalid_user_password", Message: message, Setting: account.PasscodeSetting}
}

// verify checks a code without using it up: auth0.js then redirects the browser to a link
// with the same code.
//
//auth0:operation POST /passwordless/verify
func (m *room) verify(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(w, r)
	if err != nil {
		return err
	}
	if _, err := m.check(r, form); err != nil {
		return err
	}
	return web.Reply(w, http.StatusOK, struct{}{})
}

// check checks the code in a request. If the request names an application, the code must have
// been sent for it.
func (m *room) check(r *http.Request, form url.Values) (attempt signin.Attempt, err error) {
	clientID := form.Get("client_id")
	var a addressee
	var user storage.User
	err = m.DB.View(r.Context(), func(tx *storage.Tx) error {
		var client storage.Client
		if clientID != "" {
			if client, err = tx.Clients.Get(clientID); storage.IsNotFound(err) {
				return apierr.UnknownClient(clientID)
			} else if err != nil {
				return err
			}
		}
		if a, err = m.addressee(tx, client, form); err != nil {
			return err
		}
		user, err = tx.UserByLogin(a.connection.Name, a.identifier)
		return storage.Optional(err)
	})
	if err != nil {
		return attempt, err
	}
	attempt, tried := m.attempt(r, clientID, a.connection, a.identifier, user, form.Get("verification_code"))
	return attempt, m.evaluate(r, attempt, tried)
}

// attempt checks the code that was sent to an address or a number. It returns the login
// attempt, and the error if the code cannot be used.
func (m *room) attempt(r *http.Request, clientID string, conn storage.Connection, address string, user storage.User, typed string) (signin.Attempt, error) {
	code, tried := account.TryPasscode(r.Context(), m.DB, m.Issuer.Secrets, user, clientID, typed, m.Now())
	attempt := signin.Attempt{
		Method: signin.Email, ClientID: clientID, Connection: conn.Name, Identifier: address, User: user, IP: signin.Address(r),
		Message: account.PasscodeSentence(conn.Strategy, tried),
		Recheck: func(tx *storage.Tx) error {
			err := account.UsePasscode(tx, code, m.Now())
			if errors.Is(err, storage.ErrReused) {
				return signin.ErrWrong
			}
			return err
		},
	}
	if conn.Strategy == "sms" {
		attempt.Method = signin.SMS
	}
	return attempt, tried
}

// evaluate returns the error for a code from the outcome of attempt, or nil if the code is
// right.
func (m *room) evaluate(r *http.Request, attempt signin.Attempt, tried error) error {
	switch {
	case errors.Is(tried, storage.ErrExpired), errors.Is(tried, storage.ErrTooMany):
		return errRefused(attempt.Message)
	case tried != nil && !errors.Is(tried, storage.ErrWrongCode):
		return tried
	}
	return m.refusal(m.SignIn.Evaluate(r, attempt, tried == nil), attempt)
}

func (m *room) refusal(err error, attempt signin.Attempt) error {
	switch {
	case errors.Is(err, signin.ErrBlocked):
		return apierr.TooManyAttempts.With(err)
	case errors.Is(err, signin.ErrWrong):
		return errRefused(account.PasscodeSentence(attempt.Method, storage.ErrWrongCode))
	}
	return err
}

// follow logs in the user whose browser follows a link, and redirects to the authorization
// request that the link was made for.
//
//auth0:operation GET /passwordless/verify_redirect
func (m *room) follow(w http.ResponseWriter, r *http.Request) error {
	if web.IsSubresource(r) {
		return apierr.Subresource
	}
	params, err := web.Query(r)
	if err != nil {
		return err
	}
	if params.Get("client_id") == "" {
		return apierr.MissingParameter("client_id")
	}
	attempt, err := m.check(r, params)
	if err != nil {
		return err
	}
	if attempt.User.Blocked {
		return apierr.UserBlocked
	}
	// The classic login page sends its state: auth0.js does so in passwordlessVerify.
	t, err := m.SignIn.Cookies.Transaction(m.DB, r, params.Get("state"), m.Now())
	onPage := err == nil && t.Asked.ClientID == params.Get("client_id")
	var finish func(http.ResponseWriter)
	err = m.DB.Update(r.Context(), func(tx *storage.Tx) error {
		if onPage {
			finish, err = m.SignIn.Begin(tx, r, t, attempt)
			return err
		}
		if err := m.SignIn.Record(tx, attempt); err != nil {
			return err
		}
		now := m.Now()
		finish, err = m.SignIn.Cookies.Begin(tx, r, storage.Session{
			UserID: attempt.User.UserID, Connection: attempt.Connection,
			Methods: []storage.AuthenticationMethod{{Name: attempt.Method, At: now}},
		}, now)
		return err
	})
	if err != nil {
		return m.refusal(err, attempt)
	}
	finish(w)
	if onPage {
		return web.Resume(w, r, params.Get("state"))
	}
	for _, name := range []string{"connection", "email", "phone_number", "verification_code", "prompt"} {
		params.Del(name)
	}
	if params.Get("response_type") == "" {
		params.Set("response_type", "code")
	}
	return web.Redirect(w, r, "/authorize?"+params.Encode())
}
