package bolt_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// TestWhatWritesNothingLeavesTheFileAlone opens a store as a start of the server does, and
// checks that the file is unchanged: an empty commit would change it, and wait for the disk.
func TestWhatWritesNothingLeavesTheFileAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tenant0.db")
	use := func(fn func(keyspace.Engine)) {
		engine, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := storage.Open(engine); err != nil {
			t.Fatal(err)
		}
		fn(engine)
		if err := engine.Close(); err != nil {
			t.Fatal(err)
		}
	}
	use(func(engine keyspace.Engine) {
		if err := engine.Update(t.Context(), func(kv keyspace.KV) error { return kv.Put([]byte("k"), []byte("v")) }); err != nil {
			t.Fatal(err)
		}
	})
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	use(func(engine keyspace.Engine) {
		if err := engine.Update(t.Context(), func(keyspace.KV) error { return nil }); err != nil {
			t.Errorf("an update that writes nothing: %v", err)
		}
		err := engine.Update(t.Context(), func(kv keyspace.KV) error { return errors.Join(kv.Put([]byte("k"), nil), refused) })
		if !errors.Is(err, refused) {
			t.Errorf("an update that fails: %v, want its own error", err)
		}
	})
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the file has changed")
	}
}
