package storage_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// TestStrictIsStrict breaks each rule of keyspace.Strict.
func TestStrictIsStrict(t *testing.T) {
	e := keyspace.Strict(openEngine(t))
	runs := 0
	err := e.Update(t.Context(), func(kv keyspace.KV) error {
		runs++
		if got, err := kv.Get([]byte("k")); got != nil || err != nil {
			t.Errorf("run %d finds what an earlier one has written: %q, %v", runs, got, err)
		}
		return errors.Join(kv.Put([]byte("k"), []byte("v")), kv.Put([]byte("l"), []byte("v")))
	})
	if err != nil || runs != 2 {
		t.Fatalf("an update ran %d times and returned %v, want twice", runs, err)
	}
	for name, use := range map[string]func(kv keyspace.KV) error{
		"Get":    func(kv keyspace.KV) error { _, err := kv.Get([]byte("k")); return err },
		"Put":    func(kv keyspace.KV) error { return kv.Put([]byte("k"), nil) },
		"Delete": func(kv keyspace.KV) error { return kv.Delete([]byte("k")) },
		"Scan": func(kv keyspace.KV) error {
			return kv.Scan([]byte("a"), []byte("z"), func(_, _ []byte) bool { return true })
		},
		"ScanBack": func(kv keyspace.KV) error {
			return kv.ScanBack([]byte("a"), []byte("z"), func(_, _ []byte) bool { return true })
		},
	} {
		for scan, walk := range map[string]func(kv keyspace.KV, fn func(_, _ []byte) bool) error{
			"Scan": func(kv keyspace.KV, fn func(_, _ []byte) bool) error { return kv.Scan([]byte("a"), []byte("z"), fn) },
			"ScanBack": func(kv keyspace.KV, fn func(_, _ []byte) bool) error {
				return kv.ScanBack([]byte("a"), []byte("z"), fn)
			},
		} {
			err := e.Update(t.Context(), func(kv keyspace.KV) error {
				return walk(kv, func(_, _ []byte) bool {
					err = use(kv)
					return err == nil
				})
			})
			if err == nil || !strings.Contains(err.Error(), "within a scan") {
				t.Errorf("%s within %s: %v, want that it is refused", name, scan, err)
			}
		}
		if err := e.Update(t.Context(), func(kv keyspace.KV) error { return use(kv) }); err != nil {
			t.Errorf("%s after a scan: %v", name, err)
		}
	}
}

// TestAWalkMayBeInterrupted reads and writes while it iterates over lists that are longer than
// one step of an iteration.
func TestAWalkMayBeInterrupted(t *testing.T) {
	s := open(t)
	const many = 1300
	s.update(func(tx *storage.Tx) error {
		for i := range many {
			if err := tx.Sessions.Put(storage.Session{CookieHash: number(i), ID: number(i), UserID: "u"}); err != nil {
				return err
			}
		}
		return nil
	})
	s.update(func(tx *storage.Tx) error {
		seen := 0
		for session, err := range tx.Sessions.All() {
			if err != nil {
				return err
			}
			if session.CookieHash != number(seen) {
				t.Fatalf("session %d is %s", seen, session.CookieHash)
			}
			seen++
			if err := tx.Sessions.Delete(session.CookieHash); err != nil {
				return err
			}
		}
		if seen != many {
			t.Errorf("%d sessions are seen, want %d", seen, many)
		}
		for session, err := range tx.Sessions.All() {
			t.Errorf("%s is left, %v", session.CookieHash, err)
		}
		return nil
	})
}

func number(i int) string { return fmt.Sprintf("%06d", i) }
