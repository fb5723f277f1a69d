package bolt_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/enginetest"
	"github.com/tenant0/tenant0/storage/keyspace"
)

func open(tb testing.TB, path string, opts bolt.Options) keyspace.Engine {
	tb.Helper()
	e, err := bolt.Open(path, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

func TestEngine(t *testing.T) {
	for name, opts := range map[string]bolt.Options{"with fsync": {}, "without": {NoSync: true}} {
		t.Run(name, func(t *testing.T) {
			enginetest.Run(t, func(tb testing.TB) keyspace.Engine {
				tb.Helper()
				return open(tb, filepath.Join(tb.TempDir(), "db"), opts)
			})
		})
	}
}

func TestAnotherOpenerIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tenant0.db")
	e := open(t, path, bolt.Options{})
	_, err := bolt.Open(path, bolt.Options{})
	if !errors.Is(err, bolt.ErrLocked) || !strings.Contains(err.Error(), path) {
		t.Errorf("the second opener gets %v, want ErrLocked with the name of the file", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path, bolt.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsCommittedSurvivesClosing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	e := open(t, path, bolt.Options{})
	if err := e.Update(t.Context(), func(kv keyspace.KV) error { return kv.Put([]byte("k"), []byte("v")) }); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(t, path, bolt.Options{})
	defer e.Close()
	err := e.View(t.Context(), func(kv keyspace.KV) error {
		got, err := kv.Get([]byte("k"))
		if string(got) != "v" {
			t.Errorf("after reopening the key reads %q", got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// damage writes a data file, closes it properly, and then changes its bytes.
func damage(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	e := open(t, path, bolt.Options{})
	err := e.Update(t.Context(), func(kv keyspace.KV) error { return kv.Put([]byte("k"), bytes.Repeat([]byte("v"), 1<<15)) })
	if err := errors.Join(err, e.Close()); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(raw), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedFileIsNamed(t *testing.T) {
	overwrite := func(from, to int) func([]byte) []byte {
		return func(raw []byte) []byte {
			copy(raw[from:to], bytes.Repeat([]byte{0xa5}, to-from))
			return raw
		}
	}
	for _, tt := range []struct {
		name   string
		change func([]byte) []byte
	}{
		{"both meta pages are overwritten", overwrite(0, 2*os.Getpagesize())},
		{"all that follows the meta pages is overwritten", func(raw []byte) []byte { return overwrite(2*os.Getpagesize(), len(raw))(raw) }},
		{"it is cut off after the meta pages", func(raw []byte) []byte { return raw[:2*os.Getpagesize()] }},
		{"half of it is missing", func(raw []byte) []byte { return raw[:len(raw)/2] }},
		{"it is text", func([]byte) []byte { return []byte(strings.Repeat("this is no database\n", 1000)) }},
		{"it is one byte", func([]byte) []byte { return []byte{1} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tenant0.db")
			damage(t, path, tt.change)
			e, err := bolt.Open(path, bolt.Options{})
			if err == nil {
				_ = e.Close()
				t.Fatal("the file opens")
			}
			if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "damaged") || !strings.Contains(err.Error(), "remove it") {
				t.Errorf("the error is %q, want the file, that it is damaged, and the remedy", err)
			}
		})
	}
}

// TestWritesDoNotWaitForReads that are still running while the file grows to many times its size.
func TestWritesDoNotWaitForReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	e := open(t, path, bolt.Options{NoSync: true})
	defer e.Close()
	put := func(key string, size int) error {
		return e.Update(t.Context(), func(kv keyspace.KV) error { return kv.Put([]byte(key), make([]byte, size)) })
	}
	if err := put("small", 1); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 128<<10 {
		t.Errorf("the file of a byte has %d, %v", info.Size(), err)
	}
	reading, written := make(chan struct{}), make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		err := e.View(t.Context(), func(kv keyspace.KV) error {
			close(reading)
			<-written
			value, err := kv.Get([]byte("large7"))
			if value != nil {
				t.Error("the read sees what was written while it went on")
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-reading
	done := make(chan error, 1)
	go func() {
		var err error
		for i := range 8 {
			err = errors.Join(err, put(fmt.Sprint("large", i), 4<<20))
		}
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("the writes wait for the read")
	}
	close(written)
	reader.Wait()
}

func TestAFolderThatIsMissingIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nowhere", "tenant0.db")
	if _, err := bolt.Open(path, bolt.Options{}); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want that the path does not exist", err)
	}
}
