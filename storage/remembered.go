package storage

import (
	"time"

	"github.com/tenant0/tenant0/storage/table"
)

// RememberedBrowser is a browser at which a user is not asked for a further factor, Auth0:
// secure/multi-factor-authentication/customize-mfa. Its key is a hash of the browser's cookie
// and the user, so that the cookie is of no use to another user.
type RememberedBrowser struct {
	Hash      string    `json:"hash"`
	UserID    string    `json:"user_id"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// maxRememberedBrowsers bounds the browsers of one user; beyond it the oldest is forgotten.
const maxRememberedBrowsers = 100

var rememberedBrowsers = table.Declare(table.Spec[RememberedBrowser]{
	Name:    "remembered_browsers",
	Key:     func(b RememberedBrowser) string { return b.Hash },
	Expires: func(b RememberedBrowser) time.Time { return b.ExpiresAt },
	Indexes: []table.Index[RememberedBrowser]{
		{Name: "user", Values: func(b RememberedBrowser) []string { return []string{b.UserID} }},
		{Name: "age", Values: func(b RememberedBrowser) []string { return []string{b.UserID + "\x01" + sortableTime(b.CreatedAt)} }},
	},
})

// RememberBrowser stores a browser of a user.
func (tx *Tx) RememberBrowser(b RememberedBrowser) error {
	if err := tx.RememberedBrowsers.Put(b); err != nil {
		return err
	}
	return tx.records(rememberedBrowsers.Kind).Bound("age", b.UserID+"\x01", maxRememberedBrowsers)
}

// Remembers reports whether a browser of a user is remembered at time now.
func (tx *Tx) Remembers(hash, userID string, now time.Time) (bool, error) {
	b, err := tx.RememberedBrowsers.Get(hash)
	return err == nil && b.UserID == userID && now.Before(b.ExpiresAt), Optional(err)
}

// ForgetBrowsers makes every browser of a user ask for a further factor again.
func (tx *Tx) ForgetBrowsers(userID string) error {
	return deleteOfUser(tx.records(rememberedBrowsers.Kind), userID)
}
