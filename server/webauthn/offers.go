package webauthn

import (
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
)

// Offer is a kind of key that users are offered to create after they have logged in otherwise.
type Offer struct {
	name string
	// pause and rest are how long a user is not offered one again in a browser: after continuing without one, and after asking not
	// to be offered one again.
	pause, rest time.Duration
}

const day = 24 * time.Hour

var (
	// OfPasskeys is the offer of a passkey, Auth0: authenticate/database-connections/passkeys.
	OfPasskeys = Offer{"passkey", 30 * day, 365 * day}
	// OfBiometrics is the offer to add the device of the browser as a further factor, Auth0:
	// authenticate/login/auth0-universal-login/passwordless-login/webauthn-device-biometrics.
	OfBiometrics = Offer{"biometrics", 14 * day, 365 * day}
)

func (o Offer) key(browserHash, userID string) string {
	return keys.Hash(o.name + "\x01" + browserHash + "\x01" + userID)
}

// Decline records that a user continues without such a key in a browser; forGood says that the user asked
// not to be offered one again.
func (o Offer) Decline(tx *storage.Tx, browserHash, userID string, forGood bool, now time.Time) error {
	span := o.pause
	if forGood {
		span = o.rest
	}
	return tx.RememberBrowser(storage.RememberedBrowser{Hash: o.key(browserHash, userID), UserID: userID, CreatedAt: now, ExpiresAt: now.Add(span)})
}

// Declined reports whether a user must not be offered such a key in a browser now.
func (o Offer) Declined(tx *storage.Tx, browserHash, userID string, now time.Time) (bool, error) {
	return tx.Remembers(o.key(browserHash, userID), userID, now)
}
