package memory_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/storage/enginetest"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/memory"
)

func openJournal(tb testing.TB, path, store string) *memory.Journal {
	tb.Helper()
	j, err := memory.OpenJournal(path, store)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = j.Close() })
	return j
}

func TestJournalIsAnEngine(t *testing.T) {
	enginetest.Run(t, func(tb testing.TB) keyspace.Engine {
		tb.Helper()
		return openJournal(tb, filepath.Join(tb.TempDir(), "journal"), "store")
	})
}

// content returns all keys and values of an engine.
func content(t *testing.T, e keyspace.Engine) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := e.View(t.Context(), func(kv keyspace.KV) error {
		return kv.Scan(nil, []byte{0xff}, func(key, value []byte) bool {
			all[string(key)] = string(value)
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func write(t *testing.T, e keyspace.Engine, writes ...string) {
	t.Helper()
	err := e.Update(t.Context(), func(kv keyspace.KV) error {
		for _, w := range writes {
			key, value, put := strings.Cut(w, "=")
			err := kv.Delete([]byte(key))
			if put {
				err = kv.Put([]byte(key), []byte(value))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// left returns the path of a copy of a journal, as a killed process would leave it, after a change of its bytes.
func left(t *testing.T, path string, change func([]byte) []byte) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(copied, change(raw), 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}

func asItIs(raw []byte) []byte { return raw }

// TestAJournalOutlivesItsProcess again and again, and is removed when it is closed.
func TestAJournalOutlivesItsProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	first := openJournal(t, path, "store")
	write(t, first, "a=1", "b=2", "empty=")
	write(t, first, "a", "c=3")
	refused := errors.New("refused")
	if err := first.Update(t.Context(), func(kv keyspace.KV) error { return errors.Join(kv.Put([]byte("d"), []byte("4")), refused) }); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	want := map[string]string{"b": "2", "c": "3", "empty": ""}
	second := openJournal(t, left(t, path, asItIs), "store")
	if got := content(t, second); !maps.Equal(got, want) {
		t.Errorf("the next process finds %v, want %v", got, want)
	}
	other := openJournal(t, left(t, path, asItIs), "another store")
	if got := content(t, other); len(got) != 0 {
		t.Errorf("another store finds %v", got)
	}
	if err := errors.Join(first.Close(), first.Close()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after it was closed the journal is there: %v", err)
	}
}

// TestATornJournalEndsWhereItIsTorn: after a cut or with a changed byte the journal holds the state after one of the
// updates, never a part of an update, and can be written again.
func TestATornJournalEndsWhereItIsTorn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	whole := openJournal(t, path, "store")
	states := []map[string]string{{}}
	for i := range 5 {
		write(t, whole, fmt.Sprintf("a%d=%d", i, i), fmt.Sprintf("b%d=%d", i, i))
		states = append(states, content(t, whole))
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	known := func(got map[string]string) bool {
		for _, state := range states {
			if maps.Equal(got, state) {
				return true
			}
		}
		return false
	}
	for at := range int(info.Size()) {
		cut := openJournal(t, left(t, path, func(raw []byte) []byte { return raw[:at] }), "store")
		if got := content(t, cut); !known(got) {
			t.Errorf("cut off at %d it holds %v", at, got)
		}
		flipped := openJournal(t, left(t, path, func(raw []byte) []byte { raw[at] ^= 0x41; return raw }), "store")
		if got := content(t, flipped); !known(got) || len(got) == len(states[5]) {
			t.Errorf("with byte %d changed it holds %v", at, got)
		}
		write(t, cut, "more=1")
		if got := content(t, openJournal(t, left(t, cut.Path(), asItIs), "store")); got["more"] != "1" {
			t.Errorf("what is written behind a cut at %d is lost: %v", at, got)
		}
	}
}

// TestAJournalDoesNotGrowForEver: its size depends on the data that is there, not on the number of updates.
func TestAJournalDoesNotGrowForEver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := openJournal(t, path, "store")
	large := strings.Repeat("x", 64<<10)
	for i := range 400 { // 25 MB in all, of which 1 MB is there at the end
		write(t, j, fmt.Sprintf("key%d=%s", i%16, large))
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 6<<20 {
		t.Errorf("the journal of 1 MB has %d bytes", info.Size())
	}
	if got := content(t, openJournal(t, left(t, path, asItIs), "store")); len(got) != 16 || got["key15"] != large {
		t.Errorf("the next process finds %d keys", len(got))
	}
}

// TestAJournalThatCannotBeMade: the error tells the reason.
func TestAJournalThatCannotBeMade(t *testing.T) {
	if _, err := memory.OpenJournal(filepath.Join(t.TempDir(), "none", "journal"), "store"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a journal in a folder that is missing: %v", err)
	}
}

// TestAJournalThatIsReleasedHoldsTheSame, for readers that began before or after the release, and works on.
func TestAJournalThatIsReleasedHoldsTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := openJournal(t, path, "store")
	for i := range 300 {
		write(t, j, fmt.Sprintf("key%03d=%s", i, strings.Repeat("v", i)), fmt.Sprintf("gone%d=x", i))
	}
	for i := range 300 {
		write(t, j, fmt.Sprintf("gone%d", i))
	}
	want := content(t, j)
	err := j.View(t.Context(), func(before keyspace.KV) error {
		if err := errors.Join(j.Release(), j.Release()); err != nil {
			return err
		}
		write(t, j, "key000=other", "key001", "more=1")
		value, err := before.Get([]byte("key001"))
		if string(value) != "v" {
			t.Errorf("who read before finds %q", value)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want["key000"], want["more"] = "other", "1"
	delete(want, "key001")
	for name, engine := range map[string]keyspace.Engine{"the journal": j, "the next process": openJournal(t, left(t, path, asItIs), "store")} {
		if got := content(t, engine); !maps.Equal(got, want) || len(got) != 300 {
			t.Errorf("%s holds %d keys, want %d", name, len(got), len(want))
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Release(); !errors.Is(err, keyspace.ErrClosed) {
		t.Errorf("one that was closed is released with %v", err)
	}
}
