// Package account creates users at connections and changes how they authenticate: ids and
// identities of new users, new passwords, verification codes, and the protection against
// guessing. It shows no pages and sends no e-mail.
package account

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// providers maps a strategy to the provider in user ids (the part before "|"), for the
// strategies where the two differ.
var providers = map[string]string{"auth0-adldap": "ad"}

// enterprise are the strategies of enterprise connections: directories of companies.
var enterprise = []string{
	"samlp", "oidc", "okta", "waad", "ad", "adfs", "auth0-adldap", "custom", "google-apps", "office365", "pingfederate", "sharepoint",
}

// IsEnterprise reports whether a connection is an enterprise connection.
func IsEnterprise(conn storage.Connection) bool { return slices.Contains(enterprise, conn.Strategy) }

// Provider returns the provider in the ids of a connection's users: the part before "|".
func Provider(conn storage.Connection) string {
	return cmp.Or(providers[conn.Strategy], conn.Strategy)
}

// Identify gives a new user a user_id and an identity at the connection. If doc has a
// user_id already, it becomes the part after the provider; otherwise that part is random.
func Identify(doc storage.Document, conn storage.Connection) {
	provider := Provider(conn)
	local, _ := doc["user_id"].(string)
	local = cmp.Or(local, resource.ObjectID())
	doc["user_id"] = provider + "|" + local
	doc["identities"] = []any{Identity(conn, provider, local)}
}

// Identity returns an entry of a user's identities: the account with the id local at a
// provider.
func Identity(conn storage.Connection, provider, local string) storage.Document {
	social := conn.AtProvider() && !IsEnterprise(conn)
	return storage.Document{"connection": conn.Name, "user_id": local, "provider": provider, "isSocial": social}
}

// Add creates a user at a connection from a document: it adds an id, an identity and the
// members that follow from others, and stores the user and the hash of the first password
// ("" if there is no password). It returns Users.Taken if another user has the id, and
// Users.Taken with a cause that wraps storage.ErrConflict if another user has the e-mail
// address, phone number or username.
func Add(tx *storage.Tx, conn storage.Connection, doc storage.Document, hash string, now time.Time) error {
	Identify(doc, conn)
	identity.Complete(doc, now)
	if known, err := tx.AccountTaken(storage.Text(doc, "user_id")); err != nil || known {
		return cmp.Or(err, error(resource.Users.Taken))
	}
	return Put(tx, doc, hash)
}

// Update stores the document of a user who exists. It ends the user's sessions and refresh tokens if the e-mail address
// of one of the user's accounts changes or is no longer verified, whether the Management API, an import or a job makes
// the change. Auth0: manage-users/sessions.
func Update(tx *storage.Tx, doc storage.Document) error {
	id := storage.Text(doc, "user_id")
	before, err := tx.Users.Get(id)
	if err != nil {
		return err
	}
	var after storage.User
	if err := storage.Decode(doc, &after); err != nil {
		return err
	}
	if after.Moved(before) {
		if err := tx.EndSessions(id, storage.EmailChanged); err != nil {
			return err
		}
	}
	return Put(tx, doc, "")
}

// Put stores a user and, unless it is "", the hash of the first password. It returns
// Users.Taken if another account of the connection has the e-mail address, phone number or username.
func Put(tx *storage.Tx, doc storage.Document, hash string) error {
	user, err := storage.EncodeUser(doc)
	if err == nil && user.Alike() {
		return resource.Users.Taken.With(storage.ErrConflict)
	}
	if err == nil {
		err = tx.PutUser(user)
	}
	if storage.IsConflict(err) {
		return resource.Users.Taken.With(err)
	}
	if err != nil || hash == "" {
		return err
	}
	id, _ := doc["user_id"].(string)
	return tx.Passwords.Put(storage.Password{UserID: id, Hash: hash})
}

// Demands are the requirements for a new password of a user. They are read in a
// transaction, and the password is checked outside of it, because checking may need slow
// hashing.
type Demands struct {
	policy identity.Policy
	user   storage.User
	stored storage.Password
	// unknown says that the connection does not exist; the code that stores the user
	// reports it.
	unknown bool
}

// DemandsOf reads the password policy of the connection with a name, and the user's
// current and former passwords.
func DemandsOf(tx *storage.Tx, connection string, user storage.User) (d Demands, err error) {
	conn, err := tx.Connections.Find("name", connection)
	if storage.IsNotFound(err) {
		return Demands{unknown: true}, nil
	}
	if err != nil {
		return d, err
	}
	stored, err := tx.Passwords.Get(user.AccountID())
	return Demands{policy: identity.PolicyOf(conn), user: user, stored: stored}, storage.Optional(err)
}

// Hash checks a new password and returns its hash. If the password does not meet the
// demands, it returns an *identity.PolicyError with the reason.
func (d Demands) Hash(ctx context.Context, passwords *identity.Passwords, password string) (string, error) {
	if !d.unknown {
		if err := passwords.CheckNew(ctx, d.policy, password, d.user, d.stored); err != nil {
			return "", err
		}
	}
	return passwords.Hash(ctx, password)
}

// SetPassword gives an account of a user a new password: the user's own account, which is the user_id or "", or a
// linked one. It ends the user's sessions and refresh tokens, Auth0:
// authenticate/database-connections/password-change, and removes blocks after wrong passwords. It changes doc, which
// the caller stores.
func SetPassword(tx *storage.Tx, doc storage.Document, account, hash string, now time.Time) error {
	id, _ := doc["user_id"].(string)
	user, err := tx.UserAs(id, account)
	if err != nil {
		return err
	}
	account = user.AccountID()
	conn, err := tx.Connections.Find("name", user.ConnectionName())
	if err := storage.Optional(err); err != nil {
		return err
	}
	stored, err := tx.Passwords.Get(account)
	if err := storage.Optional(err); err != nil {
		return err
	}
	doc["last_password_reset"] = resource.Time(now)
	return errors.Join(
		tx.Passwords.Put(identity.PolicyOf(conn).Replace(stored, account, hash)), tx.EndSessions(id, storage.PasswordChanged),
		tx.ForgetFailuresAt(id, account),
	)
}
