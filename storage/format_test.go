package storage_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// TestSessionsAndTokensOfFormat5AreFound: sessions and refresh tokens that an earlier version wrote, in the store
// and in its snapshots, are found by id and by user, unchanged, and no obsolete index is left.
func TestSessionsAndTokensOfFormat5AreFound(t *testing.T) {
	s := open(t)
	s.update(func(tx *storage.Tx) error {
		var errs []error
		for i := range 3 {
			n := fmt.Sprint(i)
			errs = append(errs,
				tx.Sessions.Put(storage.Session{CookieHash: "cookie" + n, ID: "sid" + n, UserID: "ann", LastUsedAt: noon.Add(time.Duration(i) * time.Hour)}),
				tx.RefreshTokens.Put(storage.RefreshToken{ID: "token" + n, Issue: storage.Issue{UserID: "ann", ClientID: "client" + n, SessionID: "sid" + n}}))
		}
		return errors.Join(append(errs, tx.SaveSnapshot(""), tx.SaveSnapshot("named"))...)
	})
	now := s.rows(true)
	err := s.engine.Update(t.Context(), func(kv keyspace.KV) error {
		for _, row := range now {
			key, _, _ := strings.Cut(row, " = ")
			if before, _, found := strings.Cut(key, "i/sessions\x00use\x00"); found {
				cookie := key[strings.LastIndexByte(key, 0)+1:]
				if err := errors.Join(kv.Delete([]byte(key)), kv.Put([]byte(before+"i/sessions\x00user\x00ann\x00"+cookie), nil)); err != nil {
					return err
				}
			}
			if before, _, found := strings.Cut(key, "i/refresh_tokens\x00user_client\x00"); found {
				id := key[strings.LastIndexByte(key, 0)+1:]
				err := errors.Join(
					kv.Put([]byte(key), nil),
					kv.Put([]byte(before+"i/refresh_tokens\x00user\x00ann\x00"+id), nil),
					kv.Put([]byte(before+"i/refresh_tokens\x00session\x00sid"+strings.TrimPrefix(id, "token")+"\x00"+id), nil))
				if err != nil {
					return err
				}
			}
		}
		return kv.Put([]byte("format"), formatMark(5))
	})
	if err != nil {
		t.Fatal(err)
	}
	before := s.rows(true)
	db, err := storage.Open(s.engine)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(now, s.rows(true)); diff != "" || cmp.Equal(now, before) {
		t.Errorf("after the upgrade (-written now +upgraded):\n%s", diff)
	}
	err = db.View(t.Context(), func(tx *storage.Tx) error {
		one, err := tx.SessionByID("sid1")
		all, err2 := tx.SessionsOf("ann")
		tokens, err3 := tx.RefreshTokensOf("ann")
		in, err4 := tx.RefreshTokensIn(one)
		if one.CookieHash != "cookie1" || len(all) != 3 || len(tokens) != 3 || !slices.Equal(in, []string{"token1"}) {
			t.Errorf("found are %q, %d sessions and %d tokens, in the session %v", one.CookieHash, len(all), len(tokens), in)
		}
		return errors.Join(err, err2, err3, err4)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestApplicationsOfFormat8AreFoundByTheirDocuments(t *testing.T) {
	const address = "https://wiki.test/client.json"
	s := open(t)
	s.update(func(tx *storage.Tx) error {
		return errors.Join(tx.Clients.Put(storage.Document{"client_id": "wiki", "external_client_id": address}), tx.Clients.Put(storage.Document{"client_id": "other"}))
	})
	err := s.engine.Update(t.Context(), func(kv keyspace.KV) error {
		return errors.Join(kv.Delete([]byte("i/clients\x00document\x00"+address+"\x00wiki")), kv.Put([]byte("format"), formatMark(8)))
	})
	if err != nil {
		t.Fatal(err)
	}
	find := func(tx *storage.Tx) error {
		client, err := tx.ClientNamed(address)
		if client.ClientID != "wiki" {
			t.Errorf("the application is %q: %v", client.ClientID, err)
		}
		if _, err := tx.ClientNamed("https://wiki.test/client"); !storage.IsNotFound(err) {
			t.Errorf("part of the URL is the client_id of an application: %v", err)
		}
		return err
	}
	db, err := storage.Open(s.engine)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.View(t.Context(), find); err != nil {
		t.Error(err)
	}
}

func TestApplicationsOfFormat9AreFoundByOriginsOfOtherSchemes(t *testing.T) {
	const origin = "capacitor://localhost"
	s := open(t)
	s.update(func(tx *storage.Tx) error {
		return errors.Join(tx.Clients.Put(storage.Document{"client_id": "app", "allowed_origins": []any{origin}}), tx.Clients.Put(storage.Document{"client_id": "other"}))
	})
	err := s.engine.Update(t.Context(), func(kv keyspace.KV) error {
		return errors.Join(kv.Delete([]byte("i/clients\x00origin\x00"+origin+"\x00app")), kv.Put([]byte("format"), formatMark(9)))
	})
	if err != nil {
		t.Fatal(err)
	}
	found := func(db *storage.DB) (ids string) {
		err := db.View(t.Context(), func(tx *storage.Tx) error {
			for client, err := range tx.ClientsAt(origin) {
				if err != nil {
					return err
				}
				ids += client.ClientID
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	if ids := found(s.DB); ids != "" {
		t.Fatalf("the store of format 9 leads to %q", ids)
	}
	db, err := storage.Open(s.engine)
	if err != nil {
		t.Fatal(err)
	}
	if ids := found(db); ids != "app" {
		t.Errorf("the origin leads to %q", ids)
	}
}

// TestASessionIsFoundByItsIDAlone: not by a part of its id, by its key, by a longer id with the same beginning,
// or after it has ended.
func TestASessionIsFoundByItsIDAlone(t *testing.T) {
	s := open(t)
	s.update(func(tx *storage.Tx) error {
		return errors.Join(
			tx.Sessions.Put(storage.Session{CookieHash: "abcdef", ID: "abc", UserID: "ann"}),
			tx.Sessions.Put(storage.Session{CookieHash: "abcxyz", ID: "other", UserID: "ann"}),
			tx.Sessions.Put(storage.Session{CookieHash: "other9", ID: "gone", UserID: "ann"}),
			tx.Sessions.Put(storage.Session{CookieHash: "past01", ID: "past", UserID: "ann"}),
			tx.Sessions.Delete("past01"),
		)
	})
	s.view(func(tx *storage.Tx) error {
		for id, want := range map[string]string{
			"abc": "abcdef", "other": "abcxyz", "gone": "other9",
			"": "", "a": "", "abcd": "", "abcdef": "", "abcxyz": "", "othe": "", "past": "", "pas": "", "zzz": "",
		} {
			found, err := tx.SessionByID(id)
			if found.CookieHash != want || storage.IsNotFound(err) != (want == "") {
				t.Errorf("id %q leads to %q, %v, want %q", id, found.CookieHash, err, want)
			}
		}
		return nil
	})
}

// TestTheSessionThatWasNotUsedForLongestEndsFirst, in whichever order the sessions began, and never the new session.
func TestTheSessionThatWasNotUsedForLongestEndsFirst(t *testing.T) {
	s := open(t)
	start := func(n int, used time.Time) {
		s.update(func(tx *storage.Tx) error {
			key := fmt.Sprintf("s%03d", n)
			return tx.StartSession(storage.Session{CookieHash: key, ID: key, UserID: "ann", LastUsedAt: used}, "")
		})
	}
	for i := range 100 {
		start(i, noon.Add(time.Duration(i)*time.Minute))
	}
	s.update(func(tx *storage.Tx) error { // the first one is used again
		first, err := tx.Sessions.Get("s000")
		first.LastUsedAt = noon.Add(24 * time.Hour)
		return errors.Join(err, tx.Sessions.Put(first))
	})
	start(100, noon.Add(-time.Hour)) // the clock was moved back
	s.view(func(tx *storage.Tx) error {
		all, err := tx.SessionsOf("ann")
		for key, want := range map[string]bool{"s000": true, "s001": false, "s002": true, "s099": true, "s100": true} {
			if has, err := tx.Sessions.Has(key); has != want || err != nil {
				t.Errorf("session %s is there: %v, %v, want %v", key, has, err, want)
			}
		}
		if len(all) != 100 {
			t.Errorf("the user has %d sessions, want 100", len(all))
		}
		return err
	})
}
