package storage

import (
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// Ceremony is a procedure that was begun and that a proof completes: a challenge for an authenticator to sign
// (Web Authentication section 7), or an authentication method that a user adds in the My Account API. Its key
// is that of a login's pages or of an API's auth_session, see PageCeremony and SessionCeremony.
type Ceremony struct {
	Key string `json:"key"`
	// Purpose is what the answer may be used for. FindCeremony returns the challenge for this purpose only.
	Purpose string `json:"purpose"`
	// ClientID is the application that began it, and Connection the database of the account, "" for any.
	ClientID   string `json:"client_id"`
	Connection string `json:"connection,omitempty"`
	// UserID is the user whose key must answer, "" if any user may.
	UserID string `json:"user_id,omitempty"`
	// Profile describes the account to create with the new key, nil if the account exists.
	Profile Document `json:"profile,omitempty"`
	// Data is what the answer is compared with.
	Data      []byte    `json:"data"`
	ExpiresAt time.Time `json:"expires_at"`
}

// PageCeremony is the key of a challenge on the pages of a login.
func PageCeremony(stateHash, purpose string) string { return "page\x01" + stateHash + "\x01" + purpose }

// SessionCeremony is the key of a challenge of an auth_session, from the session's hash.
func SessionCeremony(hash string) string { return "session\x01" + hash }

var ceremonies = table.Declare(table.Spec[Ceremony]{
	Name:     "ceremonies",
	Measured: true,
	Key:      func(c Ceremony) string { return c.Key },
	Expires:  func(c Ceremony) time.Time { return c.ExpiresAt },
	Indexes: []table.Index[Ceremony]{
		{Name: "user", Values: func(c Ceremony) []string { return []string{c.UserID} }},
		{Name: "age", Values: func(c Ceremony) []string { return []string{sortableTime(c.ExpiresAt)} }},
	},
})

// maxCeremonies bounds the total bytes of pending challenges, which anyone who can reach the server can
// request. Beyond it the oldest are deleted.
const maxCeremonies = 16 << 20

// BeginCeremony stores a challenge, replacing an earlier one with the same key.
func (tx *Tx) BeginCeremony(c Ceremony) error {
	if err := tx.Ceremonies.Put(c); err != nil {
		return err
	}
	return tx.records(ceremonies.Kind).BoundSize(maxCeremonies)
}

// FindCeremony returns the challenge with a key and a purpose, or an error that wraps ErrNotFound if there is
// no such challenge or it has expired.
func (tx *Tx) FindCeremony(key, purpose string, now time.Time) (Ceremony, error) {
	c, err := tx.Ceremonies.Get(key)
	if err == nil && (c.Purpose != purpose || !now.Before(c.ExpiresAt)) {
		err = ErrNotFound
	}
	return c, err
}

// EndCeremony uses up a challenge. It returns ErrReused if the challenge was already used, or another one has
// replaced it.
func (tx *Tx) EndCeremony(c Ceremony) error {
	now, err := tx.Ceremonies.Get(c.Key)
	if IsNotFound(err) || err == nil && string(now.Data) != string(c.Data) {
		return ErrReused
	}
	if err != nil {
		return err
	}
	return tx.Ceremonies.Delete(c.Key)
}
