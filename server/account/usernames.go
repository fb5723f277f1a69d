package account

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/tenant0/tenant0/storage"
)

// UsernameError reports a username that the rules of a connection do not allow.
type UsernameError struct{ message string }

func (e *UsernameError) Error() string { return e.message }

// CheckUsername checks a username ("" if there is none) by the rules of a connection,
// Auth0: authenticate/database-connections/require-username. required says that a
// username may not be missing if the connection asks for one; it is set when people sign
// up themselves. The error is a *UsernameError.
func CheckUsername(conn storage.Connection, username string, required bool) error {
	if conn.Strategy != storage.DatabaseStrategy {
		return nil
	}
	if !takesUsernames(conn) {
		if username != "" {
			return &UsernameError{"Cannot set username for connection without requires_username"}
		}
		return nil
	}
	if username == "" {
		if required && HasUsernames(conn) {
			return &UsernameError{"Missing required property: username"}
		}
		return nil
	}
	rules := usernameRules(conn)
	length := utf8.RuneCountInString(username)
	switch {
	case length < rules.min || length > rules.max:
		return &UsernameError{fmt.Sprintf("Username should have between %d and %d characters.", rules.min, rules.max)}
	case strings.Contains(username, "@"):
		if rules.emails && emailShaped().MatchString(username) {
			return nil
		}
		return &UsernameError{"Username may not be an email address."}
	case phoneShaped().MatchString(username) && strings.HasPrefix(username, "+"):
		if rules.phones {
			return nil
		}
		return &UsernameError{"Username may not be a phone number."}
	case !usernameCharacters().MatchString(username):
		return &UsernameError{"Username can only contain alphanumeric characters and the following characters: _ + - . ! # $ ^ ` ~ '"}
	}
	return nil
}

var (
	usernameCharacters = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("^[A-Za-z0-9_+.!#$'^`~-]+$") })
	emailShaped        = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[^\s@]+@[^\s@]+$`) })
	phoneShaped        = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\+[0-9]{1,15}$`) })
)

// takesUsernames reports whether accounts at a connection may have a username.
func takesUsernames(conn storage.Connection) bool {
	if attributes, flexible := conn.Options["attributes"].(map[string]any); flexible {
		_, has := attributes["username"]
		return has
	}
	return conn.Options["requires_username"] == true
}

type rulesOfUsernames struct {
	min, max       int
	emails, phones bool
}

// UsernameLengths returns the least and the greatest number of characters of a
// connection's usernames.
func UsernameLengths(conn storage.Connection) (least, most int) {
	rules := usernameRules(conn)
	return rules.min, rules.max
}

// usernameRules returns the rules for usernames at a connection: 1 to 15 characters
// unless the connection sets other bounds.
func usernameRules(conn storage.Connection) rulesOfUsernames {
	rules := rulesOfUsernames{min: 1, max: 15}
	read := func(from map[string]any, least, most string) {
		if n, ok := from[least].(float64); ok {
			rules.min = int(n)
		}
		if n, ok := from[most].(float64); ok {
			rules.max = int(n)
		}
	}
	if attributes, flexible := conn.Options["attributes"].(map[string]any); flexible {
		attribute, _ := attributes["username"].(map[string]any)
		validation, _ := attribute["validation"].(map[string]any)
		read(validation, "min_length", "max_length")
		allowed, _ := validation["allowed_types"].(map[string]any)
		rules.emails, rules.phones = allowed["email"] == true, allowed["phone_number"] == true
		return rules
	}
	validation, _ := conn.Options["validation"].(map[string]any)
	username, _ := validation["username"].(map[string]any)
	read(username, "min", "max")
	return rules
}
