package token

import (
	"errors"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/signin"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
)

// TestAPersonIsLetInAsLongAsTheyMayBe: between the decision on a token request and the update that stores its answer, an
// administrator may block or delete the user. Concurrent requests would not show this reliably.
func TestAPersonIsLetInAsLongAsTheyMayBe(t *testing.T) {
	noon := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		meanwhile func(tx *storage.Tx) error
		want      error
	}{
		"nothing": {func(*storage.Tx) error { return nil }, nil},
		"the user is blocked": {func(tx *storage.Tx) error {
			return tx.Users.Put(storage.Document{"user_id": "auth0|ann", "blocked": true})
		}, apierr.PersonBlocked},
		"the user is deleted": {func(tx *storage.Tx) error { return tx.Users.Delete("auth0|ann") }, signin.ErrWrong},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := storage.Open(memory.New())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			user := func(tx *storage.Tx) error { return tx.Users.Put(storage.Document{"user_id": "auth0|ann"}) }
			for _, fn := range []func(tx *storage.Tx) error{user, tt.meanwhile} {
				if err := db.Update(t.Context(), fn); err != nil {
					t.Fatal(err)
				}
			}
			p := &people{Deps{SignIn: &signin.Service{Now: func() time.Time { return noon }}}}
			err = db.Update(t.Context(), func(tx *storage.Tx) error {
				return p.letIn(tx, signin.Attempt{User: storage.User{UserID: "auth0|ann"}}, &tokens.Grant{})
			})
			if !errors.Is(err, tt.want) {
				t.Errorf("the login ends with %v, want %v", err, tt.want)
			}
		})
	}
}
