package storage

import (
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// MFALogin is a login at the token endpoint that waits for a further factor. Its key is the
// hash of its mfa_token.
type MFALogin struct {
	Hash string `json:"hash"`
	// Issue is what the login would have granted without the further factor; its scope is
	// decided again.
	Issue Issue `json:"issue"`
	// GTY is the value of the gty claim for the grant type that the login began with.
	GTY       string    `json:"gty,omitempty"`
	ExpiresAt time.Time `json:"expires_at"`
}

// mfaLoginMemory is how long an expired login is kept, so that an expired mfa_token can be
// told from an invalid one.
const mfaLoginMemory = time.Hour

var mfaLogins = table.Declare(table.Spec[MFALogin]{
	Name:    "mfa_logins",
	Key:     func(l MFALogin) string { return l.Hash },
	Expires: func(l MFALogin) time.Time { return l.ExpiresAt.Add(mfaLoginMemory) },
	Indexes: []table.Index[MFALogin]{{Name: "user", Values: func(l MFALogin) []string {
		return []string{mfaLoginIndex(l.Issue.UserID) + sortableTime(l.ExpiresAt)}
	}}},
})

func mfaLoginIndex(userID string) string { return userID + "\x01" }

// maxMFALogins bounds the pending logins of one user; beyond it the oldest is deleted.
const maxMFALogins = 100

// StartMFALogin stores a new login.
func (tx *Tx) StartMFALogin(l MFALogin) error {
	if err := tx.MFALogins.Put(l); err != nil {
		return err
	}
	return tx.records(mfaLogins.Kind).Bound("user", mfaLoginIndex(l.Issue.UserID), maxMFALogins)
}

// FinishMFALogin deletes a login. It returns ErrReused if the login was already finished.
func (tx *Tx) FinishMFALogin(hash string) error {
	has, err := tx.MFALogins.Has(hash)
	if err == nil && !has {
		err = ErrReused
	}
	if err != nil {
		return err
	}
	return tx.MFALogins.Delete(hash)
}

// endMFALoginsOf deletes the pending logins of a user.
func (tx *Tx) endMFALoginsOf(userID string) error {
	all, err := tx.records(mfaLogins.Kind).KeysInOrder("user", mfaLoginIndex(userID), maxMFALogins+1)
	if err != nil {
		return err
	}
	return tx.records(mfaLogins.Kind).DeleteAll(all)
}

// endMFALogins deletes the pending logins that meet a condition.
func (tx *Tx) endMFALogins(meets func(MFALogin) bool, values ...string) error {
	return deleteWhere(tx.MFALogins, tx.MFALogins.Mentioning("", values...), mfaLogins.KeyOf, meets)
}
