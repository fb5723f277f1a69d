package storage_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/storage"
)

// TestAChangeThatIsNotKeptLeavesWhatOthersReadAsItIs: readers may share the answers of the pages that a
// login contains, so a change that fails must not touch them.
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

// TestWhatIsSharedIsWhatIsKept: after any partial change of a user or a session, the decoded record that
// readers share equals the stored bytes in every member.
func TestWhatIsSharedIsWhatIsKept(t *testing.T) {
	s := open(t)
	var person storage.User
	var session storage.Session
	fillAll(reflect.ValueOf(&person).Elem())
	fillAll(reflect.ValueOf(&session).Elem())
	session.UserID = person.UserID
	raw, err := json.Marshal(person)
	var document storage.Document
	if err := errors.Join(err, json.Unmarshal(raw, &document)); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name   string
		change func(*storage.Tx) error
	}{
		{"a start", func(tx *storage.Tx) error {
			return errors.Join(tx.Users.Put(document), tx.StartSession(session, ""))
		}},
		{"a login", func(tx *storage.Tx) error { return tx.RecordLogin(person.UserID, noon.Add(time.Hour), "192.0.2.7") }},
		{"the extension", func(tx *storage.Tx) error {
			return tx.SetAuthorization(person.UserID, map[string]any{"roles": []string{"reader"}})
		}},
		{"a use", func(tx *storage.Tx) error {
			used, err := tx.Sessions.GetShared(session.CookieHash)
			used.LastUsedAt = noon.Add(2 * time.Hour)
			return errors.Join(err, tx.Sessions.Put(used))
		}},
		{"another session", func(tx *storage.Tx) error {
			return tx.StartSession(storage.Session{CookieHash: "other", ID: "other", UserID: person.UserID}, "")
		}},
		{"the end of an application", func(tx *storage.Tx) error { return tx.ForgetClient(session.Clients[0], noon) }},
	} {
		s.update(step.change)
		s.update(func(tx *storage.Tx) error { // where what is read by Get is decoded anew
			shared, err := tx.Users.GetShared(person.UserID)
			kept, err2 := tx.Users.Get(person.UserID)
			if diff := cmp.Diff(kept, shared); diff != "" {
				t.Errorf("after %s the user is shared otherwise (-kept +shared):\n%s", step.name, diff)
			}
			sharedSession, err3 := tx.Sessions.GetShared(session.CookieHash)
			keptSession, err4 := tx.Sessions.Get(session.CookieHash)
			if diff := cmp.Diff(keptSession, sharedSession); diff != "" {
				t.Errorf("after %s the session is shared otherwise (-kept +shared):\n%s", step.name, diff)
			}
			return errors.Join(err, err2, err3, err4)
		})
	}
}

// TestALoginChangesNothingElseOfAUser, although the user's record is not decoded again after the login.
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

// TestAValueThatARecordKeepsIsItsOwnStill: a record may be written again with its own unique values, but
// not with those of another record.
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
