package management

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/tenant0/tenant0/server/account"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/identity"
	"github.com/tenant0/tenant0/storage"
)

// newPassword holds a password, "" for none, against the policy of the connection
// with a name, and returns its hash.
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
		return "", passwordRefused(refused.Error())
	}
	return hash, err
}

// changedPassword is newPassword for the user of the path.
func (c *call) changedPassword(password string) (string, error) {
	if password == "" {
		return "", nil
	}
	var user storage.User
	err := c.view(func(tx *storage.Tx) (err error) {
		user, err = tx.Users.Get(c.param("id"))
		return storage.Optional(err)
	})
	if err != nil {
		return "", err
	}
	return c.newPassword(user.ConnectionName(), user, password)
}

func passwordRefused(message string) error {
	return &apierr.Error{Status: http.StatusBadRequest, Message: message, Extra: map[string]any{"errorCode": "invalid_body"}}
}

// userOf reads a user's document.
func userOf(doc storage.Document) (user storage.User) {
	raw, _ := json.Marshal(doc)    // JSON values always marshal
	_ = json.Unmarshal(raw, &user) // and what is of another type is left out
	return user
}

// wantsVerification reports whether a new user is sent an e-mail to verify the
// address: where verify_email says so, and otherwise where the address is not
// verified, Auth0: api/management/v2/users/post-users.
func wantsVerification(doc storage.Document) bool {
	if text(doc, "email") == "" {
		return false
	}
	if told, ok := doc["verify_email"].(bool); ok {
		return told
	}
	return doc["email_verified"] != true
}
