package storage

import (
	"cmp"
	"time"
)

// SubjectToken is what the SDK of a simulated identity provider has given an app for a person, who
// logs in to an application by it.
type SubjectToken struct {
	Hash string `json:"hash"`
	// Kind is the subject_token_type.
	Kind string `json:"kind"`
	// Connection is the name of the connection whose provider has given it, and Audience what that
	// calls the tenant: the client_id among the options of the connection.
	Connection string `json:"connection"`
	Audience   string `json:"audience,omitempty"`
	// Person is the id of whom it is about.
	Person string `json:"person"`
	// ClientID is the one application that it is good for, "" for each one of the connection's, and Once
	// says that it is good once.
	ClientID  string    `json:"client_id,omitempty"`
	Once      bool      `json:"once,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
}

var subjectTokens = declare(spec[SubjectToken]{
	name:    "subject_tokens",
	key:     func(t SubjectToken) string { return t.Hash },
	expires: func(t SubjectToken) time.Time { return t.ExpiresAt },
})

// UseSubjectToken returns the token with a hash, which is used up where it is good once. One that is not
// there, or whose time is over, is ErrNotFound.
func (tx *Tx) UseSubjectToken(hash string, now time.Time) (SubjectToken, error) {
	t, err := tx.SubjectTokens.Get(hash)
	if err != nil || !now.Before(t.ExpiresAt) {
		return SubjectToken{}, cmp.Or(err, ErrNotFound)
	}
	if t.Once {
		err = tx.SubjectTokens.Delete(hash)
	}
	return t, err
}
