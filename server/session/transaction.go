package session

import (
	"crypto/subtle"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Transaction returns the login under way that a page's state names, or
// apierr.TransactionExpired when there is none or it is over, or
// apierr.TransactionForeign when another browser began it.
func (c Cookies) Transaction(db *storage.DB, r *http.Request, state string, now time.Time) (storage.Transaction, error) {
	t, err := c.find(db, r, state, now)
	if err == nil && t.Logout != nil {
		return t, apierr.TransactionExpired
	}
	return t, err
}

// LogoutTransaction is Transaction for the question whether to log out.
func (c Cookies) LogoutTransaction(db *storage.DB, r *http.Request, state string, now time.Time) (storage.Transaction, error) {
	t, err := c.find(db, r, state, now)
	if err == nil && t.Logout == nil {
		return t, apierr.TransactionExpired
	}
	return t, err
}

func (c Cookies) find(db *storage.DB, r *http.Request, state string, now time.Time) (t storage.Transaction, err error) {
	err = db.View(func(tx *storage.Tx) error {
		t, err = tx.Transactions.Get(keys.Hash(state))
		return err
	})
	switch {
	case storage.IsNotFound(err):
		return t, apierr.TransactionExpired.With(err)
	case err != nil:
		return t, err
	case !now.Before(t.ExpiresAt):
		return t, apierr.TransactionExpired
	case !equal(keys.Hash(c.Browser(r)), t.BrowserHash):
		return t, apierr.TransactionForeign
	}
	return t, nil
}

// CheckForm reports whether a form belongs to the transaction: apierr.CrossSite
// when it does not carry its token.
func CheckForm(t storage.Transaction, token string) error {
	if !equal(token, t.CSRF) {
		return apierr.CrossSite
	}
	return nil
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
