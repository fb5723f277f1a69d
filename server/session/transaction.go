package session

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// Transaction returns the login under way that the state in a page's URL belongs to. It fails
// with apierr.TransactionExpired if there is no such login or it has ended, and with
// apierr.TransactionForeign if another browser began it.
func (c Cookies) Transaction(db *storage.DB, r *http.Request, state string, now time.Time) (t storage.Transaction, err error) {
	err = db.View(r.Context(), func(tx *storage.Tx) error {
		t, err = c.TransactionIn(tx, r, state, now)
		return err
	})
	return t, err
}

// TransactionIn is Transaction within a transaction of the store.
func (c Cookies) TransactionIn(tx *storage.Tx, r *http.Request, state string, now time.Time) (storage.Transaction, error) {
	t, err := c.findIn(tx, r, state, now)
	if err == nil && (t.Logout != nil || t.Enrollment != nil || t.Connect != "") {
		return t, apierr.TransactionExpired
	}
	return t, err
}

// FactorTransaction is Transaction for the pages of further factors, which also accept the
// enrollment of a factor by a ticket.
func (c Cookies) FactorTransaction(db *storage.DB, r *http.Request, state string, now time.Time) (storage.Transaction, error) {
	t, err := c.find(db, r, state, now)
	if err == nil && (t.Logout != nil || t.Connect != "") {
		return t, apierr.TransactionExpired
	}
	return t, err
}

// LogoutTransaction is Transaction for the page that asks whether to log out.
func (c Cookies) LogoutTransaction(db *storage.DB, r *http.Request, state string, now time.Time) (storage.Transaction, error) {
	t, err := c.find(db, r, state, now)
	if err == nil && t.Logout == nil {
		return t, apierr.TransactionExpired
	}
	return t, err
}

// EnrollmentTransaction is Transaction for the enrollment of a factor by a ticket.
func (c Cookies) EnrollmentTransaction(db *storage.DB, r *http.Request, state string, now time.Time) (storage.Transaction, error) {
	t, err := c.find(db, r, state, now)
	if err == nil && t.Enrollment == nil {
		return t, apierr.TransactionExpired
	}
	return t, err
}

// StateOf returns the state that a request for a page carries: from its URL, as the pages' own
// forms send it, or else from the form, which must have been parsed.
func StateOf(r *http.Request) string {
	if state := r.URL.Query().Get("state"); state != "" {
		return state
	}
	return r.PostForm.Get("state")
}

// AbilitiesIn returns what a form says that the browser can do, nil if it does not say.
func AbilitiesIn(form url.Values) *storage.Abilities {
	if !form.Has("js-available") && !form.Has("webauthn-available") && !form.Has("webauthn-platform-available") {
		return nil
	}
	return &storage.Abilities{
		WebAuthn: strings.EqualFold(form.Get("webauthn-available"), "true"), Platform: strings.EqualFold(form.Get("webauthn-platform-available"), "true"),
	}
}

// Start begins a transaction, binds it to the request's browser, and returns the state that
// identifies it in the URLs of the pages.
func (c Cookies) Start(w http.ResponseWriter, r *http.Request, db *storage.DB, t storage.Transaction) (state string, err error) {
	if web.IsSubresource(r) {
		return "", apierr.Subresource
	}
	state = keys.Random(32)
	mark := c.Browser(r)
	marked, ephemeral := mark != "", false
	if !marked {
		mark = keys.Random(32)
	}
	t.StateHash, t.BrowserHash = keys.Hash(state), keys.Hash(mark)
	err = db.UpdateVolatile(r.Context(), func(tx *storage.Tx) error {
		if !marked {
			tenant, err := tx.Tenant.GetShared(storage.TenantKey)
			if err := storage.Optional(err); err != nil {
				return err
			}
			ephemeral = tenant.Ephemeral()
		}
		return tx.StartTransaction(t)
	})
	if err == nil && !marked {
		c.write(w, browserCookie, mark, lasting(browserLifetime, ephemeral))
	}
	return state, answered(err)
}

// ChangeTransaction is storage's ChangeTransaction, with errors that a browser can be shown:
// apierr.TransactionExpired if the login has ended.
func ChangeTransaction(tx *storage.Tx, stateHash string, now time.Time, change func(*storage.Transaction) error) error {
	return answered(tx.ChangeTransaction(stateHash, now, change))
}

// ViewTransaction is storage's ViewTransaction, with the same errors as ChangeTransaction.
func ViewTransaction(tx *storage.Tx, stateHash string, now time.Time) (storage.Transaction, error) {
	t, err := tx.ViewTransaction(stateHash, now)
	return t, answered(err)
}

func answered(err error) error {
	switch {
	case errors.Is(err, storage.ErrTransactionOver):
		return apierr.TransactionExpired.With(err)
	case errors.Is(err, storage.ErrTooLong):
		return apierr.TooLong(err)
	}
	return err
}

func (c Cookies) find(db *storage.DB, r *http.Request, state string, now time.Time) (t storage.Transaction, err error) {
	err = db.View(r.Context(), func(tx *storage.Tx) error {
		t, err = c.findIn(tx, r, state, now)
		return err
	})
	return t, err
}

func (c Cookies) findIn(tx *storage.Tx, r *http.Request, state string, now time.Time) (storage.Transaction, error) {
	t, err := tx.Transactions.Get(keys.Hash(state))
	return t, c.check(r, t, err, now)
}

// Upstream returns the login under way that sent the browser to another identity provider, by
// the state that the provider's answer carries. It fails like Transaction.
func (c Cookies) Upstream(db *storage.DB, r *http.Request, state string, now time.Time) (t storage.Transaction, err error) {
	err = db.View(r.Context(), func(tx *storage.Tx) error {
		t, err = tx.TransactionOfUpstream(keys.Hash(state))
		return err
	})
	return t, c.check(r, t, err, now)
}

// check reports whether a transaction that was looked up belongs to the browser and has not
// ended. The request of one that does carries on its correlation_id.
func (c Cookies) check(r *http.Request, t storage.Transaction, err error, now time.Time) error {
	switch {
	case storage.IsNotFound(err):
		return apierr.TransactionExpired.WithReason("no login with this state is in progress: it was completed, has expired, or never began").With(err)
	case err != nil:
		return err
	case !t.Live(now):
		return apierr.TransactionExpired.WithReason("the login was completed, or has expired after an hour")
	case c.Browser(r) == "":
		return apierr.TransactionForeign.WithReason("the browser sent no cookie of the tenant")
	case !equal(keys.Hash(c.Browser(r)), t.BrowserHash):
		return apierr.TransactionForeign.WithReason("the login was begun by another browser, which has another cookie")
	}
	trace.Correlate(r.Context(), t.Request().CorrelationID)
	return nil
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
