package storage

import (
	"context"
	"errors"
	"time"
)

// Passcode is a one-time code that was sent to a person, by whatever channel. Its key says
// what it proves: whoever brings the code back has what it was sent to.
type Passcode struct {
	Key string `json:"key"`
	// MAC is what is kept of the code; a code has too few digits for a hash to hide it.
	MAC    []byte `json:"mac"`
	UserID string `json:"user_id"`
	// ClientID is the application that asked for it.
	ClientID string `json:"client_id"`
	// Login is the hash of the mfa_token of the login that the code is a further factor of, and
	// Authenticator the id of the factor; "" for a code that is the only one.
	Login         string `json:"login,omitempty"`
	Authenticator string `json:"authenticator,omitempty"`
	// Challenge is what the code of an auth_session is for, nil for others.
	Challenge *OTPChallenge `json:"challenge,omitempty"`
	Attempts  int           `json:"attempts"` // wrong ones so far
	ExpiresAt time.Time     `json:"expires_at"`
}

// OTPChallenge is a code by which a person logs in to a database, or makes an account there.
type OTPChallenge struct {
	Connection string `json:"connection"`
	// Member is "email" or "phone_number", and Address what a user has there.
	Member  string `json:"member"`
	Address string `json:"address"`
	// SignsUp says that nobody has it, and that the code makes an account.
	SignsUp bool `json:"signs_up,omitempty"`
}

// ChallengeKey is the key of the code of an auth_session, by its hash.
func ChallengeKey(session string) string { return "challenge\x01" + session }

// PasswordlessKey is the key of the code by which a user of a passwordless connection logs in.
func PasswordlessKey(userID string) string { return "passwordless\x01" + userID }

// OOBKey is the key of the code that is sent for an oob_code.
func OOBKey(oobCode string) string { return "oob\x01" + oobCode }

// FurtherKey is the key of the code that is a further factor of a login at the pages.
func FurtherKey(stateHash string) string { return "further\x01" + stateHash }

// maxPasscodeAttempts is how many wrong codes may be tried, Auth0:
// authenticate/passwordless/best-practices.
const maxPasscodeAttempts = 3

// passcodeMemory is how long a code is kept after its time, so that a person who is late
// can be told.
const passcodeMemory = time.Hour

var (
	// ErrWrongCode reports a one-time code that is not the one that was sent.
	ErrWrongCode = errors.New("the code is wrong")
	// ErrTooMany reports a one-time code that was guessed at too often: no code will do now.
	ErrTooMany = errors.New("too many wrong codes")
)

var passcodes = declare(spec[Passcode]{
	name:    "passcodes",
	key:     func(p Passcode) string { return p.Key },
	expires: func(p Passcode) time.Time { return p.ExpiresAt.Add(passcodeMemory) },
	indexes: []index[Passcode]{{name: "user", values: func(p Passcode) []string { return []string{p.UserID} }}},
})

// TryPasscode holds a code against the one that was sent for a key: same compares its MAC. It
// counts a wrong one, also where ctx has ended, and leaves a right one for UsePasscode. It returns ErrNotFound,
// ErrTooLate, ErrTooMany or ErrWrongCode.
func (db *DB) TryPasscode(ctx context.Context, key string, same func(mac []byte) bool, now time.Time) (p Passcode, err error) {
	var outcome error
	err = db.Update(context.WithoutCancel(ctx), func(tx *Tx) error {
		outcome = nil
		if p, err = tx.Passcodes.Get(key); err != nil {
			return err
		}
		switch {
		case !now.Before(p.ExpiresAt):
			outcome = ErrTooLate
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

// UsePasscode uses a code up. It returns ErrReused where it is not there any more, or
// another one was sent since.
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
