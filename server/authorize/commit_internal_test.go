package authorize

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
)

// TestWhatWasDecidedIsAnsweredAsLongAsItIsSo: between the decision on a request and its answer another tab may
// decline, or log another user in, and an administrator may end the session or block the user. Concurrent requests
// would not show this reliably.
func TestWhatWasDecidedIsAnsweredAsLongAsItIsSo(t *testing.T) {
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		meanwhile func(tx *storage.Tx) error
		want      error
	}{
		"nothing": {func(*storage.Tx) error { return nil }, nil},
		"another tab has declined": {func(tx *storage.Tx) error {
			return tx.ChangeTransaction("state", now, func(t *storage.Transaction) error {
				t.Consent = &storage.ConsentAnswer{UserID: "auth0|ann", Declined: true}
				return nil
			})
		}, errOutdated},
		"another tab has chosen an organization": {func(tx *storage.Tx) error {
			return tx.ChangeTransaction("state", now, func(t *storage.Transaction) error {
				t.Organization = &storage.OrganizationAnswer{ID: "org_1", Chosen: true}
				return nil
			})
		}, errOutdated},
		"the session has ended": {func(tx *storage.Tx) error { return tx.Sessions.Delete("cookie") }, errOutdated},
		"the user has gone":     {func(tx *storage.Tx) error { return tx.Users.Delete("auth0|ann") }, errOutdated},
		"the user is blocked": {func(tx *storage.Tx) error {
			return tx.Users.Put(storage.Document{"user_id": "auth0|ann", "blocked": true})
		}, errOutdated},
		"the login has ended": {func(tx *storage.Tx) error { return tx.Transactions.Delete("state") }, storage.ErrTransactionOver},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := storage.Open(memory.New())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			update := func(fn func(tx *storage.Tx) error) {
				t.Helper()
				if err := db.Update(t.Context(), fn); err != nil {
					t.Fatal(err)
				}
			}
			update(func(tx *storage.Tx) error {
				return errors.Join(
					tx.Users.Put(storage.Document{"user_id": "auth0|ann"}),
					tx.StartSession(storage.Session{CookieHash: "cookie", ID: "sid", UserID: "auth0|ann", CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Hour), IdleExpiresAt: now.Add(time.Hour)}, ""),
					tx.StartTransaction(storage.Transaction{StateHash: "state", CreatedAt: now, ExpiresAt: now.Add(time.Hour), Asked: storage.AuthorizeRequest{ClientID: "app"}}),
				)
			})
			d := &decision{http: httptest.NewRequest(http.MethodGet, "/authorize", http.NoBody)}
			err = db.View(t.Context(), func(tx *storage.Tx) (err error) {
				if d.transaction, err = tx.Transactions.Get("state"); err != nil {
					return err
				}
				if d.identity.session, err = tx.Sessions.Get("cookie"); err != nil {
					return err
				}
				d.identity.user, err = tx.Users.Get("auth0|ann")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			update(tt.meanwhile)
			code := storage.Code{Hash: "code", ExpiresAt: now.Add(time.Minute)}
			if err := db.Update(t.Context(), func(tx *storage.Tx) error { return commit(tx, d, &code, now) }); !errors.Is(err, tt.want) {
				t.Errorf("the answer is kept with %v, want %v", err, tt.want)
			}
			err = db.View(t.Context(), func(tx *storage.Tx) error {
				_, err := tx.Codes.Get("code")
				return err
			})
			if (err == nil) != (tt.want == nil) {
				t.Errorf("the code: %v", err)
			}
		})
	}
}
