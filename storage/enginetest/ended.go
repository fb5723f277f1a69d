package enginetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// ended has transactions whose context ends before they begin: at once, and while they wait
// for another update.
func (s suite) ended() {
	s.put("a", "1")
	var ran atomic.Bool
	write := func(kv keyspace.KV) error {
		ran.Store(true)
		return kv.Put([]byte("b"), []byte("2"))
	}
	gone, cancel := context.WithCancel(s.Context())
	cancel()
	if err := s.Update(gone, write); !errors.Is(err, context.Canceled) {
		s.Errorf("an update whose context has ended: %v, want %v", err, context.Canceled)
	}
	if err := s.View(gone, func(keyspace.KV) error { ran.Store(true); return nil }); !errors.Is(err, context.Canceled) {
		s.Errorf("a view whose context has ended: %v, want %v", err, context.Canceled)
	}

	began, free := make(chan struct{}), make(chan struct{})
	begin := sync.OnceFunc(func() { close(began) })
	waiting, leave := context.WithCancel(s.Context())
	defer leave()
	var first, second error
	var wait sync.WaitGroup
	wait.Go(func() {
		first = s.Update(s.Context(), func(kv keyspace.KV) error {
			begin()
			<-free
			return kv.Put([]byte("c"), []byte("3"))
		})
	})
	<-began
	wait.Go(func() { second = s.Update(waiting, write) })
	leave()
	close(free)
	wait.Wait()
	if first != nil || !errors.Is(second, context.Canceled) {
		s.Errorf("the update that is under way: %v; the one that waits: %v, want %v", first, second, context.Canceled)
	}
	if ran.Load() {
		s.Error("a function was run whose context had ended")
	}
	s.want("a=1", "c=3")
}
