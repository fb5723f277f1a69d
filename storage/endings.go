package storage

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Endings distinguish an application and a user from deleted ones that had the same ids. An
// opaque access token carries the Endings at the time of its issue, because tokens issued
// without a refresh token have no record. They are numbers that only grow; 0 means that
// none with this id was deleted within the lifetime of any token.
type Endings struct {
	Client int64 `json:"client,omitempty"`
	User   int64 `json:"user,omitempty"`
}

// Ended reports whether a token with these endings belongs to an application or a user that
// has since been deleted; e are the current endings.
func (e Endings) Ended(token Endings) bool {
	return token.Client < e.Client || token.User < e.User
}

// Endings returns the current endings of an application and a user.
func (tx *Tx) Endings(clientID, userID string) (e Endings, err error) {
	if e.Client, err = tx.ending(clientEnding(clientID)); err != nil {
		return e, err
	}
	e.User, err = tx.ending(userEnding(userID))
	return e, err
}

func (tx *Tx) ending(key string) (int64, error) {
	r, err := tx.RevokedGrants.Get(key)
	return r.Ending, Optional(err)
}

// end invalidates the opaque access tokens of a deleted application or user. The record is
// kept for as long as such a token may live.
func (tx *Tx) end(key string, now time.Time) error {
	last, err := tx.ending(key)
	if err != nil {
		return err
	}
	// The time makes the number grow even after an earlier record has expired, and last+1
	// makes it grow if the clock stands still.
	return tx.RevokedGrants.Put(RevokedGrant{GrantID: key, Ending: max(last+1, now.UnixNano()), ExpiresAt: now.Add(opaqueLifetime)})
}

func clientEnding(id string) string { return endingKey("client", id) }
func userEnding(id string) string   { return endingKey("user", id) }

// endingKey hashes the id, so that nothing readable remains of what was deleted.
func endingKey(kind, id string) string {
	sum := sha256.Sum256([]byte(kind + "\x01" + id))
	return "ended-" + kind + "-" + hex.EncodeToString(sum[:])
}
