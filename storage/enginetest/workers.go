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

// worked is a store with records that claim work: logouts, which may have no worker, and
// messages.
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

// logouts stores logouts, given as a map from their keys to their workers.
func (w worked) logouts(workers map[string]string) {
	w.Helper()
	w.update(func(tx *storage.Tx) error {
		for _, key := range slices.Sorted(maps.Keys(workers)) {
			if err := tx.Logouts.Put(storage.Logout{Key: key, Worker: workers[key]}); err != nil {
				return err
			}
		}
		return nil
	})
}

// message stores a message that a worker is to deliver, "" if there is nothing to deliver.
func (w worked) message(worker string) {
	w.Helper()
	w.update(func(tx *storage.Tx) error {
		return tx.Messages.Add(time.Time{}, worker, storage.Bounds{Number: 10, Bytes: 100}, func(int) ([]byte, error) { return []byte("1"), nil })
	})
}

// takes makes a worker take over at most so many logouts, and returns their keys.
func (w worked) takes(worker storage.Worker, most int) string {
	w.Helper()
	taken, err := storage.TakeOver(context.Background(), worker, most, (*storage.Tx).LogoutClaims)
	if err != nil {
		w.Error(err)
	}
	keys := make([]string, len(taken))
	for n, l := range taken {
		if keys[n] = l.Key; l.Worker != worker.Name {
			w.Errorf("logout %s is taken over and still says that it is of %q", l.Key, l.Worker)
		}
	}
	return strings.Join(keys, " ")
}

// delivers makes a worker take over at most so many messages, and returns their numbers.
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

// workers tests the workers of one process, and those of a process that opens the store after
// it.
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
		{one, 1, "c"}, // b belongs to a worker that has not ended
		{two, 9, "d"},
		{one, 9, ""}, // everything has a worker
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
	w.update(func(tx *storage.Tx) error { return tx.Logouts.Delete("b") }) // this work is finished
	if diff := cmp.Diff([]int{1, 3}, w.delivers(one, 2)); diff != "" {
		s.Errorf("messages (-want +got):\n%s", diff)
	}
	if _, shared := s.Engine.(keyspace.Shared); shared {
		return // then another process may be running: see RunShared
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

// workers tests the workers of several processes, one of which ends.
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
