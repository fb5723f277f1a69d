package objects

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/emails"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
)

// Users are the tenant's users, Auth0: api/management/v2/users. They are created and changed
// by CreateUser and UpdateUser, since that involves passwords and messages.
var Users = declare(&Kind{
	Kind: resource.Users, table: func(tx *storage.Tx) Store { return TableStore[storage.User]{Resources: tx.Users} },
	deleted: func(o Collection, doc storage.Document) error {
		if err := forgetAccounts(o.Tx, UserOf(doc)); err != nil {
			return err
		}
		return forgetUsers(o.Change, storage.Text(doc, "user_id"))
	},
})

// deleteUsers deletes users and all that belongs to them.
func deleteUsers(ch *Change, ids ...string) error {
	for _, id := range ids {
		user, err := ch.Tx.Users.Get(id)
		if storage.Optional(err) != nil {
			return err
		}
		if err := forgetAccounts(ch.Tx, user); err != nil {
			return err
		}
	}
	return deleteKeepingAccounts(ch, ids...)
}

// forgetAccounts deletes the passwords of a user's accounts, and the tokens that identity providers have issued for
// them.
func forgetAccounts(tx *storage.Tx, user storage.User) error {
	for _, identity := range user.Identities {
		if err := errors.Join(tx.ForgetTokensOf(identity), tx.Passwords.Delete(identity.ID())); err != nil {
			return err
		}
	}
	return tx.Passwords.Delete(user.UserID)
}

// deleteKeepingAccounts deletes users, but keeps the passwords of their accounts, and the identity providers' tokens
// for them.
func deleteKeepingAccounts(ch *Change, ids ...string) error {
	for _, id := range ids {
		if err := ch.Tx.Users.Delete(id); err != nil {
			return err
		}
		if err := Users.forget(ch.Tx, storage.Document{resource.Users.ID: id}); err != nil {
			return err
		}
	}
	return forgetUsers(ch, ids...)
}

// forgetUsers deletes what deleted users have had.
func forgetUsers(ch *Change, ids ...string) error {
	for _, id := range ids {
		if err := ch.Tx.UserAccess.Delete(id); err != nil {
			return err
		}
		if err := deleteBy(ch.Tx.Grants, "user", id, func(g storage.Grant) string { return g.ID }); err != nil {
			return err
		}
	}
	return ch.Tx.ForgetUsers(ids, ch.Now)
}

// UserOf decodes a user's document.
func UserOf(doc storage.Document) (user storage.User) {
	raw, _ := json.Marshal(doc)    // JSON values always marshal
	_ = json.Unmarshal(raw, &user) // members of a wrong type are left out
	return user
}

// GetUser returns the user with an id, or the error resource.Users.Missing.
func GetUser(tx *storage.Tx, id string) (storage.User, error) {
	user, err := tx.Users.Get(id)
	if storage.IsNotFound(err) {
		return user, resource.Users.Missing
	}
	return user, err
}

// CreateUser makes a user from sent, which it completes. hash is the hash of the password, ""
// for none.
func CreateUser(ch *Change, sent storage.Document, hash string) error {
	connection, password, verify := storage.Text(sent, "connection"), storage.Text(sent, "password"), wantsVerification(sent)
	for _, name := range []string{"connection", "password", "verify_email", "verify_phone_number"} {
		delete(sent, name)
	}
	conn, err := ch.Tx.Connections.Find("name", connection)
	if storage.IsNotFound(err) {
		return resource.NoSuchConnection
	}
	if err != nil {
		return err
	}
	if err := checkNewUser(conn, sent, password); err != nil {
		return err
	}
	if err := account.Add(ch.Tx, conn, sent, hash, ch.Now); err != nil || !verify {
		return err
	}
	mail, err := ch.Emails.DraftTicket(ch.Tx, storage.TicketVerifyEmail, UserOf(sent), emails.Login{}, ch.Now)
	ch.mail(mail)
	return err
}

// wantsVerification reports whether a new user is sent a verification e-mail: as verify_email
// says or, without that, if the address is not verified, Auth0:
// api/management/v2/users/post-users.
func wantsVerification(doc storage.Document) bool {
	if storage.Text(doc, "email") == "" {
		return false
	}
	if told, ok := doc["verify_email"].(bool); ok {
		return told
	}
	return doc["email_verified"] != true
}

func checkNewUser(conn storage.Connection, doc storage.Document, password string) error {
	switch {
	case conn.Strategy == storage.DatabaseStrategy && password == "":
		return resource.InvalidBody("Payload validation error: 'Missing required property: password'.")
	case storage.Text(doc, "email")+storage.Text(doc, "username")+storage.Text(doc, "phone_number") == "":
		return resource.InvalidBody("Payload validation error: 'Missing required property: email'.")
	}
	return checkUsername(conn, storage.Text(doc, "username"), true)
}

// checkUsername calls account.CheckUsername, and turns its error into Auth0's error of the
// API.
func checkUsername(conn storage.Connection, username string, required bool) error {
	err := account.CheckUsername(conn, username, required)
	if refused, ok := errors.AsType[*account.UsernameError](err); ok {
		return resource.InvalidBody(refused.Error())
	}
	return err
}

// apart are the pairs of members that one change may not have, in the order of Auth0's error
// message.
var apart = [][2]string{
	{"username", "password"}, {"username", "email_verified"}, {"password", "email_verified"}, {"password", "email"},
}

// CheckCombination returns an error if a change of a user has members that cannot be changed
// together.
func CheckCombination(change storage.Document) error {
	for _, pair := range apart {
		_, first := change[pair[0]]
		if _, second := change[pair[1]]; first && second {
			return resource.InvalidBody("Cannot update " + pair[0] + " and " + pair[1] + " simultaneously")
		}
	}
	return nil
}

// UpdateUser changes a user as a request asks, and returns the user. hash is the hash of a
// new password, "" for none.
func UpdateUser(ch *Change, id string, asked storage.Document, hash string) (storage.Document, error) {
	doc, err := Users.Find(ch.Tx, id)
	if err != nil {
		return nil, err
	}
	conn, accountID, err := accountToChange(ch.Tx, UserOf(doc), storage.Text(asked, "connection"))
	if err != nil {
		return nil, err
	}
	if err := checkProvided(conn, asked); err != nil {
		return nil, err
	}
	change := maps.Clone(asked)
	for _, name := range []string{"connection", "password", "client_id", "verify_email", "verify_password", "verify_phone_number"} {
		delete(change, name)
	}
	if err := checkUsername(conn, storage.Text(change, "username"), false); err != nil {
		return nil, err
	}
	if email := storage.Text(change, "email"); email != "" {
		change["email"] = strings.ToLower(email)
	}
	changeLinked(doc, accountID, change)
	resource.Users.Merge(doc, change, ch.Now)
	if metadata, ok := doc["app_metadata"].(storage.Document); ok && len(metadata) == 0 {
		delete(doc, "app_metadata")
	}
	if hash != "" {
		if err := account.SetPassword(ch.Tx, doc, accountID, hash, ch.Now); err != nil {
			return nil, err
		}
	}
	if err := account.Update(ch.Tx, doc); err != nil {
		return nil, err
	}
	changed, err := ch.Tx.UserAs(id, accountID)
	if err != nil {
		return nil, err
	}
	return doc, mailChanges(ch, changed, asked)
}

// accountToChange returns the account that a change of a user is for, and its connection: the user's own, or the linked
// one at the connection that the request names. It returns an error if the user has no account there, or several linked
// ones, of which the request cannot name one.
func accountToChange(tx *storage.Tx, user storage.User, named string) (conn storage.Connection, account string, err error) {
	if named == "" || named == user.ConnectionName() {
		conn, err = tx.Connections.Find("name", user.ConnectionName())
		return conn, user.UserID, storage.Optional(err)
	}
	for _, identity := range user.Identities {
		switch {
		case identity.Connection != named:
		case account != "":
			return conn, "", resource.InvalidBody("The user has several accounts at the connection " + named + ". Unlink the one to change.")
		default:
			account = identity.ID()
		}
	}
	if account == "" {
		return conn, "", resource.InvalidBody("The connection does not exist.")
	}
	conn, err = tx.Connections.Find("name", named)
	return conn, account, storage.Optional(err)
}

// UserToChange returns the user with an id, as the account that a change is for.
func UserToChange(tx *storage.Tx, id string, asked storage.Document) (storage.User, error) {
	user, err := GetUser(tx, id)
	if err != nil {
		return user, err
	}
	_, account, err := accountToChange(tx, user, storage.Text(asked, "connection"))
	if err != nil {
		return user, err
	}
	return tx.UserAs(id, account)
}

// mailChanges adds the messages that a change of a user requests by verify_email,
// verify_password and verify_phone_number, Auth0: api/management/v2/users/patch-users-by-id.
func mailChanges(ch *Change, user storage.User, asked storage.Document) (err error) {
	draft := func(d emails.Draft, draftErr error) {
		if err == nil {
			ch.mail(d)
			err = draftErr
		}
	}
	clientID := storage.Text(asked, "client_id")
	login := emails.Login{ClientID: clientID}
	if asked["verify_email"] == true && user.Email != "" {
		draft(ch.Emails.DraftTicket(ch.Tx, storage.TicketVerifyEmail, user, login, ch.Now))
	}
	if asked["verify_password"] == true && asked["password"] != nil && user.Email != "" {
		draft(ch.Emails.Draft(ch.Tx, emails.Letter{Kind: outbox.ChangePassword, User: user, Login: login, Connection: user.ConnectionName()}))
	}
	if asked["verify_phone_number"] == true && asked["phone_number"] != nil {
		draft(ch.Emails.DraftPhone(ch.Tx, outbox.Message{
			Kind: outbox.OTPVerify, Channel: outbox.SMS, To: user.PhoneNumber, Code: emails.Code(), UserID: user.UserID, ClientID: clientID, Connection: user.ConnectionName(),
		}))
	}
	return err
}

// Unblock lifts the blocks that wrong passwords have led to.
func Unblock(ch *Change, ids []string) error {
	for _, id := range ids {
		if err := ch.Tx.ForgetLoginFailures(id); err != nil {
			return err
		}
		ch.tell(tenantlog.Event{Type: tenantlog.UserUnblocked, UserID: id, ClientID: ch.Author.ClientID})
	}
	return nil
}

// RequireUserOf returns an error if a user has no account in a connection.
func RequireUserOf(tx *storage.Tx, id, connection string) error {
	user, err := tx.Users.Get(id)
	if storage.IsNotFound(err) {
		return resource.Users.Missing
	}
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(user.Identities, func(i storage.Identity) bool { return i.Connection == connection }) {
		return resource.NoSuchConnection
	}
	return nil
}
