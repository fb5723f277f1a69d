package storage

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Endings tell an application and a user from earlier ones that had the same ids. An opaque
// access token carries those of its making, since no record leads to the tokens that came
// without a refresh token. They are numbers that only grow; 0 is of those who had no
// forerunner, as far as any token could remember one.
type Endings struct {
	Client int64 `json:"client,omitempty"`
	User   int64 `json:"user,omitempty"`
}

// Ended reports whether a token with the endings is of an application or a user that is
// deleted, where e are the endings of now.
func (e Endings) Ended(token Endings) bool {
	return token.Client < e.Client || token.User < e.User
}

// Endings returns those of an application and a user.
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

// end has the opaque access tokens of what is deleted end with it. It is remembered for as
// long as one may live.
func (tx *Tx) end(key string, now time.Time) error {
	last, err := tx.ending(key)
	if err != nil {
		return err
	}
	// The time, so that it grows when an earlier one is forgotten, and more than the last
	// where the clock stands still.
	return tx.RevokedGrants.Put(RevokedGrant{GrantID: key, Ending: max(last+1, now.UnixNano()), ExpiresAt: now.Add(opaqueLifetime)})
}

func clientEnding(id string) string { return endingKey("client", id) }
func userEnding(id string) string   { return endingKey("user", id) }

// endingKey does not show the id: nothing of what is deleted remains.
func endingKey(kind, id string) string {
	sum := sha256.Sum256([]byte(kind + "\x01" + id))
	return "ended-" + kind + "-" + hex.EncodeToString(sum[:])
}
