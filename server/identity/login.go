package identity

import (
	"context"
	"errors"

	"github.com/tenant0/tenant0/storage"
)

// Account is a user of a database connection with the stored password. The zero value stands for an
// unknown user.
type Account struct {
	User   storage.User
	stored storage.Password
}

// Find returns the account with an identifier (e-mail address, username or phone number) in a
// database connection, or the zero Account if there is none. If the account is linked to a user, it is that user, as
// the account.
func Find(tx *storage.Tx, connection, identifier string) (a Account, err error) {
	if a.User, err = tx.UserByLogin(connection, identifier); err != nil {
		return Account{}, storage.Optional(err)
	}
	a.stored, err = tx.Passwords.Get(a.User.AccountID())
	return a, storage.Optional(err)
}

// LogIn returns the user with an identifier and a password in a database connection, or
// ErrWrongCredentials. With ErrWrongCredentials it also returns the user with that identifier, if
// there is one; this is for the tenant's log and must not be disclosed. proved is as for Prove.
func (p *Passwords) LogIn(ctx context.Context, db *storage.DB, connection, identifier, password string) (user storage.User, proved string, err error) {
	var a Account
	err = db.View(ctx, func(tx *storage.Tx) error {
		a, err = Find(tx, connection, identifier)
		return err
	})
	if err != nil {
		return storage.User{}, "", err
	}
	proved, err = p.VerifyPassword(ctx, db, a, password)
	return a.User, proved, err
}

// VerifyPassword checks the password of an account. It returns ErrWrongCredentials for a wrong password and
// for the zero Account. proved is the hash that the password was compared with: a session may begin
// only while it is still the user's stored hash.
func (p *Passwords) VerifyPassword(ctx context.Context, db *storage.DB, a Account, password string) (proved string, err error) {
	if err := p.Check(ctx, a.User.AccountID(), a.stored.Hash, password); err != nil || !IsImported(a.stored.Hash) {
		return a.stored.Hash, err
	}
	return p.renew(ctx, db, a.stored, password)
}

// renew replaces a hash from another system by a bcrypt hash, now that the password is known, and
// returns the hash that is stored afterwards. If the password is too long for bcrypt, the old hash
// is kept.
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
			return storage.Optional(err) // the password was changed or its hash was renewed in the meantime
		}
		proved, now.Hash = hash, hash
		return tx.Passwords.Put(now)
	})
	if err != nil || proved == hash {
		return proved, err
	}
	return proved, p.Check(ctx, stored.UserID, proved, password)
}
