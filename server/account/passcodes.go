package account

import (
	"context"
	"errors"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/identities"
)

// Defaults for the codes of a passwordless connection, Auth0:
// authenticate/passwordless/authentication-methods/email-otp.
const (
	passcodeDigits   = 6
	passcodeLifetime = 3 * time.Minute
)

// Bounds for a connection's settings; values outside are ignored.
const (
	minPasscodeDigits   = 4
	maxPasscodeDigits   = 40
	maxPasscodeLifetime = 24 * time.Hour
)

// PasscodeOf returns how many digits the codes of a passwordless connection have, and how long they
// are valid.
func PasscodeOf(conn storage.Connection) (digits int, lifetime time.Duration) {
	digits, lifetime = passcodeDigits, passcodeLifetime
	totp, _ := conn.Options["totp"].(map[string]any)
	if n, ok := totp["length"].(float64); ok && n >= minPasscodeDigits && n <= maxPasscodeDigits {
		digits = int(n)
	}
	if n, ok := totp["time_step"].(float64); ok && n > 0 && n <= maxPasscodeLifetime.Seconds() {
		lifetime = time.Duration(n * float64(time.Second))
	}
	return digits, lifetime
}

// TakesCodes reports whether users of a database connection may log in with codes that are sent to
// their "email" or "phone_number" (member), Auth0:
// authenticate/database-connections/passwordless-authentication-for-db-connect.
func TakesCodes(c storage.Connection, member string) bool {
	methods, _ := c.Options["authentication_methods"].(map[string]any)
	method, _ := methods[map[string]string{"email": "email_otp", "phone_number": "phone_otp"}[member]].(map[string]any)
	return c.Strategy == storage.DatabaseStrategy && method["enabled"] == true
}

// TryPasscode compares a code with the code that was sent to a user for an application; the
// clientID "" accepts any application. A wrong code is counted. The error is storage.ErrWrongCode,
// storage.ErrExpired or storage.ErrTooMany. A right code stays valid until UsePasscode.
func TryPasscode(ctx context.Context, db *storage.DB, secrets *keys.Secrets, user storage.User, clientID, code string, now time.Time) (storage.Passcode, error) {
	if user.UserID == "" {
		return storage.Passcode{}, storage.ErrWrongCode
	}
	key := storage.PasswordlessKey(user.AccountID())
	p, err := db.TryPasscode(ctx, key, secrets.SamePasscode(key, code), now)
	if storage.IsNotFound(err) || err == nil && clientID != "" && p.ClientID != clientID {
		return p, storage.ErrWrongCode
	}
	return p, err
}

// PasscodeSetting is the hint in errors about codes: what decides whether a code is accepted.
const PasscodeSetting = "the code, which is good once and for one application, and the time that the connection gives it"

// PasscodeSentence returns the message to the user about an error of TryPasscode.
func PasscodeSentence(strategy string, err error) string {
	switch {
	case errors.Is(err, storage.ErrExpired):
		return "The verification code has expired. Please try to login again."
	case errors.Is(err, storage.ErrTooMany):
		return "You've reached the maximum number of attempts. Please try to login again."
	case strategy == "sms":
		return "Wrong phone number or verification code."
	}
	return "Wrong email or verification code."
}

// UsePasscode uses a code up, and marks the e-mail address or phone number that it was sent to as
// verified. It returns storage.ErrReused if the code has been used already, or the account is not the user's any more.
func UsePasscode(tx *storage.Tx, p storage.Passcode, now time.Time) error {
	if err := tx.UsePasscode(p); err != nil {
		return err
	}
	doc, err := tx.Users.Document(p.UserID)
	if err != nil {
		return err
	}
	verified := "email_verified"
	if _, byEmail := identities.ProfileIn(doc, p.Account)["email"].(string); !byEmail {
		verified = "phone_verified"
	}
	return Verify(tx, doc, p.Account, verified, now)
}
