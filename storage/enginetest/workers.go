package enginetest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// worked is a store, and what of it claims work: logouts, which may be nobody's, and messages.
type worked struct {
	testing.TB
	*storage.DB
}

func openWorked(t testing.TB, e keyspace.Engine) worked {
	t.Helper()
	db, err := storage.Open(e)
	if err != nil {
		t.Fatal(err)
	}
	return worked{t, db}
}

func (w worked) update(fn func(*storage.Tx) error) {
	w.Helper()
	if err := w.Update(w.Context(), fn); err != nil {
		w.Fatal(err)
	}
}

// logouts keeps logouts, of each the key and its worker.
func (w worked) logouts(workers map[string]string) {
	w.Helper()
	w.update(func(tx *storage.Tx) error {
		for _, key := range slices.Sorted(maps.Keys(workers)) {
			if err := tx.Logouts.Put(storage.Logout{Key: key, Teller: workers[key]}); err != nil {
				return err
			}
		}
		return nil
	})
}

// message keeps a message that a worker is to deliver, "" for one that waits for nobody.
func (w worked) message(worker string) {
	w.Helper()
	w.update(func(tx *storage.Tx) error {
		return tx.Messages.Add(time.Time{}, worker, storage.Bounds{Number: 10, Bytes: 100}, func(int) ([]byte, error) { return []byte("1"), nil })
	})
}

// takes has a worker take over at most so many logouts, whose keys it returns.
func (w worked) takes(worker storage.Worker, most int) string {
	w.Helper()
	taken, err := storage.TakeOver(context.Background(), worker, most, (*storage.Tx).LogoutClaims)
	if err != nil {
		w.Error(err)
	}
	keys := make([]string, len(taken))
	for n, l := range taken {
		if keys[n] = l.Key; l.Teller != worker.Name {
			w.Errorf("logout %s is taken over and still says that it is of %q", l.Key, l.Teller)
		}
	}
	return strings.Join(keys, " ")
}

// delivers has a worker take over at most so many messages, whose numbers it returns.
func (w worked) delivers(worker storage.Worker, most int) (numbers []int) {
	w.Helper()
	taken, err := storage.TakeOver(context.Background(), worker, most, func(tx *storage.Tx) storage.Claims[storage.Item] {
		return tx.Messages.Claims()
	})
	if err != nil {
		w.Error(err)
	}
	for _, item := range taken {
		numbers = append(numbers, item.Number)
	}
	return numbers
}

// workers are those of one process, and of one that opens the store after it.
func (s suite) workers() {
	w := openWorked(s, s.Engine)
	one, two := w.Worker("work"), w.Worker("work")
	w.logouts(map[string]string{"a": one.Name, "b": two.Name, "c": "", "d": "somebody who has ended"})
	for n, step := range []struct {
		worker storage.Worker
		most   int
		want   string
	}{
		{one, 0, ""},
		{one, 1, "c"}, // b is of a worker that is there
		{two, 9, "d"},
		{one, 9, ""}, // all is somebody's
	} {
		if got := w.takes(step.worker, step.most); got != step.want {
			s.Errorf("step %d: it takes %q, want %q", n, got, step.want)
		}
	}
	w.message(two.Name)
	w.message("")
	w.message(two.Name)
	w.message(two.Name)
	two.Release()
	if got := w.takes(one, 9); got != "b d" {
		s.Errorf("of a worker that was released it takes %q", got)
	}
	w.update(func(tx *storage.Tx) error { return tx.Logouts.Delete("b") }) // it is done
	if diff := cmp.Diff([]int{1, 3}, w.delivers(one, 2)); diff != "" {
		s.Errorf("messages (-want +got):\n%s", diff)
	}
	if _, shared := s.Engine.(keyspace.Shared); shared {
		return // another process there is: RunShared
	}
	w = openWorked(s, s.Engine)
	three := w.Worker("work")
	if got := w.takes(three, 9); got != "a c d" {
		s.Errorf("after a restart it takes %q", got)
	}
	if diff := cmp.Diff([]int{1, 3, 4}, w.delivers(three, 9)); diff != "" {
		s.Errorf("messages after a restart (-want +got):\n%s", diff)
	}
}

// workers are those of several processes, of which one ends.
func (s together) workers() {
	all := make([]worked, len(s.shared))
	workers := make([]storage.Worker, len(s.shared))
	for n, e := range s.shared {
		all[n] = openWorked(s, e)
		workers[n] = all[n].Worker("work")
		if held, err := workers[n].Hold(); !held || err != nil {
			s.Fatal(held, err)
		}
	}
	const each = 20
	claims := map[string]string{}
	for n := range each {
		claims[string(rune('a'+n))] = workers[0].Name
		all[0].message(workers[0].Name)
	}
	all[0].logouts(claims)
	for n := 1; n < len(all); n++ {
		if keys, numbers := all[n].takes(workers[n], each), all[n].delivers(workers[n], each); keys != "" || numbers != nil {
			s.Fatalf("while the worker of process 0 is there process %d takes over %q and %v", n, keys, numbers)
		}
	}
	if err := s.shared[0].Close(); err != nil {
		s.Fatal(err)
	}
	var wait sync.WaitGroup
	keys, numbers := make([]string, len(all)), make([][]int, len(all))
	for n := 1; n < len(all); n++ {
		wait.Go(func() { keys[n], numbers[n] = all[n].takes(workers[n], each), all[n].delivers(workers[n], each) })
	}
	wait.Wait()
	got := strings.Fields(strings.Join(keys, " "))
	slices.Sort(got)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(claims)), got); diff != "" {
		s.Errorf("logouts that are taken over (-want +got):\n%s", diff)
	}
	delivered := slices.Sorted(slices.Values(slices.Concat(numbers...)))
	if len(delivered) != 10 || len(slices.Compact(slices.Clone(delivered))) != 10 {
		s.Errorf("messages that are taken over: %v, want the ten that are kept, once each", delivered)
	}
	for n := 1; n < len(all); n++ {
		if again := all[n].takes(workers[n], each); again != "" {
			s.Errorf("process %d takes %q from one that is there", n, again)
		}
	}
}
