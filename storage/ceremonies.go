package storage

import "time"

// Ceremony is what was begun and ends with a proof: a challenge that an authenticator is to sign, Web
// Authentication section 7, or what a user adds to the account by the My Account API. Its key says where: in a
// login of a browser, or by an auth_session of an API.
type Ceremony struct {
	Key string `json:"key"`
	// Purpose is what the answer may be used for, as whoever begins it names that.
	Purpose string `json:"purpose"`
	// ClientID is the application that it is for, and Connection the database, "" for any.
	ClientID   string `json:"client_id"`
	Connection string `json:"connection,omitempty"`
	// UserID is whose key it asks for, "" for whoever answers.
	UserID string `json:"user_id,omitempty"`
	// Profile is of the account that a new key is for, nil for one that there is.
	Profile Document `json:"profile,omitempty"`
	// Data is what the answer is held against.
	Data      []byte    `json:"data"`
	ExpiresAt time.Time `json:"expires_at"`
}

// PageCeremony is the key of the challenge of a login's pages.
func PageCeremony(stateHash, purpose string) string { return "page\x01" + stateHash + "\x01" + purpose }

// SessionCeremony is the key of the challenge of an auth_session, by its hash.
func SessionCeremony(hash string) string { return "session\x01" + hash }

var ceremonies = declare(spec[Ceremony]{
	name:     "ceremonies",
	measured: true,
	key:      func(c Ceremony) string { return c.Key },
	expires:  func(c Ceremony) time.Time { return c.ExpiresAt },
	indexes: []index[Ceremony]{
		{name: "user", values: func(c Ceremony) []string { return []string{c.UserID} }},
		{name: "age", values: func(c Ceremony) []string { return []string{sortableTime(c.ExpiresAt)} }},
	},
})

// maxCeremonies bounds the bytes of the challenges that wait: whoever can reach the server can ask
// for them. The oldest end past it.
const maxCeremonies = 16 << 20

// BeginCeremony writes a challenge in the place of the one with its key.
func (tx *Tx) BeginCeremony(c Ceremony) error {
	if err := tx.Ceremonies.Put(c); err != nil {
		return err
	}
	return tx.Ceremonies.records.boundSize(maxCeremonies)
}

// FindCeremony returns a challenge for a purpose, or an error that wraps ErrNotFound where there
// is none, or its time is over.
func (tx *Tx) FindCeremony(key, purpose string, now time.Time) (Ceremony, error) {
	c, err := tx.Ceremonies.Get(key)
	if err == nil && (c.Purpose != purpose || !now.Before(c.ExpiresAt)) {
		err = ErrNotFound
	}
	return c, err
}

// EndCeremony uses a challenge up. It returns ErrReused where that has happened, or another one
// has taken its place.
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
