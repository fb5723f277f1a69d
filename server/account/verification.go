package account

import "github.com/tenant0/tenant0/storage"

// Unverified is what a user of a connection has to prove before the login goes on: "email" or
// "phone_number" where the connection asks for that by a code, and "" for nothing.
func Unverified(c storage.Connection, user storage.User) (member string) {
	switch {
	case c.Verifies("email") && user.Email != "" && !user.EmailVerified:
		return "email"
	case c.Verifies("phone_number") && user.PhoneNumber != "" && !user.PhoneVerified:
		return "phone_number"
	}
	return ""
}
