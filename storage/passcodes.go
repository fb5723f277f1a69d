package storage

import (
	"context"
	"errors"
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// Passcode is a one-time code that was sent to a user, by e-mail, text message or phone call. Its key says what
// the code is for; entering it proves access to where it was sent.
type Passcode struct {
	Key string `json:"key"`
	// MAC is stored instead of the code, which has too few digits for a plain hash to hide it.
	MAC    []byte `json:"mac"`
	UserID string `json:"user_id"`
	// Account is the id of the user's account that was sent the code, "" for the user's own.
	Account string `json:"account,omitempty"`
	// ClientID is the application that asked for it.
	ClientID string `json:"client_id"`
	// Login is the hash of the mfa_token of the login that the code is a further factor of, and Authenticator
	// the id of that factor; both are "" if the code is the only factor.
	Login         string `json:"login,omitempty"`
	Authenticator string `json:"authenticator,omitempty"`
	// Challenge says what the code of an auth_session is for, nil for other codes.
	Challenge *OTPChallenge `json:"challenge,omitempty"`
	Attempts  int           `json:"attempts"` // wrong codes so far
	ExpiresAt time.Time     `json:"expires_at"`
}

// OTPChallenge is a code by which a user logs in to a database connection or signs up there.
type OTPChallenge struct {
	Connection string `json:"connection"`
	// Member is "email" or "phone_number", and Address the user's value of that member.
	Member  string `json:"member"`
	Address string `json:"address"`
	// SignsUp says that no user has the address yet, and that the code creates a user.
	SignsUp bool `json:"signs_up,omitempty"`
}

// ChallengeKey is the key of the code of an auth_session, from the session's hash.
func ChallengeKey(session string) string { return "challenge\x01" + session }

// PasswordlessKey is the key of the code by which the account of a passwordless connection logs in.
func PasswordlessKey(account string) string { return "passwordless\x01" + account }

// OOBKey is the key of the code that is sent for an oob_code.
func OOBKey(oobCode string) string { return "oob\x01" + oobCode }

// FurtherKey is the key of the code that is a further factor of a login on the pages.
func FurtherKey(stateHash string) string { return "further\x01" + stateHash }

// maxPasscodeAttempts is how many wrong codes may be tried, Auth0: authenticate/passwordless/best-practices.
const maxPasscodeAttempts = 3

// passcodeMemory is how long an expired code is kept, so that a user who is late is told that it has expired.
const passcodeMemory = time.Hour

var (
	// ErrWrongCode reports a one-time code that differs from the one sent.
	ErrWrongCode = errors.New("the code is wrong")
	// ErrTooMany reports too many wrong guesses at a one-time code; even the right code is refused then.
	ErrTooMany = errors.New("too many wrong codes")
)

var passcodes = table.Declare(table.Spec[Passcode]{
	Name:    "passcodes",
	Key:     func(p Passcode) string { return p.Key },
	Expires: func(p Passcode) time.Time { return p.ExpiresAt.Add(passcodeMemory) },
	Indexes: []table.Index[Passcode]{{Name: "user", Values: func(p Passcode) []string { return []string{p.UserID} }}},
})

// TryPasscode compares a code with the one that was sent for a key: same compares the MACs. It counts a wrong
// code even if ctx has ended, and leaves a right one for UsePasscode. It returns ErrNotFound, ErrExpired,
// ErrTooMany or ErrWrongCode.
func (db *DB) TryPasscode(ctx context.Context, key string, same func(mac []byte) bool, now time.Time) (p Passcode, err error) {
	var outcome error
	err = db.Update(context.WithoutCancel(ctx), func(tx *Tx) error {
		outcome = nil
		if p, err = tx.Passcodes.Get(key); err != nil {
			return err
		}
		switch {
		case !now.Before(p.ExpiresAt):
			outcome = ErrExpired
		case p.Attempts >= maxPasscodeAttempts:
			outcome = ErrTooMany
		case !same(p.MAC):
			outcome = ErrWrongCode
			p.Attempts++
			return tx.Passcodes.Put(p)
		}
		return nil
	})
	return p, errors.Join(err, outcome)
}

// UsePasscode uses up a code. It returns ErrReused if the code is already gone, or has been replaced by
// another.
func (tx *Tx) UsePasscode(p Passcode) error {
	now, err := tx.Passcodes.Get(p.Key)
	if IsNotFound(err) || err == nil && string(now.MAC) != string(p.MAC) {
		return ErrReused
	}
	if err != nil {
		return err
	}
	return tx.Passcodes.Delete(p.Key)
}
