package bolt_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// mapped returns the bytes of mapped files that are in the memory of this process.
func mapped(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(status, []byte("RssFile:"))
	kilobytes, _, _ := bytes.Cut(bytes.TrimSpace(rest), []byte(" "))
	n, err := strconv.Atoi(string(kilobytes))
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// TestReleaseGivesThePagesOfTheFileBack to the system, and everything can be read and written as before,
// during the release too.
func TestReleaseGivesThePagesOfTheFileBack(t *testing.T) {
	const records, size = 2000, 10_000 // 20 MB
	db, err := bolt.Open(filepath.Join(t.TempDir(), "tenant0.db"), bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	key := func(i int) []byte { return fmt.Appendf(nil, "key%06d", i) }
	value := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, size) }
	err = db.Update(t.Context(), func(kv keyspace.KV) error {
		for i := range records {
			if err := kv.Put(key(i), value(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	readAll := func() {
		t.Helper()
		err := db.View(t.Context(), func(kv keyspace.KV) error {
			for i := range records {
				got, err := kv.Get(key(i))
				if err != nil || !bytes.Equal(got, value(i)) {
					return fmt.Errorf("record %d has %d bytes, %w", i, len(got), err)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	readAll()
	before := mapped(t)
	if err := db.Release(); err != nil {
		t.Fatal(err)
	}
	if after := mapped(t); before-after < records*size/2 {
		t.Errorf("%d bytes of files are in memory, and %d were before", after, before)
	}
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			for range 5 {
				if err := db.Release(); err != nil {
					t.Error(err)
				}
				readAll()
			}
		})
	}
	for i := range 20 {
		if err := db.Update(t.Context(), func(kv keyspace.KV) error { return kv.Put(key(i), value(i)) }); err != nil {
			t.Error(err)
		}
	}
	wait.Wait()
	readAll()
}
