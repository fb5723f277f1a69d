// Package account makes accounts at connections and changes what they prove
// themselves with: ids and identities of new users, new passwords, and what too many wrong
// passwords do. It shows no page and writes no e-mail.
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

// providers are the first parts of user ids by strategy, where they differ.
var providers = map[string]string{"auth0-adldap": "ad"}

// enterprise are the strategies of organizations' own directories.
var enterprise = []string{
	"samlp", "oidc", "okta", "waad", "ad", "adfs", "auth0-adldap", "custom", "google-apps", "office365", "pingfederate", "sharepoint",
}

// IsEnterprise reports whether a connection leads to the directory of an organization.
func IsEnterprise(conn storage.Connection) bool { return slices.Contains(enterprise, conn.Strategy) }

// Provider is the first part of the ids of those who log in with a connection.
func Provider(conn storage.Connection) string {
	return cmp.Or(providers[conn.Strategy], conn.Strategy)
}

// Identify gives a new user an id and an identity at the connection. A user_id
// that is there becomes the part after the provider.
func Identify(doc storage.Document, conn storage.Connection) {
	provider := Provider(conn)
	local, _ := doc["user_id"].(string)
	local = cmp.Or(local, resource.ObjectID())
	doc["user_id"] = provider + "|" + local
	doc["identities"] = []any{Identity(conn, provider, local)}
}

// Identity is what a user is at a connection: the account with an id at a provider.
func Identity(conn storage.Connection, provider, local string) storage.Document {
	social := conn.AtProvider() && !IsEnterprise(conn)
	return storage.Document{"connection": conn.Name, "user_id": local, "provider": provider, "isSocial": social}
}

// Add makes a user of a document at a connection: it gives the user an id, an identity and
// what follows from other members, and writes both with the hash of a first password, ""
// for none. The error is Users.Taken for an id that a user has, and for an address or a
// name Users.Taken with the cause, which wraps storage.ErrConflict.
func Add(tx *storage.Tx, conn storage.Connection, doc storage.Document, hash string, now time.Time) error {
	Identify(doc, conn)
	identity.Complete(doc, now)
	if known, err := tx.Users.Has(storage.Text(doc, "user_id")); err != nil || known {
		return cmp.Or(err, error(resource.Users.Taken))
	}
	return Put(tx, doc, hash)
}

// Put writes a user and, unless it is "", the hash of a first password. An address
// that is taken is the answer Users.Taken.
func Put(tx *storage.Tx, doc storage.Document, hash string) error {
	err := tx.Users.Put(doc)
	if storage.IsConflict(err) {
		return resource.Users.Taken.With(err)
	}
	if err != nil || hash == "" {
		return err
	}
	id, _ := doc["user_id"].(string)
	return tx.Passwords.Put(storage.Password{UserID: id, Hash: hash})
}

// Demands are what a new password of a user is held against: it is read in a transaction
// and checked outside of it, since that may take hashing.
type Demands struct {
	policy identity.Policy
	user   storage.User
	stored storage.Password
	// unknown is a connection that is not there: whoever writes the user says so.
	unknown bool
}

// DemandsOf reads the policy of the connection with a name, and the user's password so
// far.
func DemandsOf(tx *storage.Tx, connection string, user storage.User) (d Demands, err error) {
	conn, err := tx.Connections.Find("name", connection)
	if storage.IsNotFound(err) {
		return Demands{unknown: true}, nil
	}
	if err != nil {
		return d, err
	}
	stored, err := tx.Passwords.Get(user.UserID)
	return Demands{policy: identity.PolicyOf(conn), user: user, stored: stored}, storage.Optional(err)
}

// Hash returns the hash of a new password that meets the demands: an
// *identity.PolicyError says what another does not meet.
func (d Demands) Hash(ctx context.Context, passwords *identity.Passwords, password string) (string, error) {
	if !d.unknown {
		if err := passwords.CheckNew(ctx, d.policy, password, d.user, d.stored); err != nil {
			return "", err
		}
	}
	return passwords.Hash(ctx, password)
}

// SetPassword gives a user a new password. It ends the user's sessions and refresh
// tokens, Auth0: authenticate/database-connections/password-change, and blocks
// that wrong passwords led to.
func SetPassword(tx *storage.Tx, doc storage.Document, hash string, now time.Time) error {
	id, _ := doc["user_id"].(string)
	user, err := tx.Users.Get(id)
	if err != nil {
		return err
	}
	conn, err := tx.Connections.Find("name", user.ConnectionName())
	if err := storage.Optional(err); err != nil {
		return err
	}
	stored, err := tx.Passwords.Get(id)
	if err := storage.Optional(err); err != nil {
		return err
	}
	doc["last_password_reset"] = resource.Time(now)
	return errors.Join(
		tx.Passwords.Put(identity.PolicyOf(conn).Replace(stored, id, hash)), tx.EndSessions(id, storage.PasswordChanged), tx.ForgetLoginFailures(id),
	)
}
