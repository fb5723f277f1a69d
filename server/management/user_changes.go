package management

import (
	"maps"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// apart are the pairs of members that one PATCH may not change, in the words of
// Auth0's answer.
var apart = [][2]string{
	{"username", "password"}, {"username", "email_verified"}, {"password", "email_verified"}, {"password", "email"},
}

// checkTogether refuses a change of members that cannot change together.
func checkTogether(change storage.Document) error {
	for _, pair := range apart {
		_, first := change[pair[0]]
		if _, second := change[pair[1]]; first && second {
			return resource.InvalidBody("Cannot update " + pair[0] + " and " + pair[1] + " simultaneously")
		}
	}
	return nil
}

// noSuchConnection is the answer to a change of a user at a connection that the user
// is not of.
var noSuchConnection = resource.InvalidBody("The connection does not exist.")

// checkUserConnection sees that a change is for a connection of the user: the one
// that it names, or the user's own. It returns that of the user's own identity.
func checkUserConnection(tx *storage.Tx, user storage.User, named string) (storage.Connection, error) {
	conn, err := tx.Connections.Find("name", user.ConnectionName())
	if err := storage.Optional(err); err != nil || named == "" {
		return conn, err
	}
	for _, identity := range user.Identities {
		if identity.Connection == named {
			return conn, nil
		}
	}
	return conn, noSuchConnection
}

// changeUser writes what a PATCH changes: the body, with what else was asked and the
// hash of a new password, "" for none. It returns the user, and the messages to send.
func (c *call) changeUser(tx *storage.Tx, asked storage.Document, hash string) (doc storage.Document, mails []emails.Draft, err error) {
	doc, err = c.user(tx)
	if err != nil {
		return nil, nil, err
	}
	before := maps.Clone(doc)
	conn, err := checkUserConnection(tx, userOf(doc), text(asked, "connection"))
	if err != nil {
		return nil, nil, err
	}
	if err := checkUsername(conn, text(c.body, "username"), false); err != nil {
		return nil, nil, err
	}
	if email := text(c.body, "email"); email != "" {
		c.body["email"] = strings.ToLower(email)
	}
	resource.Users.Merge(doc, c.body, c.now)
	if metadata, ok := doc["app_metadata"].(storage.Document); ok && len(metadata) == 0 {
		delete(doc, "app_metadata")
	}
	if hash != "" {
		if err := account.SetPassword(tx, doc, hash, c.now); err != nil {
			return nil, nil, err
		}
	}
	if endsSessions(before, doc) {
		if err := tx.EndSessions(text(doc, "user_id")); err != nil {
			return nil, nil, err
		}
	}
	if err := account.Put(tx, doc, ""); err != nil {
		return nil, nil, err
	}
	mails, err = c.draftChanges(tx, userOf(doc), asked)
	return doc, mails, err
}

// draftChanges reads the messages that a change of a user asks for, Auth0:
// api/management/v2/users/patch-users-by-id: verify_email, verify_password and
// verify_phone_number.
func (c *call) draftChanges(tx *storage.Tx, user storage.User, asked storage.Document) (all []emails.Draft, err error) {
	draft := func(d emails.Draft, draftErr error) {
		if err == nil {
			all, err = append(all, d), draftErr
		}
	}
	clientID := text(asked, "client_id")
	if asked["verify_email"] == true && user.Email != "" {
		draft(c.Emails.DraftTicket(tx, storage.TicketVerifyEmail, user, clientID, c.now))
	}
	if asked["verify_password"] == true && asked["password"] != nil && user.Email != "" {
		draft(c.Emails.Draft(tx, emails.Letter{Kind: outbox.ChangePassword, User: user, ClientID: clientID, Connection: user.ConnectionName()}))
	}
	if asked["verify_phone_number"] == true && asked["phone_number"] != nil {
		draft(c.Emails.DraftPhone(tx, outbox.Message{
			Kind: outbox.OTPVerify, Channel: outbox.SMS, To: user.PhoneNumber, Code: emails.Code(), UserID: user.UserID, ClientID: clientID, Connection: user.ConnectionName(),
		}))
	}
	return all, err
}

// endsSessions reports whether a change of a user ends the sessions and refresh tokens:
// another address, or one that is not verified any more. Auth0: manage-users/sessions.
func endsSessions(before, after storage.Document) bool {
	return !strings.EqualFold(text(before, "email"), text(after, "email")) || before["email_verified"] == true && after["email_verified"] != true
}

// usernameError is the Management API's answer to a username that does not fit.
func usernameError(err *account.UsernameError) error {
	return &apierr.Error{Status: http.StatusBadRequest, Message: err.Error(), Extra: map[string]any{"errorCode": "invalid_body"}}
}
