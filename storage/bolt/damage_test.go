package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// fill creates a file with branch pages, large values, free pages and indexes, and returns its bytes.
func fill(t *testing.T, path string) []byte {
	t.Helper()
	db, err := storage.Open(open(t, path, bolt.Options{NoSync: true}))
	if err != nil {
		t.Fatal(err)
	}
	user := func(i int) storage.Document {
		return storage.Document{"user_id": fmt.Sprint("auth0|", i), "email": fmt.Sprint(i, "@example.com"), "name": strings.Repeat("n", i)}
	}
	put := func(from, to int) {
		t.Helper()
		err := db.Update(t.Context(), func(tx *storage.Tx) error {
			for i := from; i < to; i++ {
				if err := tx.Users.Put(user(i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	put(0, 100)
	put(100, 200)
	err = db.Update(t.Context(), func(tx *storage.Tx) error {
		for i := 0; i < 200; i += 2 {
			if err := tx.Users.Delete(fmt.Sprint("auth0|", i)); err != nil {
				return err
			}
		}
		return tx.Users.Put(storage.Document{"user_id": "auth0|large", "name": strings.Repeat("l", 20000)})
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// use opens a file, reads all of it in both directions, and writes to it.
func use(path string) (err error) {
	engine, err := bolt.Open(path, bolt.Options{NoSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	db, err := storage.Open(engine)
	if err != nil {
		return err
	}
	walk := func(key, value []byte) bool { return len(key)+len(value) >= 0 }
	return errors.Join(
		engine.View(context.Background(), func(kv keyspace.KV) error {
			return errors.Join(kv.Scan(nil, []byte{0xff, 0xff}, walk), kv.ScanBack(nil, []byte{0xff, 0xff}, walk))
		}),
		db.View(context.Background(), func(tx *storage.Tx) error {
			for _, err := range tx.Users.All() {
				if err != nil {
					return err
				}
			}
			return nil
		}),
		db.Update(context.Background(), func(tx *storage.Tx) error {
			return errors.Join(tx.Users.Put(storage.Document{"user_id": "auth0|new"}), tx.Users.Delete("auth0|99"))
		}),
	)
}

// TestFlippedBytes damages a real file in one byte after the other. Each time there is an error in plain
// words that names the file, or none if the byte meant nothing or was part of a value: never a panic, a stack overflow, an
// endless loop or a hang.
func TestFlippedBytes(t *testing.T) {
	dir := t.TempDir()
	healthy := fill(t, filepath.Join(dir, "healthy"))
	if err := use(filepath.Join(dir, "healthy")); err != nil {
		t.Fatalf("the file as it is: %v", err)
	}
	found, flips := 0, 0
	flip := func(at int, to byte) {
		raw := append([]byte(nil), healthy...)
		raw[at] = to
		flips++
		path := filepath.Join(dir, fmt.Sprint(flips)) // an engine that is broken may not let go of it
		defer os.Remove(path)
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- use(path) }()
		select {
		case err := <-done:
			if err == nil {
				return
			}
			found++
			if !strings.Contains(err.Error(), path) && !errors.Is(err, storage.ErrFormat) { // the server names it there
				t.Fatalf("byte %d as %#x: the error does not name the file: %v", at, to, err)
			}
			for _, word := range []string{"goroutine", "panic", ".go:", "runtime error"} {
				if strings.Contains(err.Error(), word) {
					t.Fatalf("byte %d as %#x: the error shows %q: %v", at, to, word, err)
				}
			}
		case <-time.After(time.Minute):
			t.Fatalf("byte %d as %#x: nothing comes of it", at, to)
		}
	}
	page := os.Getpagesize()
	for at := 0; at < len(healthy); at += 997 {
		flip(at, healthy[at]^0xff)
	}
	for start := 0; start < len(healthy); start += page { // what begins a page says most
		for at := start; at < start+2*16; at += 2 {
			flip(at, byte(start/page)^1)
		}
	}
	if found < 100 {
		t.Errorf("only %d of %d flips were found", found, flips)
	}
}

// TestADamagedPageIsMetInUse damages the file while an engine has it open.
func TestADamagedPageIsMetInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tenant0.db")
	healthy := fill(t, path)
	engine := open(t, path, bolt.Options{NoSync: true})
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	garbage := []byte(strings.Repeat("\xa5", len(healthy)-2*os.Getpagesize()))
	if _, err := f.WriteAt(garbage, int64(2*os.Getpagesize())); err != nil {
		t.Fatal(err)
	}
	damaged := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, keyspace.ErrDamaged) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "goroutine") {
			t.Errorf("%s: %v, want that %s is damaged", what, err, path)
		}
	}
	get := func(kv keyspace.KV) error { _, err := kv.Get([]byte("k")); return err }
	scan := func(kv keyspace.KV) error {
		return kv.Scan(nil, []byte{0xff}, func(_, _ []byte) bool { return true })
	}
	put := func(kv keyspace.KV) error { return kv.Put([]byte("k"), nil) }
	damaged("a read", engine.View(t.Context(), get))
	damaged("a scan", engine.View(t.Context(), scan))
	damaged("a write", engine.Update(t.Context(), put))
	damaged("another write", engine.Update(t.Context(), put))
	if err := engine.Close(); err != nil && !errors.Is(err, keyspace.ErrDamaged) {
		t.Errorf("close: %v", err)
	}
}

// TestAPanicOfACallerStaysOne: a panic in the caller's function is not reported as damage of the file.
func TestAPanicOfACallerStaysOne(t *testing.T) {
	engine := open(t, filepath.Join(t.TempDir(), "db"), bolt.Options{NoSync: true})
	defer engine.Close()
	defer func() {
		if p := recover(); p != "a mistake" {
			t.Errorf("the panic becomes %v", p)
		}
	}()
	err := engine.View(t.Context(), func(keyspace.KV) error { panic("a mistake") })
	t.Errorf("the view returns %v", err)
}
