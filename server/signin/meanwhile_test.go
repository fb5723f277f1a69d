package signin_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
)

// meanwhile is what happens between the check of a proof and the update that logs the person in, and what that update returns
// then. Concurrent requests would not show this reliably.
type meanwhile map[string]struct {
	change func(tx *storage.Tx) error
	want   error
}

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// check starts a store with a user, a session and a login for each case, makes the change and calls update.
func (m meanwhile) check(t *testing.T, update func(tx *storage.Tx) error) {
	t.Helper()
	for name, tt := range m {
		t.Run(name, func(t *testing.T) {
			db, err := storage.Open(memory.New())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			for _, fn := range []func(tx *storage.Tx) error{begin, tt.change} {
				if err := db.Update(t.Context(), fn); err != nil {
					t.Fatal(err)
				}
			}
			if err := db.Update(t.Context(), update); !errors.Is(err, tt.want) {
				t.Errorf("the login ends with %v, want %v", err, tt.want)
			}
		})
	}
}

// linked is an account that is linked to the user.
var linked = storage.Document{"provider": "auth0", "user_id": "linked", "connection": "db"}

func begin(tx *storage.Tx) error {
	return errors.Join(
		tx.Users.Put(storage.Document{"user_id": "auth0|ann", "identities": []any{storage.Document{"provider": "auth0", "user_id": "ann", "connection": "db"}, linked}}),
		tx.Users.Put(storage.Document{"user_id": "auth0|bob"}),
		tx.Passwords.Put(storage.Password{UserID: "auth0|ann", Hash: "hash"}),
		tx.Passwords.Put(storage.Password{UserID: "auth0|linked", Hash: "hash"}),
		tx.StartSession(storage.Session{CookieHash: "cookie", ID: "sid", UserID: "auth0|ann", CreatedAt: noon, LastUsedAt: noon, ExpiresAt: noon.Add(time.Hour), IdleExpiresAt: noon.Add(time.Hour)}, ""),
		tx.StartTransaction(storage.Transaction{StateHash: "state", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour), Asked: storage.AuthorizeRequest{ClientID: "app"}}),
	)
}

func nothing(*storage.Tx) error { return nil }

func newPasswordOf(account string) func(tx *storage.Tx) error {
	return func(tx *storage.Tx) error {
		return tx.Passwords.Put(storage.Password{UserID: account, Hash: "another"})
	}
}

func service() *signin.Service {
	return &signin.Service{Now: func() time.Time { return noon }}
}

// TestAPasswordCountsAsLongAsItIsTheAccounts.
func TestAPasswordCountsAsLongAsItIsTheAccounts(t *testing.T) {
	logIn := func(user storage.User) func(tx *storage.Tx) error {
		return func(tx *storage.Tx) error {
			return service().Record(tx, signin.Attempt{User: user, Recheck: signin.RecheckPassword(user, "hash")})
		}
	}
	meanwhile{
		"nothing":                                   {nothing, nil},
		"the password changes":                      {newPasswordOf("auth0|ann"), signin.ErrWrong},
		"the password is removed":                   {func(tx *storage.Tx) error { return tx.Passwords.Delete("auth0|ann") }, signin.ErrWrong},
		"that of another account changes":           {newPasswordOf("auth0|linked"), nil},
		"the user is deleted, but not the password": {func(tx *storage.Tx) error { return tx.Users.Delete("auth0|ann") }, signin.ErrWrong},
	}.check(t, logIn(storage.User{UserID: "auth0|ann"}))

	account := storage.User{UserID: "auth0|ann"}.As(storage.Identity{Provider: "auth0", UserID: "linked", Connection: "db"})
	meanwhile{
		"nothing":                  {nothing, nil},
		"its password changes":     {newPasswordOf("auth0|linked"), signin.ErrWrong},
		"that of the user changes": {newPasswordOf("auth0|ann"), nil},
		"it is unlinked":           {func(tx *storage.Tx) error { return tx.Users.Put(storage.Document{"user_id": "auth0|ann"}) }, signin.ErrWrong},
	}.check(t, logIn(account))
}

// TestAFurtherFactorIsForTheSessionOfItsUser.
func TestAFurtherFactorIsForTheSessionOfItsUser(t *testing.T) {
	meanwhile{
		"nothing":          {nothing, nil},
		"the session ends": {func(tx *storage.Tx) error { return tx.Sessions.Delete("cookie") }, apierr.TransactionExpired},
		"another user logs in with the browser": {func(tx *storage.Tx) error {
			s, err := tx.Sessions.Get("cookie")
			s.UserID = "auth0|bob"
			return errors.Join(err, tx.Sessions.Put(s))
		}, apierr.TransactionExpired},
	}.check(t, func(tx *storage.Tx) error {
		return service().AddFactor(tx, storage.Transaction{StateHash: "state"}, storage.Session{CookieHash: "cookie", UserID: "auth0|ann"}, "otp", false)
	})
}

// TestALoginBeginsOneSession: a login that another user has finished begins none.
func TestALoginBeginsOneSession(t *testing.T) {
	finishedBy := func(user string) func(tx *storage.Tx) error {
		return func(tx *storage.Tx) error {
			return tx.ChangeTransaction("state", noon, func(t *storage.Transaction) error {
				t.FinishedAt, t.UserID = noon, user
				return nil
			})
		}
	}
	meanwhile{
		"nothing":                       {nothing, nil},
		"the same user has finished it": {finishedBy("auth0|ann"), nil},
		"another user has finished it":  {finishedBy("auth0|bob"), apierr.TransactionExpired},
		"it ends":                       {func(tx *storage.Tx) error { return tx.Transactions.Delete("state") }, storage.ErrNotFound},
		"the password changes":          {newPasswordOf("auth0|ann"), signin.ErrWrong},
	}.check(t, func(tx *storage.Tx) error {
		user := storage.User{UserID: "auth0|ann"}
		r := httptest.NewRequest(http.MethodPost, "/u/login", http.NoBody)
		_, err := service().Begin(tx, r, storage.Transaction{StateHash: "state"}, signin.Attempt{User: user, Recheck: signin.RecheckPassword(user, "hash")})
		return err
	})
}
