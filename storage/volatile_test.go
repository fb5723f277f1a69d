package storage_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/memory"
)

func inMemory(string) (keyspace.Engine, error) { return memory.New(), nil }

// openVolatile opens a store on the file at path, with its volatile records in memory.
func openVolatile(t *testing.T, path string) *storage.DB {
	t.Helper()
	engine, err := bolt.Open(path, bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	db, err := storage.OpenVolatile(engine, inMemory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

var volatileBegan = time.Unix(1_700_000_000, 0).UTC()

// underWay returns a login in progress that expires after an hour.
func underWay(state string) storage.Transaction {
	return waiting(state, "browser", volatileBegan)
}

func start(t *testing.T, db *storage.DB, state string) {
	t.Helper()
	if err := db.UpdateVolatile(t.Context(), func(tx *storage.Tx) error { return tx.StartTransaction(underWay(state)) }); err != nil {
		t.Fatal(err)
	}
}

// has reports whether a login is in progress, both by its key and in the list of all.
func has(t *testing.T, db *storage.DB, state string) (there bool) {
	t.Helper()
	err := db.View(t.Context(), func(tx *storage.Tx) error {
		listed := false
		for l, err := range tx.Transactions.All() {
			if err != nil {
				return err
			}
			listed = listed || l.StateHash == state
		}
		var err error
		if there, err = tx.Transactions.Has(state); there != listed {
			t.Errorf("login %s is there: %v, and in the list: %v", state, there, listed)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return there
}

// TestLoginsUnderWayOutliveARestart closes a store in the middle of a login, and then looks into its file:
// the file contains the login only while the store is closed.
func TestLoginsUnderWayOutliveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	for range 3 { // what was taken out of the file goes back into it
		db := openVolatile(t, path)
		if !has(t, db, "one") {
			start(t, db, "one")
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("a store that is closed twice says %v", err)
		}
	}
	db := openVolatile(t, path)
	if !has(t, db, "one") {
		t.Error("the login has not outlived a restart")
	}
	err := db.UpdateVolatile(t.Context(), func(tx *storage.Tx) error { return tx.StartTransaction(underWay("one")) })
	if !storage.IsConflict(err) {
		t.Errorf("a second login with the same state says %v, want a conflict", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	engine, err := bolt.Open(path, bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	if db, err = storage.OpenVolatile(engine, inMemory); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	err = engine.View(t.Context(), func(kv keyspace.KV) error {
		return kv.Scan(nil, []byte{0xff}, func(key, _ []byte) bool {
			if strings.Contains(string(key), "transactions") {
				t.Errorf("the engine has %q while the store is open", key)
			}
			return true
		})
	})
	if err != nil || !has(t, db, "one") {
		t.Errorf("the engine: %v", err)
	}
}

// TestVolatileRecordsAreChangedWithTheOthers: an update changes both kinds of records or none.
func TestVolatileRecordsAreChangedWithTheOthers(t *testing.T) {
	db := openVolatile(t, filepath.Join(t.TempDir(), "db"))
	start(t, db, "one")
	refused := errors.New("refused")
	change := func(fail error) error {
		return db.Update(t.Context(), func(tx *storage.Tx) error {
			err := tx.ChangeTransaction("one", volatileBegan, func(l *storage.Transaction) error {
				l.FinishedAt = volatileBegan
				return nil
			})
			return errors.Join(err, tx.UsedAssertions.Put(storage.UsedAssertion{ID: "one", ExpiresAt: volatileBegan}), tx.Transactions.Delete("two"), fail)
		})
	}
	start(t, db, "two")
	if err := change(refused); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	look := func() (finished, assertion bool) {
		err := db.View(t.Context(), func(tx *storage.Tx) error {
			l, err := tx.Transactions.Get("one")
			finished = !l.FinishedAt.IsZero()
			if err == nil {
				assertion, err = tx.UsedAssertions.Has("one")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return finished, assertion
	}
	if finished, assertion := look(); finished || assertion || !has(t, db, "two") {
		t.Errorf("an update that failed leaves the login finished: %v, and an assertion: %v", finished, assertion)
	}
	if err := change(nil); err != nil {
		t.Fatal(err)
	}
	if finished, assertion := look(); !finished || !assertion || has(t, db, "two") {
		t.Errorf("an update leaves the login finished: %v, and an assertion: %v", finished, assertion)
	}
}

// unkept is an engine that runs updates but cannot keep them, as on a full disk.
type unkept struct {
	keyspace.Engine
	fails bool
	// meanwhile is called after an update has failed, before Update returns the error.
	meanwhile func()
}

var errFull = errors.New("the disk is full")

func (u *unkept) Update(ctx context.Context, fn func(keyspace.KV) error) error {
	err := u.Engine.Update(ctx, func(kv keyspace.KV) error {
		if err := fn(kv); err != nil || !u.fails {
			return err
		}
		return errFull
	})
	if err != nil && u.meanwhile != nil {
		u.meanwhile()
	}
	return err
}

// TestVolatileRecordsOfAnUpdateThatIsNotKept are restored, even if the update ran several times.
func TestVolatileRecordsOfAnUpdateThatIsNotKept(t *testing.T) {
	engine := &unkept{Engine: memory.New()}
	db, err := storage.OpenVolatile(engine, inMemory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	start(t, db, "one")
	engine.fails = true
	err = db.Update(t.Context(), func(tx *storage.Tx) error {
		return errors.Join(tx.Transactions.Delete("one"), tx.StartTransaction(underWay("two")))
	})
	if !errors.Is(err, errFull) || !has(t, db, "one") || has(t, db, "two") {
		t.Errorf("after %v the first login is there: %v, and the second: %v", err, has(t, db, "one"), has(t, db, "two"))
	}
	engine.fails = false
}

// TestUpdateVolatileWritesNothingElse than volatile records; other writes fail.
func TestUpdateVolatileWritesNothingElse(t *testing.T) {
	db := openVolatile(t, filepath.Join(t.TempDir(), "db"))
	start(t, db, "one")
	for name, write := range map[string]func(*storage.Tx) error{
		"put":    func(tx *storage.Tx) error { return tx.UsedAssertions.Put(storage.UsedAssertion{ID: "one"}) },
		"delete": func(tx *storage.Tx) error { return tx.RevokeGrant("grant", volatileBegan) },
	} {
		err := db.UpdateVolatile(t.Context(), func(tx *storage.Tx) error { return errors.Join(tx.Transactions.Delete("one"), write(tx)) })
		if err == nil || !has(t, db, "one") {
			t.Errorf("%s says %v, and the login is there: %v", name, err, has(t, db, "one"))
		}
	}
}

// TestVolatileRecordsExpireAndEnd by a sweep, whose limit applies to both parts of the store together, and by
// a reset.
func TestVolatileRecordsExpireAndEnd(t *testing.T) {
	db := openVolatile(t, filepath.Join(t.TempDir(), "db"))
	start(t, db, "one")
	start(t, db, "two")
	if err := db.Update(t.Context(), func(tx *storage.Tx) error {
		return errors.Join(tx.UsedAssertions.Put(storage.UsedAssertion{ID: "one", ExpiresAt: volatileBegan}), tx.SaveSnapshot(""))
	}); err != nil {
		t.Fatal(err)
	}
	late := volatileBegan.Add(2 * time.Hour)
	for _, want := range []int{2, 1, 0} {
		if n, err := db.Sweep(t.Context(), late, 2); err != nil || n != want {
			t.Errorf("a sweep removes %d, %v, want %d", n, err, want)
		}
	}
	if has(t, db, "one") || has(t, db, "two") {
		t.Error("what has expired is there after the sweep")
	}
	start(t, db, "three")
	if err := db.Update(t.Context(), func(tx *storage.Tx) error { return tx.RestoreSnapshot("") }); err != nil {
		t.Fatal(err)
	}
	if has(t, db, "one") || has(t, db, "three") {
		t.Error("a login goes on after a reset")
	}
}

// TestAChangeThatWasBuiltOnIsNotTakenBack: if an update is not kept, what another update has written to
// its records since then stays.
func TestAChangeThatWasBuiltOnIsNotTakenBack(t *testing.T) {
	engine := &unkept{Engine: memory.New()}
	db, err := storage.OpenVolatile(engine, inMemory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	start(t, db, "one")
	answer := func(tx *storage.Tx, user string) error {
		return tx.ChangeTransaction("one", volatileBegan, func(l *storage.Transaction) error { l.UserID = user; return nil })
	}
	engine.fails = true
	engine.meanwhile = func() {
		if err := db.UpdateVolatile(t.Context(), func(tx *storage.Tx) error { return answer(tx, "later") }); err != nil {
			t.Error(err)
		}
	}
	if err := db.Update(t.Context(), func(tx *storage.Tx) error { return answer(tx, "first") }); !errors.Is(err, errFull) {
		t.Fatal(err)
	}
	engine.fails, engine.meanwhile = false, nil
	err = db.View(t.Context(), func(tx *storage.Tx) error {
		l, err := tx.Transactions.Get("one")
		if l.UserID != "later" {
			t.Errorf("the login is of %q, want the later answer", l.UserID)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
