package webauthn

import (
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/storage"
)

// How long a user who has gone on without a passkey is offered none at the browser: until asked again, and
// for as long as the browser is known, where the user has said so. Auth0: authenticate/database-connections/passkeys.
const (
	declinedFor = 30 * 24 * time.Hour
	refusedFor  = 365 * 24 * time.Hour
)

func offerKey(browserHash, userID string) string {
	return keys.Hash("passkey\x01" + browserHash + "\x01" + userID)
}

// Decline notes that a user goes on without a passkey at a browser, and with forGood that none is to be
// offered again.
func Decline(tx *storage.Tx, browserHash, userID string, forGood bool, now time.Time) error {
	span := declinedFor
	if forGood {
		span = refusedFor
	}
	return tx.RememberBrowser(storage.RememberedBrowser{Hash: offerKey(browserHash, userID), UserID: userID, CreatedAt: now, ExpiresAt: now.Add(span)})
}

// Declined reports whether a user wants to be offered no passkey at a browser.
func Declined(tx *storage.Tx, browserHash, userID string, now time.Time) (bool, error) {
	return tx.Remembers(offerKey(browserHash, userID), userID, now)
}
