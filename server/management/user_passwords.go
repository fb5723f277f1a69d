package management

import (
	"errors"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// newPassword checks a password against the policy of a connection, and returns its hash.
// If the password is "", it returns "".
func (c *call) newPassword(connection string, user storage.User, password string) (string, error) {
	if password == "" {
		return "", nil
	}
	var demands account.Demands
	err := c.view(func(tx *storage.Tx) (err error) {
		demands, err = account.DemandsOf(tx, connection, user)
		return err
	})
	if err != nil {
		return "", err
	}
	hash, err := demands.Hash(c.ctx, c.Passwords, password)
	if refused, ok := errors.AsType[*identity.PolicyError](err); ok {
		return "", resource.InvalidBody(refused.Error())
	}
	return hash, err
}

// changedPassword is newPassword for a change of the user in the path: for the account that the change names by
// connection, or the user's own.
func (c *call) changedPassword(change storage.Document) (string, error) {
	password := storage.Text(change, "password")
	if password == "" {
		return "", nil
	}
	var user storage.User
	err := c.view(func(tx *storage.Tx) (err error) {
		user, err = objects.UserToChange(tx, c.param("id"), change)
		return err
	})
	if err != nil {
		return "", err
	}
	return c.newPassword(user.ConnectionName(), user, password)
}
