package storage_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/storage"
)

// TestAChangeThatIsNotKeptLeavesWhatOthersReadAsItIs: what the pages have added to a login may be
// shared with whoever reads it.
func TestAChangeThatIsNotKeptLeavesWhatOthersReadAsItIs(t *testing.T) {
	s := open(t)
	was := storage.Transaction{
		StateHash: "login", BrowserHash: "browser", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour),
		Applicant:    map[string]string{"email": "one@example.test"},
		Organization: &storage.OrganizationAnswer{Chosen: true, ID: "org_1"},
		Consent:      &storage.ConsentAnswer{UserID: "auth0|1", Scope: []string{"openid"}},
	}
	s.update(func(tx *storage.Tx) error { return tx.StartTransaction(was) })
	read := func() (now storage.Transaction) {
		t.Helper()
		s.view(func(tx *storage.Tx) (err error) {
			now, err = tx.Transactions.Get("login")
			return err
		})
		return now
	}
	before := read()
	refused := errors.New("refused")
	change := func(tx *storage.Transaction) error {
		tx.Applicant["email"] = "two@example.test"
		tx.Organization.ID = "org_2"
		tx.Consent.Declined = true
		return refused
	}
	err := s.Update(s.t.Context(), func(tx *storage.Tx) error { return tx.ChangeTransaction("login", noon, change) })
	if !errors.Is(err, refused) {
		t.Fatalf("the change fails with %v", err)
	}
	for _, now := range []storage.Transaction{before, read()} {
		if diff := cmp.Diff(was, now); diff != "" {
			t.Errorf("the login has changed (-was +now):\n%s", diff)
		}
	}
}

// TestALoginChangesNothingElseOfAUser, though the user is not decoded anew after it.
func TestALoginChangesNothingElseOfAUser(t *testing.T) {
	s := open(t)
	const id = "auth0|1"
	s.update(func(tx *storage.Tx) error {
		return tx.Users.Put(storage.Document{"user_id": id, "email": "one@example.test", "name": "One", "identities": []any{
			storage.Document{"connection": "c", "provider": "auth0", "user_id": "1"},
		}})
	})
	user := func() (u storage.User, d storage.Document) {
		t.Helper()
		s.view(func(tx *storage.Tx) (err error) {
			if u, err = tx.Users.Get(id); err != nil {
				return err
			}
			d, err = tx.Users.Document(id)
			return err
		})
		return u, d
	}
	before, _ := user()
	for n := 1; n <= 3; n++ {
		s.update(func(tx *storage.Tx) error {
			return tx.RecordLogin(id, noon.Add(time.Duration(n)*time.Hour), "192.0.2.7")
		})
		now, doc := user()
		if diff := cmp.Diff(before, now); diff != "" {
			t.Errorf("login %d changes the user (-was +now):\n%s", n, diff)
		}
		if doc["logins_count"] != float64(n) || doc["last_ip"] != "192.0.2.7" || doc["last_login"] != noon.Add(time.Duration(n)*time.Hour).Format("2006-01-02T15:04:05.000Z") {
			t.Errorf("after login %d the document is %v", n, doc)
		}
		if found, err := find(s, "c", "ONE@example.test"); err != nil || found != id {
			t.Errorf("after login %d the address leads to %q, %v", n, found, err)
		}
	}
	s.update(func(tx *storage.Tx) error {
		return tx.Users.Put(storage.Document{"user_id": id, "email": "two@example.test", "identities": []any{
			storage.Document{"connection": "c", "provider": "auth0", "user_id": "1"},
		}})
	})
	if found, err := find(s, "c", "one@example.test"); !storage.IsNotFound(err) {
		t.Errorf("the address that the user had leads to %q, %v", found, err)
	}
	if now, _ := user(); now.Email != "two@example.test" {
		t.Errorf("the changed user is read as %+v", now)
	}
	if err := s.Update(s.t.Context(), func(tx *storage.Tx) error { return tx.RecordLogin("auth0|2", noon, "") }); !storage.IsNotFound(err) {
		t.Errorf("a login of nobody gives %v", err)
	}
}

func find(s store, connection, identifier string) (id string, err error) {
	err = s.View(s.t.Context(), func(tx *storage.Tx) error {
		u, err := tx.UserByLogin(connection, identifier)
		id = u.UserID
		return err
	})
	return id, err
}

// TestAValueThatARecordKeepsIsItsOwnStill: a record may be written again with the values that must
// be unique, and not with those of another.
func TestAValueThatARecordKeepsIsItsOwnStill(t *testing.T) {
	s := open(t)
	put := func(id, email, username string) error {
		return s.Update(s.t.Context(), func(tx *storage.Tx) error {
			return tx.Users.Put(storage.Document{"user_id": id, "email": email, "username": username})
		})
	}
	for _, step := range []struct {
		id, email, username string
		taken               bool
	}{
		{"u1", "one@example.test", "one", false},
		{"u2", "two@example.test", "two", false},
		{"u1", "one@example.test", "one", false},
		{"u1", "ONE@example.test", "first", false},
		{"u2", "two@example.test", "first", true},
		{"u2", "one@example.test", "two", true},
		{"u2", "two@example.test", "one", false}, // u1 has given it up
		{"u1", "one@example.test", "one", true},
		{"u3", "two@example.test", "", true},
	} {
		if err := put(step.id, step.email, step.username); storage.IsConflict(err) != step.taken || !step.taken && err != nil {
			t.Errorf("%+v: %v", step, err)
		}
	}
}
