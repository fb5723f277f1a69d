package enginetest

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// ended tests transactions whose context ends before they begin: immediately, and while
// they wait for another update.
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

	release := s.hold(func(kv keyspace.KV) error { return kv.Put([]byte("c"), []byte("3")) })
	waiting, leave := context.WithCancel(s.Context())
	second := make(chan error, 1)
	go func() { second <- s.beneath.Update(waiting, write) }()
	leave()
	if err := release(); err != nil {
		s.Errorf("the update that is under way: %v", err)
	}
	if err := <-second; !errors.Is(err, context.Canceled) {
		s.Errorf("the update that waits: %v, want %v", err, context.Canceled)
	}
	if ran.Load() {
		s.Error("a function was run whose context had ended")
	}
	s.want("a=1", "c=3")
}
