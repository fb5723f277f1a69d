package account

import "github.com/tenant0/tenant0/storage"

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
