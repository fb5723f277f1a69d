package storage_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// lists returns some lists of every kind, by a name for what they list.
func lists(tx *storage.Tx) map[string]storage.List {
	return map[string]storage.List{
		"all grants":     tx.Grants.List(),
		"of user 1":      tx.Grants.ListBy("user", "auth0|1"),
		"of client 1":    tx.Grants.ListBy("client", "c1"),
		"unlisted index": tx.Clients.ListBy("name", "Name 1"),
		"of an app type": tx.Clients.ListBy("app_type", "spa"),
		"holders":        tx.UserAccess.ListBy("role", "r1"),
		"documents":      tx.Documents("things", "p1").List(),
		"nothing":        tx.Grants.ListBy("user", "auth0|1\x00"),
	}
}

// churn writes and deletes records at random, so that they enter and leave the lists.
func churn(tx *storage.Tx, random *rand.Rand) error {
	for range 60 {
		n := random.IntN(40)
		user, client, apps := fmt.Sprint("auth0|", n%3), fmt.Sprint("c", n%2), []any{"spa", "native", nil}
		var err error
		switch random.IntN(8) {
		case 0, 1:
			err = tx.Grants.Put(storage.Document{"id": fmt.Sprint("g", n), "user_id": user, "clientID": client, "audience": fmt.Sprint(n)})
		case 2:
			err = tx.Grants.Delete(fmt.Sprint("g", n))
		case 3:
			err = tx.Clients.Put(storage.Document{"client_id": fmt.Sprint("c", n), "name": fmt.Sprint("Name ", n%3), "app_type": apps[random.IntN(3)]})
		case 4:
			err = tx.Clients.Delete(fmt.Sprint("c", n))
		case 5:
			roles := []string{"r0", "r1", "r1"}
			err = tx.UserAccess.Put(storage.UserAccess{UserID: fmt.Sprint("auth0|", n), Roles: roles[:random.IntN(4)]})
		case 6:
			err = tx.Documents("things", fmt.Sprint("p", n%2)).Put(storage.Write{ID: fmt.Sprint(n), Document: storage.Document{"id": n}})
		case 7:
			err = tx.Documents("things", fmt.Sprint("p", n%2)).Delete(fmt.Sprint(n))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func keysOf(t *testing.T, l storage.List, after string, skip int) (keys, places []string) {
	t.Helper()
	for row, err := range l.Rows(after, skip) {
		if err != nil {
			t.Fatal(err)
		}
		if row.JSON == nil {
			t.Errorf("%q has no record", row.Key)
		}
		keys, places = append(keys, row.Key), append(places, row.Place)
	}
	return keys, places
}

// checkLists compares the pages and the length of every list with the whole list, and returns the lengths.
func (s store) checkLists() (lengths map[string]int) {
	s.t.Helper()
	lengths = map[string]int{}
	s.view(func(tx *storage.Tx) error {
		for name, l := range lists(tx) {
			keys, places := keysOf(s.t, l, "", 0)
			count, err := l.Count()
			if err != nil || count != len(keys) {
				s.t.Errorf("%s: Count is %d, %v, and there are %d", name, count, err, len(keys))
			}
			if !slices.IsSorted(places) {
				s.t.Errorf("%s: the places %q are not in order", name, places)
			}
			for i := range keys {
				if skipped, _ := keysOf(s.t, l, "", i); !slices.Equal(skipped, keys[i:]) {
					s.t.Errorf("%s without the first %d: %q, want %q", name, i, skipped, keys[i:])
				}
				if rest, _ := keysOf(s.t, l, places[i], 0); !slices.Equal(rest, keys[i+1:]) {
					s.t.Errorf("%s behind the place of %q: %q, want %q", name, keys[i], rest, keys[i+1:])
				}
			}
			if past, _ := keysOf(s.t, l, "", len(keys)+3); len(past) > 0 {
				s.t.Errorf("%s has %q past its end", name, past)
			}
			lengths[name] = count
		}
		return nil
	})
	return lengths
}

func TestListsHaveTheirLengthAndTheirParts(t *testing.T) {
	s := open(t)
	random := rand.New(rand.NewPCG(1, 2))
	var before map[string]int
	for round := range 6 {
		s.update(func(tx *storage.Tx) error { return churn(tx, rand.New(rand.NewPCG(1, uint64(random.IntN(1000))))) })
		lengths := s.checkLists()
		if round == 2 {
			before = lengths
			s.update(func(tx *storage.Tx) error { return tx.SaveSnapshot("before") })
		}
	}
	for name, n := range before {
		if n == 0 && name != "nothing" {
			t.Errorf("%s has nothing to compare", name)
		}
	}
	s.update(func(tx *storage.Tx) error { return tx.RestoreSnapshot("before") })
	if diff := cmp.Diff(before, s.checkLists()); diff != "" {
		t.Errorf("lengths after the snapshot is restored (-kept +restored):\n%s", diff)
	}
	s.update(func(tx *storage.Tx) error { return tx.Clear() })
	for name, n := range s.checkLists() {
		if n != 0 {
			t.Errorf("%s has a length of %d after all is cleared", name, n)
		}
	}
}

// TestListsOfFormat4AreCounted: lists of a store of format 4, and of its snapshots, are as if
// the records had been written now.
func TestListsOfFormat4AreCounted(t *testing.T) {
	s := open(t)
	s.update(func(tx *storage.Tx) error {
		return errors.Join(
			churn(tx, rand.New(rand.NewPCG(3, 4))), tx.Connections.Put(storage.Document{"id": "con", "name": "db", "strategy": "auth0"}),
			tx.Clients.Put(storage.Document{"client_id": "web", "name": "Web", "web_origins": []any{"https://*.example.com", "http://localhost:3000"}}),
			tx.Users.Put(user("auth0|1", "db", "one@example.com")), tx.SaveSnapshot(""), tx.SaveSnapshot("named"),
		)
	})
	now := s.rows(true)
	err := s.engine.Update(t.Context(), func(kv keyspace.KV) error {
		for _, row := range now {
			key, _, _ := strings.Cut(row, " = ")
			for _, part := range []string{"\x00count\x00", "\x00listed\x00", "clients\x00origin\x00"} {
				if strings.Contains(key, part) {
					if err := kv.Delete([]byte(key)); err != nil {
						return err
					}
				}
			}
		}
		return kv.Put([]byte("format"), formatMark(4))
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.rows(false)) > len(now)-30 {
		t.Fatal("the store of format 4 has lists")
	}
	if _, err := storage.Open(s.engine); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(now, s.rows(true)); diff != "" {
		t.Errorf("after the upgrade (-written now +upgraded):\n%s", diff)
	}
}

// TestOriginsAreFoundAfterTheIssuerChanges: applications with the issuer's own origin are found
// by the new issuer's origin.
func TestOriginsAreFoundAfterTheIssuerChanges(t *testing.T) {
	s := open(t)
	for _, issuer := range []string{"http://localhost:4000/", "http://localhost:5000/"} {
		if err := s.SettleIssuer(t.Context(), issuer); err != nil {
			t.Fatal(err)
		}
		s.update(func(tx *storage.Tx) error {
			if has, err := tx.Clients.Has("c"); has || err != nil {
				return err
			}
			return tx.Clients.Put(storage.Document{"client_id": "c", "name": "C", "callbacks": []any{issuer + "callback"}})
		})
	}
	s.view(func(tx *storage.Tx) error {
		for origin, want := range map[string]bool{"http://localhost:4000": false, "http://localhost:5000": true} {
			found := false
			for _, err := range tx.ClientsAt(origin) {
				found = err == nil
			}
			if found != want {
				t.Errorf("%s leads to the application: %v, want %v", origin, found, want)
			}
		}
		return nil
	})
}
