// Package passcodes sends users one-time codes and links: for passwordless logins, for the
// verification of an address, and for choosing a new password. The caller decides what a
// right code does; see account.TryPasscode.
package passcodes

import (
	"errors"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// ErrSignupDisabled reports that an address has no account and its connection allows no
// sign-up.
var ErrSignupDisabled = errors.New("the connection makes no accounts")

// Sender makes codes and sends the messages that carry them.
type Sender struct {
	DB      *storage.DB
	Secrets *keys.Secrets
	Emails  emails.Writer
	Log     *tenantlog.Log
	Now     func() time.Time
}

// Passwordless describes a code for a passwordless login, Auth0:
// authenticate/passwordless/authentication-methods.
type Passwordless struct {
	Connection storage.Connection
	// Address is the recipient, in the form that account.PasswordlessAddress returns.
	Address string
	// The login that the code is for.
	emails.Login
	// Link makes the link for a message that has one; it is nil for a message with only the
	// code.
	Link func(user storage.User, code string) string
}

// Start makes a code and the message that carries it, and an account if the recipient has
// none. It returns ErrSignupDisabled if the connection does not allow that.
func (s Sender) Start(tx *storage.Tx, p Passwordless) (user storage.User, made bool, message emails.Draft, err error) {
	if user, made, err = s.account(tx, p); err != nil {
		return user, made, message, err
	}
	digits, lifetime := account.PasscodeOf(p.Connection)
	code, err := s.keep(tx, storage.PasswordlessKey(user.AccountID()), user, p.ClientID, digits, lifetime)
	if err != nil {
		return user, made, message, err
	}
	l := emails.Letter{Kind: outbox.PasswordlessEmail, User: user, Login: p.Login, Code: code}
	if p.Connection.Strategy == "sms" {
		l.Kind = outbox.OTPVerify
	}
	if p.Link != nil {
		l.Link = p.Link(user, code)
	}
	message, err = s.Emails.DraftPasswordless(tx, p.Connection, l)
	return user, made, message, err
}

// keep makes a code and stores it in place of the previous one with the same key.
func (s Sender) keep(tx *storage.Tx, key string, user storage.User, clientID string, digits int, lifetime time.Duration) (code string, err error) {
	code = emails.CodeOf(digits)
	return code, tx.Passcodes.Put(storage.Passcode{
		Key: key, MAC: s.Secrets.PasscodeMAC(key, code), UserID: user.UserID, Account: user.AccountID(), ClientID: clientID, ExpiresAt: s.Now().Add(lifetime),
	})
}

// account returns the user whom a code is for. If there is none yet, it makes the account.
func (s Sender) account(tx *storage.Tx, p Passwordless) (user storage.User, made bool, err error) {
	user, err = tx.UserByLogin(p.Connection.Name, p.Address)
	if !storage.IsNotFound(err) {
		return user, false, err
	}
	if p.Connection.Options["disable_signup"] == true {
		return user, false, ErrSignupDisabled
	}
	doc := storage.Document{account.PasswordlessIdentifier(p.Connection): p.Address}
	if p.Connection.Strategy == "sms" {
		doc["phone_verified"] = false
	}
	if err := account.Add(tx, p.Connection, doc, "", s.Now()); err != nil {
		return user, false, err
	}
	user, err = tx.UserByLogin(p.Connection.Name, p.Address)
	return user, true, err
}
