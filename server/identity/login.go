package identity

import (
	"errors"

	"github.com/tenant0/tenant0/storage"
)

// LogIn returns the user whom identifier (e-mail address, username or phone
// number) and password name in a database connection, or ErrWrongCredentials. With
// that comes the user whose password it was not, if any: for the tenant's log, and
// for nobody to be told.
func (p *Passwords) LogIn(db *storage.DB, connection, identifier, password string) (storage.User, error) {
	var user storage.User
	var stored storage.Password
	err := db.View(func(tx *storage.Tx) error {
		var err error
		if user, err = tx.UserByLogin(connection, identifier); err != nil {
			return err
		}
		stored, err = tx.Passwords.Get(user.UserID)
		return err
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return storage.User{}, err
	}
	return user, p.Check(user.UserID, stored.Hash, password)
}
