package enginetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// RunShared tests engines that several processes have open at once. open returns
// several engines on one empty store, which RunShared closes.
func RunShared(t *testing.T, open func(tb testing.TB) []keyspace.Shared) {
	t.Helper()
	for _, tt := range []struct {
		name string
		test func(together)
	}{
		{"what one has acknowledged the others read", together.acknowledged},
		{"updates of all do not overlap", together.noOverlap},
		{"a view sees one state while others write", together.isolation},
		{"a failing update takes nothing from the others", together.failure},
		{"one holds a lease, and another when it ends", together.leases},
		{"one at a time does what is done alone", together.alone},
		{"what a process does that ends is taken over once", together.workers},
		{"who joins is told whether others have", together.join},
	} {
		t.Run(tt.name, func(t *testing.T) {
			engines := open(t)
			s := together{T: t}
			for _, e := range engines {
				s.engines = append(s.engines, on(t, e))
				s.shared = append(s.shared, e)
			}
			defer func() {
				for _, e := range engines {
					if err := e.Close(); err != nil {
						t.Errorf("close: %v", err)
					}
				}
			}()
			tt.test(s)
		})
	}
}

// together is a test with several engines on one store.
type together struct {
	*testing.T
	engines []suite
	shared  []keyspace.Shared
}

func (s together) acknowledged() {
	for i := range 50 {
		writer := s.engines[i%len(s.engines)]
		writer.put("k", fmt.Sprint(i), fmt.Sprintf("n%02d", i), "")
		for n, reader := range s.engines {
			if got := reader.scan("k", "n", 9, false); len(got) != 1 {
				s.Fatalf("engine %d reads %q", n, got)
			}
			if got := reader.scan("n", "o", 99, false); len(got) != i+1 {
				s.Fatalf("after change %d engine %d reads %d of the keys", i, n, len(got))
			}
			reader.reads("k", fmt.Sprint(i))
		}
		if i%3 != 0 {
			continue
		}
		s.engines[(i+1)%len(s.engines)].update(func(kv keyspace.KV) error { return kv.Delete([]byte("k")) })
		for n, reader := range s.engines { // what was read before is gone
			if got := reader.scan("k", "l", 9, true); len(got) != 0 {
				s.Fatalf("engine %d still reads %q", n, got)
			}
		}
	}
}

// reads checks the value of a key.
func (s suite) reads(key, want string) {
	s.Helper()
	err := s.View(s.Context(), func(kv keyspace.KV) error {
		got, err := kv.Get([]byte(key))
		if string(got) != want {
			s.Errorf("%s is %q, want %q", key, got, want)
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
}

func (s together) noOverlap() {
	const writers, each = 4, 10
	var wait sync.WaitGroup
	for _, e := range s.engines {
		for range writers {
			wait.Go(func() {
				for range each {
					err := e.Update(context.Background(), func(kv keyspace.KV) error {
						n, err := kv.Get([]byte("n"))
						if err != nil {
							return err
						}
						return kv.Put([]byte("n"), append(bytes.Clone(n), '+'))
					})
					if err != nil {
						s.Error(err)
					}
				}
			})
		}
	}
	wait.Wait()
	for _, e := range s.engines {
		e.want("n=" + strings.Repeat("+", len(s.engines)*writers*each))
	}
}

func (s together) isolation() {
	s.engines[0].put("a", "0", "b", "0")
	var writers sync.WaitGroup
	var done atomic.Int64
	for _, e := range s.engines[1:] {
		writers.Go(func() {
			defer done.Add(1)
			for i := range 60 {
				n := fmt.Sprint(i)
				e.put("a", n, "b", n)
			}
		})
	}
	defer writers.Wait()
	for last := false; !last; {
		last = int(done.Load()) == len(s.engines)-1
		for _, e := range s.engines {
			err := e.View(context.Background(), func(kv keyspace.KV) error {
				a, err := kv.Get([]byte("a"))
				if err != nil {
					return err
				}
				runtime.Gosched()
				b, err := kv.Get([]byte("b"))
				if !bytes.Equal(a, b) {
					s.Errorf("a view reads %s and then %s, which were never there together", a, b)
				}
				return err
			})
			if err != nil {
				s.Fatal(err)
			}
		}
	}
}

func (s together) failure() {
	s.engines[0].put("k1", "1", "k2", "2")
	var wait sync.WaitGroup
	for n, e := range s.engines {
		for i := range 8 {
			wait.Go(func() {
				if i%2 == 0 {
					e.put(fmt.Sprintf("kept%d%d", n, i), "")
				} else if err := e.Update(context.Background(), wreck); err == nil {
					s.Error("an update that fails or panics returns nil")
				}
			})
		}
	}
	wait.Wait()
	for _, e := range s.engines {
		if got := len(e.content()); got != 2+4*len(s.engines) {
			s.Errorf("%d keys are there, want %d", got, 2+4*len(s.engines))
		}
	}
}

// holders returns the indexes of the engines that hold a lease.
func (s together) holders(name string) (all []int) {
	s.Helper()
	for n, e := range s.shared {
		held, err := e.AcquireLease(name)
		if err != nil && !errors.Is(err, keyspace.ErrClosed) {
			s.Fatal(err)
		}
		if held {
			all = append(all, n)
		}
	}
	return all
}

func (s together) leases() {
	for range 3 {
		if got := s.holders("sweeper"); len(got) != 1 || got[0] != 0 {
			s.Fatalf("the lease is held by %v, want the first alone", got)
		}
	}
	if held, err := s.shared[1].AcquireLease("another"); !held || err != nil {
		s.Errorf("a lease of another name: %v, %v", held, err)
	}
	if err := s.shared[0].Close(); err != nil {
		s.Fatal(err)
	}
	if got := s.holders("sweeper"); len(got) != 1 || got[0] != 1 {
		s.Fatalf("after its holder has ended the lease is held by %v, want the second alone", got)
	}
}

func (s together) alone() {
	var wait sync.WaitGroup
	var inside, most, ran atomic.Int64
	for _, e := range s.shared {
		for range 2 {
			wait.Go(func() {
				err := e.RunExclusive("start", func() error {
					most.Store(max(most.Load(), inside.Add(1)))
					runtime.Gosched()
					ran.Add(1)
					inside.Add(-1)
					return errRefused
				})
				if !errors.Is(err, errRefused) {
					s.Errorf("it returns %v, want the error of its function", err)
				}
			})
		}
	}
	wait.Wait()
	if most.Load() != 1 || int(ran.Load()) != 2*len(s.shared) {
		s.Errorf("%d of %d ran, and %d of them at once", ran.Load(), 2*len(s.shared), most.Load())
	}
}

func (s together) join() {
	for n, e := range s.shared {
		if alone, err := e.Join("serve"); err != nil || alone != (n == 0) {
			s.Errorf("engine %d joins and is alone: %v, %v", n, alone, err)
		}
	}
	if alone, err := s.shared[1].Join("another"); err != nil || !alone {
		s.Errorf("an engine joins something else and is alone: %v, %v", alone, err)
	}
	for _, e := range s.shared[1:] {
		if err := e.Close(); err != nil {
			s.Fatal(err)
		}
	}
}
