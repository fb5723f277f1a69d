// Package passcodes sends people one-time codes and links: those by which they log in
// without a password, those that verify an address, and those that let them choose a new
// password. What a right code does is decided by who asks for it; see account.TryPasscode.
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

// ErrSignupDisabled reports an address without an account at a connection that makes none.
var ErrSignupDisabled = errors.New("the connection makes no accounts")

// Sender makes codes and sends the messages that carry them.
type Sender struct {
	DB      *storage.DB
	Secrets *keys.Secrets
	Emails  emails.Writer
	Log     *tenantlog.Log
	Now     func() time.Time
}

// Passwordless is a code by which a person logs in, Auth0:
// authenticate/passwordless/authentication-methods.
type Passwordless struct {
	Connection storage.Connection
	// Address is where the code goes, as account.PasswordlessAddress has it.
	Address  string
	ClientID string
	// Link makes a link of the code, for a letter that has one; nil for the code alone.
	Link func(user storage.User, code string) string
}

// Start makes a code and the message that carries it, and an account for whoever has none. It
// returns ErrSignupDisabled where the connection makes none.
func (s Sender) Start(tx *storage.Tx, p Passwordless) (user storage.User, made bool, message emails.Draft, err error) {
	if user, made, err = s.account(tx, p); err != nil {
		return user, made, message, err
	}
	digits, lifetime := account.PasscodeOf(p.Connection)
	code, err := s.keep(tx, storage.PasswordlessKey(user.UserID), user, p.ClientID, digits, lifetime)
	if err != nil {
		return user, made, message, err
	}
	l := emails.Letter{Kind: outbox.PasswordlessEmail, User: user, ClientID: p.ClientID, Code: code}
	if p.Connection.Strategy == "sms" {
		l.Kind = outbox.OTPVerify
	}
	if p.Link != nil {
		l.Link = p.Link(user, code)
	}
	message, err = s.Emails.DraftPasswordless(tx, p.Connection, l)
	return user, made, message, err
}

// keep makes a code and keeps it, in place of the one before.
func (s Sender) keep(tx *storage.Tx, key string, user storage.User, clientID string, digits int, lifetime time.Duration) (code string, err error) {
	code = emails.CodeOf(digits)
	return code, tx.Passcodes.Put(storage.Passcode{
		Key: key, MAC: s.Secrets.PasscodeMAC(key, code), UserID: user.UserID, ClientID: clientID, ExpiresAt: s.Now().Add(lifetime),
	})
}

// account is the user whom a code is for, made where there is none.
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
