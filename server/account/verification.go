package account

import (
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/identities"
)

// Unverified returns the member of a user, "email" or "phone_number", that the user has to
// verify with a code before the login goes on, or "" if there is nothing to verify.
func Unverified(c storage.Connection, user storage.User) (member string) {
	switch {
	case c.Verifies("email") && user.Email != "" && !user.EmailVerified:
		return "email"
	case c.Verifies("phone_number") && user.PhoneNumber != "" && !user.PhoneVerified:
		return "phone_number"
	}
	return ""
}

// Verify sets "email_verified" or "phone_verified" (member) of an account of a user, and stores the user if that is
// news. It returns storage.ErrReused if the account is not the user's any more.
func Verify(tx *storage.Tx, user storage.Document, account, member string, now time.Time) error {
	profile := identities.ProfileIn(user, account)
	switch {
	case profile == nil:
		return storage.ErrReused
	case profile[member] == true:
		return nil
	}
	profile[member], user["updated_at"] = true, resource.Time(now)
	return tx.Users.Put(user)
}
