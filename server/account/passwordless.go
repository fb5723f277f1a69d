package account

import (
	"net/mail"
	"regexp"
	"strings"
	"sync"

	"github.com/tenant0/tenant0/storage"
)

// PasswordlessIdentifier returns the member of a user to which a passwordless connection
// sends codes: "email" or "phone_number".
func PasswordlessIdentifier(conn storage.Connection) string {
	if conn.Strategy == "sms" {
		return "phone_number"
	}
	return "email"
}

// phoneNumber is the format of phone numbers that Auth0 accepts. phoneDecoration removes
// the characters that people type between digits.
const phoneNumber = `^\+[0-9]{1,15}$`

var (
	isPhoneNumber   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(phoneNumber) })
	phoneDecoration = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "")
)

// PasswordlessAddress normalizes the e-mail address or phone number that was typed, as a
// passwordless connection stores it, and reports whether the connection can send codes to
// it.
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
