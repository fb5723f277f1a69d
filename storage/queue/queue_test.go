package queue_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/queue"
)

var errEnded = errors.New("it has ended")

// held is a queue whose first commit waits until free is closed.
type held struct {
	*queue.Queue
	began, free chan struct{}
	mu          sync.Mutex
	sizes       []int
	wait        sync.WaitGroup
}

func hold(t *testing.T, most int, then func(*queue.Queued)) *held {
	t.Helper()
	h := &held{began: make(chan struct{}), free: make(chan struct{})}
	first := sync.OnceFunc(func() { close(h.began); <-h.free })
	h.Queue = queue.New(most, 0, errEnded, func(group []*queue.Queued) {
		first()
		h.mu.Lock()
		defer h.mu.Unlock()
		h.sizes = append(h.sizes, len(group))
		for _, u := range group {
			then(u)
		}
	})
	h.wait.Go(func() { _ = h.Do(t.Context(), func(keyspace.KV) error { return nil }) })
	<-h.began
	return h
}

// join starts n updates that wait behind the one that is being committed, and returns when all of them are about
// to enter the queue, which has room for one group.
func (h *held) join(n int, fn func(i int) func(keyspace.KV) error, result func(i int, err error)) {
	var coming sync.WaitGroup
	coming.Add(n)
	for i := range n {
		h.wait.Go(func() {
			coming.Done()
			result(i, h.Do(context.Background(), fn(i)))
		})
	}
	coming.Wait()
}

func TestUpdatesThatWaitTogetherAreCommittedTogether(t *testing.T) {
	var order []int
	h := hold(t, 8, func(u *queue.Queued) {
		u.Err = u.Fn(nil)
	})
	odd := errors.New("odd")
	h.join(20, func(i int) func(keyspace.KV) error {
		return func(keyspace.KV) error {
			order = append(order, i) // of the one writer
			if i%2 == 1 {
				return odd
			}
			return nil
		}
	}, func(i int, err error) {
		if (i%2 == 1) != errors.Is(err, odd) {
			t.Errorf("update %d returns %v", i, err)
		}
	})
	close(h.free)
	h.wait.Wait()
	h.Close()
	if len(order) != 20 || len(h.sizes) < 2 {
		t.Errorf("%d updates have run in %d groups, want 20", len(order), len(h.sizes))
	}
	for n, size := range h.sizes {
		if size > 8 {
			t.Errorf("group %d has %d updates, want 8 at most", n, size)
		}
	}
	if len(h.sizes) > 15 {
		t.Errorf("20 updates that waited together were committed in %d groups", len(h.sizes))
	}
}

func TestAnUpdateThatIsAloneDoesNotWait(t *testing.T) {
	q := queue.New(8, time.Hour, errEnded, func(group []*queue.Queued) { group[0].Err = group[0].Fn(nil) })
	defer q.Close()
	for range 100 { // one after the other: each is a group of its own
		if err := q.Do(t.Context(), func(keyspace.KV) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAClosingQueueFinishesWhatItHas(t *testing.T) {
	var ran int
	h := hold(t, 64, func(*queue.Queued) { ran++ })
	var kept, refused int
	var mu sync.Mutex
	h.join(32, func(int) func(keyspace.KV) error { return nil }, func(_ int, err error) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil:
			kept++
		case errors.Is(err, errEnded):
			refused++
		default:
			t.Errorf("an update returns %v", err)
		}
	})
	firsts := make(chan bool, 3)
	for range cap(firsts) {
		h.wait.Go(func() { firsts <- h.Close() })
	}
	close(h.free)
	h.wait.Wait()
	if kept+refused != 32 || ran != kept+1 {
		t.Errorf("%d updates are kept and %d refused of 32, and %d were committed", kept, refused, ran)
	}
	n := 0
	for range cap(firsts) {
		if <-firsts {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d of %d calls of Close are the first", n, cap(firsts))
	}
	if err := h.Do(t.Context(), nil); !errors.Is(err, errEnded) {
		t.Errorf("an update after close: %v, want %v", err, errEnded)
	}
}

func TestAPanicOfAnUpdateIsItsError(t *testing.T) {
	err := keyspace.Run(func(keyspace.KV) error { panic("a mistake") }, nil)
	if err == nil || !strings.Contains(err.Error(), "panic in update: a mistake") || !strings.Contains(err.Error(), "queue_test.go") {
		t.Errorf("got %v, want the panic and where it was", err)
	}
	own := errors.New("own")
	if err := keyspace.Run(func(keyspace.KV) error { return own }, nil); !errors.Is(err, own) {
		t.Errorf("got %v, want the error of the function", err)
	}
}

// TestWhoeverComesAfterACommitOfManyJoins the next commit, although that could begin earlier.
func TestWhoeverComesAfterACommitOfManyJoins(t *testing.T) {
	const linger = 5 * time.Second // far longer than a busy machine keeps a goroutine waiting
	var sizes []int                // the writer's own until all updates have returned
	q := queue.New(64, linger, errEnded, func(group []*queue.Queued) { sizes = append(sizes, len(group)) })
	defer q.Close()
	var wait sync.WaitGroup
	update := func() { wait.Go(func() { _ = q.Do(t.Context(), func(keyspace.KV) error { return nil }) }) }
	for tries := 0; len(sizes) == 0 || sizes[len(sizes)-1] < 3; tries++ {
		if tries == 20 {
			t.Fatalf("of the commits %v none has many", sizes)
		}
		for range 32 {
			update()
		}
		wait.Wait()
	}
	before := len(sizes)
	update()
	update()
	wait.Wait()
	if got := sizes[before:]; len(got) != 1 || got[0] != 2 {
		t.Errorf("two updates within %s are committed in groups of %v", linger, got)
	}
}
