package webauthn

import (
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
)

// How long a user is not offered a passkey again in a browser: after continuing without one, and after
// asking not to be offered one again. Auth0: authenticate/database-connections/passkeys.
const (
	declinedFor = 30 * 24 * time.Hour
	refusedFor  = 365 * 24 * time.Hour
)

func offerKey(browserHash, userID string) string {
	return keys.Hash("passkey\x01" + browserHash + "\x01" + userID)
}

// Decline records that a user continues without a passkey in a browser; forGood says that the user asked
// not to be offered one again.
func Decline(tx *storage.Tx, browserHash, userID string, forGood bool, now time.Time) error {
	span := declinedFor
	if forGood {
		span = refusedFor
	}
	return tx.RememberBrowser(storage.RememberedBrowser{Hash: offerKey(browserHash, userID), UserID: userID, CreatedAt: now, ExpiresAt: now.Add(span)})
}

// Declined reports whether a user must not be offered a passkey in a browser now.
func Declined(tx *storage.Tx, browserHash, userID string, now time.Time) (bool, error) {
	return tx.Remembers(offerKey(browserHash, userID), userID, now)
}
