package storage_test

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

func TestWhatATryWritesIsSeenByItAlone(t *testing.T) {
	s := open(t)
	s.update(func(tx *storage.Tx) error {
		return tx.Roles.Put(storage.Document{"id": "rol_1", "name": "Clerk"})
	})
	names := func(tx *storage.Tx) (all []string) {
		for role, err := range tx.Roles.All() {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, role.Name)
		}
		return all
	}
	err := s.Try(t.Context(), func(tx *storage.Tx) error {
		err := errors.Join(
			tx.Roles.Put(storage.Document{"id": "rol_2", "name": "Driver"}),
			tx.Roles.Put(storage.Document{"id": "rol_1", "name": "Chief"}),
		)
		if diff := cmp.Diff([]string{"Chief", "Driver"}, names(tx)); diff != "" {
			t.Errorf("it reads (- want, + got):\n%s", diff)
		}
		if err := tx.Roles.Put(storage.Document{"id": "rol_3", "name": "Driver"}); !storage.IsConflict(err) {
			t.Errorf("a name that it has taken is taken again: %v", err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.view(func(tx *storage.Tx) error {
		if diff := cmp.Diff([]string{"Clerk"}, names(tx)); diff != "" {
			t.Errorf("afterwards the store has (- want, + got):\n%s", diff)
		}
		return nil
	})
}

// TestATryAgreesWithASortedMap writes and deletes similar keys, some of them in the store and some in
// a try (a transaction whose writes are discarded), and scans in both directions.
func TestATryAgreesWithASortedMap(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	key := func() string {
		b := make([]byte, 1+random.IntN(3))
		for i := range b {
			b[i] = "\x00\x01ab\xfe\xff"[random.IntN(6)]
		}
		return string(b)
	}
	model := map[string]string{}
	write := func(kv keyspace.KV) error {
		for i := range 40 {
			k := key()
			if random.IntN(3) == 0 {
				delete(model, k)
				if err := kv.Delete([]byte(k)); err != nil {
					return err
				}
				continue
			}
			model[k] = strconv.Itoa(i % 7)
			if err := kv.Put([]byte(k), []byte(model[k])); err != nil {
				return err
			}
		}
		return nil
	}
	engine := openEngine(t)
	if err := engine.Update(t.Context(), write); err != nil {
		t.Fatal(err)
	}
	err := engine.View(t.Context(), func(under keyspace.KV) error {
		kv := keyspace.NewOverlay(under)
		for range 40 {
			if err := write(kv); err != nil {
				return err
			}
			from, to, most := key(), key(), 1+random.IntN(60)
			var want []string
			for _, k := range slices.Sorted(maps.Keys(model)) {
				if k >= from && k < to {
					want = append(want, k+"="+model[k])
				}
				if got, err := kv.Get([]byte(k)); err != nil || string(got) != model[k] {
					t.Fatalf("%q reads as %q, %v, want %q", k, got, err, model[k])
				}
			}
			for _, scan := range []func(from, to []byte, fn func(key, value []byte) bool) error{kv.Scan, kv.ScanBack} {
				var got []string
				err := scan([]byte(from), []byte(to), func(k, v []byte) bool {
					got = append(got, string(k)+"="+string(v))
					return len(got) < most
				})
				if diff := cmp.Diff(want[:min(most, len(want))], got); err != nil || diff != "" {
					t.Fatalf("%v, scan from %q to %q (- want, + got):\n%s", err, from, to, diff)
				}
				slices.Reverse(want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
