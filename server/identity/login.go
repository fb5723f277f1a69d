package identity

import (
	"context"
	"errors"

	"github.com/tenant0/tenant0/storage"
)

// LogIn returns the user whom identifier (e-mail address, username or phone
// number) and password name in a database connection, or ErrWrongCredentials. With
// that comes the user whose password it was not, if any: for the tenant's log, and
// for nobody to be told. proved is the hash that the password was held against: a
// session may begin only while it is still the user's.
func (p *Passwords) LogIn(ctx context.Context, db *storage.DB, connection, identifier, password string) (user storage.User, proved string, err error) {
	var stored storage.Password
	err = db.View(ctx, func(tx *storage.Tx) error {
		var err error
		if user, err = tx.UserByLogin(connection, identifier); err != nil {
			return err
		}
		stored, err = tx.Passwords.Get(user.UserID)
		return err
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return storage.User{}, "", err
	}
	if err := p.Check(ctx, user.UserID, stored.Hash, password); err != nil || !IsImported(stored.Hash) {
		return user, stored.Hash, err
	}
	proved, err = p.renew(ctx, db, stored, password)
	return user, proved, err
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
