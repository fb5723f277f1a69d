package myaccount

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// passwordID returns the id of the password of an account in this API.
func passwordID(account string) string {
	return password + "|" + base64.RawURLEncoding.EncodeToString([]byte(account))
}

// databases returns the user as each of the user's accounts in database connections, the user's own account first if it is
// one. Accounts that external identity providers have are not among them.
func (c *call) databases(tx *storage.Tx) (all []storage.User, err error) {
	user, err := c.user(tx)
	if err != nil {
		return nil, err
	}
	for n, account := range user.Identities {
		conn, err := tx.Connections.Find("name", account.Connection)
		if storage.Optional(err) != nil {
			return nil, err
		}
		switch {
		case conn.Strategy != storage.DatabaseStrategy:
		case n == 0:
			all = append(all, user)
		default:
			all = append(all, user.As(account))
		}
	}
	return all, nil
}

// database returns the user as the first of the user's accounts in database connections that meets a condition, and its
// connection. If there is none, the error wraps storage.ErrNotFound.
func (c *call) database(tx *storage.Tx, meets func(storage.User) bool) (user storage.User, conn storage.Connection, err error) {
	all, err := c.databases(tx)
	if err != nil {
		return user, conn, err
	}
	n := slices.IndexFunc(all, meets)
	if n < 0 {
		return user, conn, storage.ErrNotFound
	}
	conn, err = tx.Connections.Find("name", all[n].ConnectionName())
	return all[n], conn, err
}

// own reports whether the user was found by the own account, and not by a linked one.
func own(user storage.User) bool { return user.Linked == nil }

// named returns a condition for the account of a request: the one at the connection and with the id that it names, or any.
func (rq enrollRequest) named() func(storage.User) bool {
	return func(user storage.User) bool {
		id := user.AccountID()
		return (rq.Connection == nil || *rq.Connection == user.ConnectionName()) &&
			(rq.Identity == nil || *rq.Identity == id || *rq.Identity == strings.TrimPrefix(id, "auth0|"))
	}
}

// passwords returns the passwords of the user's accounts as authentication methods.
func (c *call) passwords(tx *storage.Tx) (all []storage.Document, err error) {
	accounts, err := c.databases(tx)
	if err != nil {
		return nil, err
	}
	for _, user := range accounts {
		if _, err := tx.Passwords.Get(user.AccountID()); storage.IsNotFound(err) {
			continue
		} else if err != nil {
			return nil, err
		}
		stored, err := tx.Users.Document(user.UserID)
		if err != nil {
			return nil, err
		}
		doc := storage.Document{
			"id": passwordID(user.AccountID()), "type": password, "identity_user_id": user.AccountID(), "usage": usageOf(password), "created_at": stored["created_at"],
		}
		if at := storage.Text(stored, "last_password_reset"); at != "" {
			doc["last_password_reset"] = at
		}
		all = append(all, doc)
	}
	return all, nil
}

// password returns the password with an id as an authentication method, or errNotFound.
func (c *call) password(tx *storage.Tx, id string) (storage.Document, error) {
	all, err := c.passwords(tx)
	if err != nil {
		return nil, err
	}
	n := slices.IndexFunc(all, func(doc storage.Document) bool { return doc["id"] == id })
	if n < 0 {
		return nil, errNotFound
	}
	return all[n], nil
}
