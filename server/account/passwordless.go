package account

import (
	"net/mail"
	"regexp"
	"strings"
	"sync"

	"github.com/tenant0/tenant0/storage"
)

// PasswordlessIdentifier is the member of a user that a passwordless connection sends codes
// to: "email" or "phone_number".
func PasswordlessIdentifier(conn storage.Connection) string {
	if conn.Strategy == "sms" {
		return "phone_number"
	}
	return "email"
}

// phoneNumber is how Auth0 wants phone numbers, and phoneDecoration what people put between
// their digits.
const phoneNumber = `^\+[0-9]{1,15}$`

var (
	isPhoneNumber   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(phoneNumber) })
	phoneDecoration = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "")
)

// PasswordlessAddress is what was typed as a passwordless connection keeps it, and whether
// it is an address or a number of the kind that the connection sends to.
func PasswordlessAddress(conn storage.Connection, typed string) (address string, fits bool) {
	typed = strings.TrimSpace(typed)
	if conn.Strategy == "sms" {
		number := phoneDecoration.Replace(typed)
		return number, isPhoneNumber().MatchString(number)
	}
	address = strings.ToLower(typed)
	parsed, err := mail.ParseAddress(address)
	return address, err == nil && parsed.Address == address
}
