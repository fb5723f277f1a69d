package passcodes

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// The pages of a passwordless login.
const (
	EmailCodePage = "/u/login/passwordless-email-challenge"
	SMSCodePage   = "/u/login/passwordless-sms-challenge"
	EmailLinkPage = "/u/login/passwordless-email-link"
	// FollowPath is the path of the link in the e-mail.
	FollowPath = "/u/login/passwordless-email-link/follow"
)

// Page returns the page on which a passwordless login waits for the code or the link.
func Page(p storage.PasswordlessLogin, conn storage.Connection) string {
	switch {
	case conn.Strategy == "sms":
		return SMSCodePage
	case p.Link:
		return EmailLinkPage
	}
	return EmailCodePage
}

// sendsLink reports whether the login pages send a link, and not a code, for the connection.
func sendsLink(conn storage.Connection) bool {
	return conn.Strategy == "email" && conn.Options["send"] == "link"
}

// StartLogin sends a code or a link for a login in the browser, whose pages have the given
// state, and returns the page that waits for it. If the user has no account and the connection
// allows no sign-up, nothing is sent, and the page does not say so.
func (s Sender) StartLogin(r *http.Request, t storage.Transaction, state string, conn storage.Connection, address string) (page string, err error) {
	p := Passwordless{Connection: conn, Address: address, Login: emails.Login{ClientID: t.Request().ClientID, Organization: t.Request().Organization}}
	answer := storage.PasswordlessLogin{Connection: conn.Name, Address: address, Link: sendsLink(conn)}
	if answer.Link {
		p.Link = func(_ storage.User, code string) string {
			return s.Emails.Issuer + FollowPath[1:] + "?" + url.Values{"state": {state}, "code": {code}}.Encode()
		}
	}
	var user storage.User
	var client storage.Client
	var message emails.Draft
	made := false
	err = s.DB.Update(r.Context(), func(tx *storage.Tx) (err error) {
		if client, err = tx.Clients.Get(p.ClientID); storage.Optional(err) != nil {
			return err
		}
		user, made, message, err = s.Start(tx, p)
		if errors.Is(err, ErrSignupDisabled) {
			user, made, message = storage.User{}, false, emails.Draft{}
		} else if err != nil {
			return err
		}
		answer.UserID = user.UserID
		return session.ChangeTransaction(tx, t.StateHash, s.Now(), func(t *storage.Transaction) error {
			t.Passwordless, t.Identifier = &answer, address
			return nil
		})
	})
	if err != nil {
		return "", err
	}
	if user.UserID != "" {
		if err := s.Emails.Send(r.Context(), message); err != nil {
			return "", err
		}
		s.Record(r, client, user, made)
	}
	return Page(answer, conn), nil
}

// Record writes to the tenant's log that a code or a link was sent, and that an account was
// created for it.
func (s Sender) Record(r *http.Request, client storage.Client, user storage.User, made bool) {
	e := tenantlog.Event{
		Type: tenantlog.CodeSent, Description: "Passwordless code/link sent", ClientID: client.ClientID, ClientName: client.Name,
		UserID: user.UserID, UserName: tenantlog.UserName(user), Connection: user.ConnectionName(),
	}
	if made {
		signup := e
		signup.Type, signup.Description = tenantlog.Signup, "Successful signup"
		s.Log.Record(r, signup)
	}
	s.Log.Record(r, e)
}

// Waiting returns the connection of the code or link that a login waits for. waits is false if
// the login waits for none, or may no longer use the connection.
func Waiting(tx *storage.Tx, t storage.Transaction) (conn storage.Connection, waits bool, err error) {
	if t.Passwordless == nil || t.Passwordless.Address == "" {
		return conn, false, nil
	}
	ways, err := account.WaysOf(tx, t.Request())
	for _, c := range ways.Passwordless {
		if c.Name == t.Passwordless.Connection {
			return c, true, nil
		}
	}
	return conn, false, err
}

// PageKey returns the key of the page's error message for a code that has expired or was tried
// too often. It returns "" if the code is right, or wrong but may be tried again.
func PageKey(tried error) string {
	switch {
	case errors.Is(tried, storage.ErrExpired):
		return "invalid-expired-code"
	case errors.Is(tried, storage.ErrTooMany):
		return "too-many-failures"
	}
	return ""
}
