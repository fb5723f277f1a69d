package identity

import (
	"context"
	"errors"

	"github.com/tenant0/tenant0/storage"
)

// Account is the user whom an identifier names in a database connection, with what the password is
// held against; the zero value is nobody's.
type Account struct {
	User   storage.User
	stored storage.Password
}

// Find returns the account that identifier (e-mail address, username or phone number) names in a
// database connection.
func Find(tx *storage.Tx, connection, identifier string) (a Account, err error) {
	if a.User, err = tx.UserByLogin(connection, identifier); err != nil {
		return Account{}, storage.Optional(err)
	}
	a.stored, err = tx.Passwords.Get(a.User.UserID)
	return a, storage.Optional(err)
}

// LogIn returns the user whom an identifier and a password name in a database connection, or
// ErrWrongCredentials. With that comes the user whose password it was not, if any: for the tenant's
// log, and for nobody to be told. proved is that of Prove.
func (p *Passwords) LogIn(ctx context.Context, db *storage.DB, connection, identifier, password string) (user storage.User, proved string, err error) {
	var a Account
	err = db.View(ctx, func(tx *storage.Tx) error {
		a, err = Find(tx, connection, identifier)
		return err
	})
	if err != nil {
		return storage.User{}, "", err
	}
	proved, err = p.Prove(ctx, db, a, password)
	return a.User, proved, err
}

// Prove returns nil for the password of an account, and ErrWrongCredentials for others and for
// nobody's. proved is the hash that the password was held against: a session may begin only while it
// is still the user's.
func (p *Passwords) Prove(ctx context.Context, db *storage.DB, a Account, password string) (proved string, err error) {
	if err := p.Check(ctx, a.User.UserID, a.stored.Hash, password); err != nil || !IsImported(a.stored.Hash) {
		return a.stored.Hash, err
	}
	return p.renew(ctx, db, a.stored, password)
}

// renew replaces a hash that another system made by one of our own, now that the
// password is known, and returns the one that is stored then. A password that bcrypt
// cannot hash keeps the one it has.
func (p *Passwords) renew(ctx context.Context, db *storage.DB, stored storage.Password, password string) (proved string, err error) {
	hash, err := p.Hash(ctx, password)
	if errors.Is(err, ErrPasswordTooLong) {
		return stored.Hash, nil
	}
	if err != nil {
		return "", err
	}
	err = db.Update(ctx, func(tx *storage.Tx) error {
		now, err := tx.Passwords.Get(stored.UserID)
		if proved = now.Hash; err != nil || now.Hash != stored.Hash {
			return storage.Optional(err) // it was changed meanwhile, or renewed
		}
		proved, now.Hash = hash, hash
		return tx.Passwords.Put(now)
	})
	if err != nil || proved == hash {
		return proved, err
	}
	return proved, p.Check(ctx, stored.UserID, proved, password)
}
