package storage_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/memory"
)

// found returns what the store has of an application, a connection for it and a setting, by keys, by indexes and
// in lists; "" if they are not there.
func found(tx *storage.Tx) (string, error) {
	client, err := tx.Clients.Get("app")
	if err = storage.Optional(err); err != nil {
		return "", err
	}
	byName, err := tx.Connections.Find("name", "db")
	if err = storage.Optional(err); err != nil {
		return "", err
	}
	setting, err := tx.Documents("settings", "").Document(storage.SettingsKey)
	if err = storage.Optional(err); err != nil {
		return "", err
	}
	all := 0
	for _, err := range tx.Connections.By("client", "app") {
		if err != nil {
			return "", err
		}
		all++
	}
	return fmt.Sprint(client.Name, " ", byName.ID, " ", storage.Text(setting, "is"), " ", all), nil
}

// set writes the records that found reads.
func set(tx *storage.Tx, name string) error {
	return errors.Join(
		tx.Clients.Put(storage.Document{"client_id": "app", "name": name}),
		tx.Connections.Put(storage.Document{"id": "con_" + name, "name": "db", "strategy": "auth0", "enabled_clients": []any{"app"}}),
		tx.Documents("settings", "").Put(storage.Write{ID: storage.SettingsKey, Document: storage.Document{"is": name}}),
	)
}

// TestAChangeIsSeenAtOnceThoughLookupsAreCached, whatever makes the change: the store remembers what views have read.
func TestAChangeIsSeenAtOnceThoughLookupsAreCached(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	see := func(want string) {
		t.Helper()
		for range 2 { // the second time it is remembered
			s.view(func(tx *storage.Tx) error {
				got, err := found(tx)
				if got != want {
					t.Errorf("a view finds %q, want %q", got, want)
				}
				return err
			})
		}
	}
	replace := func(tx *storage.Tx, old, name string) error {
		return cmp.Or(tx.Connections.Delete("con_"+old), set(tx, name))
	}
	see("   0")
	s.update(func(tx *storage.Tx) error { return set(tx, "first") })
	see("first con_first first 1")
	s.update(func(tx *storage.Tx) error { return tx.SaveSnapshot("kept") })
	see("first con_first first 1")
	s.update(func(tx *storage.Tx) error { return replace(tx, "first", "second") })
	see("second con_second second 1")
	nothing := func(*storage.Tx) error { return nil }
	if err := s.Prepare(ctx, func(tx *storage.Tx) error { return replace(tx, "second", "third") }, nothing); err != nil {
		t.Fatal(err)
	}
	see("third con_third third 1")
	refused := errors.New("refused")
	if err := s.Update(ctx, func(tx *storage.Tx) error { return cmp.Or(replace(tx, "third", "fourth"), refused) }); !errors.Is(err, refused) {
		t.Fatal(err)
	}
	if err := s.Try(ctx, func(tx *storage.Tx) error { return replace(tx, "third", "fourth") }); err != nil {
		t.Fatal(err)
	}
	see("third con_third third 1")
	s.update(func(tx *storage.Tx) error { return tx.RestoreSnapshot("kept") })
	see("first con_first first 1")
	s.update(func(tx *storage.Tx) error { return replace(tx, "first", "other") })
	see("other con_other other 1")
	s.update(func(tx *storage.Tx) error { return tx.RestoreSnapshot("kept") })
	see("first con_first first 1")
	s.update(func(tx *storage.Tx) error { return tx.Clients.Delete("app") })
	see(" con_first first 1")
	s.update(func(tx *storage.Tx) error { return tx.Clear() })
	see("   0")
	for _, issuer := range []string{"one", "two"} { // what names the issuer is written anew
		s.update(func(tx *storage.Tx) error { return set(tx, "of-one") })
		if err := s.SettleIssuer(ctx, issuer); err != nil {
			t.Fatal(err)
		}
		see("of-" + issuer + " con_of-" + issuer + " of-" + issuer + " 1")
	}
}

// TestAViewFindsWhatIsOfItsState, even while another view has already read a later state.
func TestAViewFindsWhatIsOfItsState(t *testing.T) {
	engine := memory.New()
	db, err := storage.Open(engine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	update := func(name string) error {
		return db.Update(context.Background(), func(tx *storage.Tx) error { return set(tx, name) })
	}
	see := func() (got string) {
		err := db.View(t.Context(), func(tx *storage.Tx) (err error) {
			got, err = found(tx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if err := update("first"); err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), func(tx *storage.Tx) error {
		if _, err := tx.Tenant.Get(storage.TenantKey); storage.Optional(err) != nil { // its state is known now
			return err
		}
		if err := db.Update(context.Background(), func(tx *storage.Tx) error {
			return tx.Clients.Put(storage.Document{"client_id": "app", "name": "second"})
		}); err != nil {
			return err
		}
		if got := see(); got != "second con_first first 1" {
			t.Errorf("a view that begins after the change finds %q", got)
		}
		got, err := found(tx)
		if got != "first con_first first 1" {
			t.Errorf("a view that began before the change finds %q", got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := see(); got != "second con_first first 1" {
		t.Errorf("a view after both finds %q", got)
	}
}

// counting is an engine that counts the reads of views.
type counting struct {
	keyspace.Engine
	reads *int
}

func (c counting) View(ctx context.Context, fn func(keyspace.KV) error) error {
	return c.Engine.View(ctx, func(kv keyspace.KV) error { return fn(countingKV{kv, c.reads}) })
}

type countingKV struct {
	keyspace.KV
	reads *int
}

func (k countingKV) Get(key []byte) ([]byte, error) {
	*k.reads++
	return k.KV.Get(key)
}

func (k countingKV) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	*k.reads++
	return k.KV.Scan(from, to, fn)
}

// TestACachedLookupIsReadOnce: a view that needs only remembered records reads nothing but the mark that tells
// whether they are current. That a record is not there is remembered too.
func TestACachedLookupIsReadOnce(t *testing.T) {
	reads := 0
	db, err := storage.Open(counting{memory.New(), &reads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	look := func() {
		t.Helper()
		reads = 0
		err := db.View(t.Context(), func(tx *storage.Tx) error {
			_, err := found(tx)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"", "first"} {
		if name != "" {
			if err := db.Update(t.Context(), func(tx *storage.Tx) error { return set(tx, name) }); err != nil {
				t.Fatal(err)
			}
		}
		look()
		if reads < 5 {
			t.Errorf("the first view of a state reads %d times", reads)
		}
		if look(); reads != 1 {
			t.Errorf("the next one reads %d times, want once", reads)
		}
	}
	if err := db.Forget(); err != nil {
		t.Fatal(err)
	}
	if look(); reads < 5 {
		t.Errorf("the first view after what is remembered was forgotten reads %d times", reads)
	}
}

// TestLargeDocumentsAreNotRemembered, since thousands of them would fill the memory: each view reads them again.
func TestLargeDocumentsAreNotRemembered(t *testing.T) {
	reads := 0
	db, err := storage.Open(counting{memory.New(), &reads})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for _, tt := range []struct {
		size       int
		remembered bool
	}{{1 << 10, true}, {256 << 10, false}} {
		err := db.Update(t.Context(), func(tx *storage.Tx) error {
			return tx.Documents("sorts", "").Put(storage.Write{ID: "one", Document: storage.Document{"text": strings.Repeat("x", tt.size)}})
		})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			reads = 0
			err = db.View(t.Context(), func(tx *storage.Tx) error {
				_, err := tx.Documents("sorts", "").Document("one")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if remembered := reads == 1; remembered != tt.remembered {
			t.Errorf("a document of %d bytes is read %d times in the second view", tt.size, reads)
		}
	}
}
