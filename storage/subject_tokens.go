package storage

import (
	"cmp"
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// SubjectToken is a token that the SDK of a simulated identity provider has issued to an app, which
// exchanges it to log a person in.
type SubjectToken struct {
	Hash string `json:"hash"`
	// Kind is the subject_token_type.
	Kind string `json:"kind"`
	// Connection is the name of the connection whose provider has issued it, and Audience the tenant's
	// client_id at that provider: the client_id among the options of the connection.
	Connection string `json:"connection"`
	Audience   string `json:"audience,omitempty"`
	// Person is the id of the person whom the token identifies.
	Person string `json:"person"`
	// ClientID is the only application that may use it, "" for any application of the connection. Once
	// says that it can be used only once.
	ClientID  string    `json:"client_id,omitempty"`
	Once      bool      `json:"once,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
}

var subjectTokens = table.Declare(table.Spec[SubjectToken]{
	Name:    "subject_tokens",
	Key:     func(t SubjectToken) string { return t.Hash },
	Expires: func(t SubjectToken) time.Time { return t.ExpiresAt },
})

// UseSubjectToken returns the token with a hash, and deletes it if it can be used only once. If there is
// no such token, or it has expired, the error is ErrNotFound.
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
