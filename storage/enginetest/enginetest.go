// Package enginetest is the test suite that every keyspace.Engine passes. Each promise in the
// comments of that interface is tested here; what only one engine promises, such as locking
// its file, is tested in the package of that engine.
package enginetest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Run runs the suite. open returns an empty engine, which Run closes.
func Run(t *testing.T, open func(tb testing.TB) keyspace.Engine) {
	t.Helper()
	for _, tt := range []struct {
		name string
		test func(suite)
	}{
		{"what an update writes is read by later transactions", suite.readBack},
		{"an update reads what it has written itself", suite.ownWrites},
		{"an empty value is a value", suite.emptyValue},
		{"scans are ordered and keep to their bounds", suite.bounds},
		{"scans agree with a sorted map whatever is written", suite.model},
		{"scans pass over what their own update has deleted", suite.emptied},
		{"a failing update leaves nothing", suite.failure},
		{"a panicking update leaves nothing and ends nobody else", suite.panic},
		{"a failing update takes nothing from those it waited with", suite.group},
		{"updates do not overlap", suite.noOverlap},
		{"a view sees one state throughout", suite.isolation},
		{"a view cannot write", suite.readOnly},
		{"large values and many keys", suite.large},
		{"keys of thousands of bytes that are alike", suite.long},
		{"what nobody waits for any more is not begun", suite.ended},
		{"a closed engine says so", suite.closed},
		{"updates that come while it closes are kept or refused", suite.closing},
		{"work is taken over from workers that have ended", suite.workers},
		{"what a clone and its origin write is not in the other", suite.cloned},
	} {
		for _, strict := range []bool{false, true} {
			name := tt.name
			if strict {
				name += ", with functions that run twice and one cursor"
			}
			t.Run(name, func(t *testing.T) {
				e := open(t)
				defer func() {
					if err := e.Close(); err != nil {
						t.Errorf("close: %v", err)
					}
				}()
				beneath := e
				if strict {
					e = keyspace.Strict(e)
				}
				tt.test(suite{t, e, beneath})
			})
		}
	}
}

// suite is a test with an engine of its own. beneath is that engine without the
// keyspace.Strict around it, which runs the function of an update in a view first.
type suite struct {
	*testing.T
	keyspace.Engine
	beneath keyspace.Engine
}

// on returns a suite for an engine without keyspace.Strict around it.
func on(t *testing.T, e keyspace.Engine) suite {
	t.Helper()
	return suite{t, e, e}
}

// hold starts an update of the engine beneath and returns once its function runs: if the
// engine has one writer, later updates wait for it. release lets the function go on and
// return the result of fn, and returns the result of the update.
func (s suite) hold(fn func(keyspace.KV) error) (release func() error) {
	began, free, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	begin := sync.OnceFunc(func() { close(began) })
	go func() {
		ended <- s.beneath.Update(s.Context(), func(kv keyspace.KV) error {
			begin()
			<-free
			return fn(kv)
		})
	}()
	<-began
	return func() error {
		close(free)
		return <-ended
	}
}

func (s suite) update(fn func(keyspace.KV) error) {
	s.Helper()
	if err := s.Update(s.Context(), fn); err != nil {
		s.Fatal(err)
	}
}

func (s suite) put(pairs ...string) {
	s.Helper()
	s.update(func(kv keyspace.KV) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := kv.Put([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
}

// content returns everything in the engine as "key=value".
func (s suite) content() []string {
	s.Helper()
	all := []string{}
	err := s.View(s.Context(), func(kv keyspace.KV) error {
		return kv.Scan([]byte{0}, []byte{0xff, 0xff}, func(key, value []byte) bool {
			all = append(all, string(key)+"="+string(value))
			return true
		})
	})
	if err != nil {
		s.Fatal(err)
	}
	return all
}

func (s suite) want(pairs ...string) {
	s.Helper()
	if diff := cmp.Diff(append([]string{}, pairs...), s.content()); diff != "" {
		s.Errorf("content (-want +got):\n%s", diff)
	}
}

func (s suite) readBack() {
	s.put("a", "1", "b", "2", "c", "3")
	s.update(func(kv keyspace.KV) error {
		return errors.Join(kv.Put([]byte("a"), []byte("one")), kv.Delete([]byte("b")), kv.Delete([]byte("never there")))
	})
	s.want("a=one", "c=3")
}

func (s suite) ownWrites() {
	s.put("a", "1", "b", "2")
	s.update(func(kv keyspace.KV) error {
		if err := errors.Join(kv.Put([]byte("ab"), []byte("new")), kv.Delete([]byte("b"))); err != nil {
			return err
		}
		got, err := kv.Get([]byte("ab"))
		if string(got) != "new" || err != nil {
			s.Errorf("a key just written reads as %q, %v", got, err)
		}
		got, err = kv.Get([]byte("b"))
		if got != nil || err != nil {
			s.Errorf("a key just removed reads as %q, %v", got, err)
		}
		var seen []string
		err = kv.Scan([]byte("a"), []byte("z"), func(key, _ []byte) bool {
			seen = append(seen, string(key))
			return true
		})
		if !slices.Equal(seen, []string{"a", "ab"}) {
			s.Errorf("the update scans %q", seen)
		}
		return err
	})
}

func (s suite) emptyValue() {
	there := func(kv keyspace.KV, when string) {
		got, err := kv.Get([]byte("k"))
		if got == nil || len(got) != 0 || err != nil {
			s.Errorf("%s: the value reads as %v, %v, want one of no bytes", when, got, err)
		}
	}
	s.update(func(kv keyspace.KV) error {
		err := kv.Put([]byte("k"), nil)
		there(kv, "in the same update")
		return err
	})
	if err := s.View(s.Context(), func(kv keyspace.KV) error { there(kv, "in a later view"); return nil }); err != nil {
		s.Fatal(err)
	}
}

func (s suite) bounds() {
	s.put("a", "", "b", "", "b\x00", "", "b\xff", "", "c", "", "d", "")
	for _, tt := range []struct {
		from, to string
		limit    int
		want     []string
	}{
		{"a", "d", 9, []string{"a", "b", "b\x00", "b\xff", "c"}},
		{"b", "c", 9, []string{"b", "b\x00", "b\xff"}},
		{"b\x00", "c", 9, []string{"b\x00", "b\xff"}},
		{"aa", "bb", 9, []string{"b", "b\x00"}},
		{"\x00", "a", 9, nil},
		{"e", "f", 9, nil},
		{"c", "b", 9, nil},
		{"b", "b", 9, nil},
		{"a", "zzz", 2, []string{"a", "b"}},
	} {
		for _, back := range []bool{false, true} {
			expected := slices.Clone(tt.want)
			if back {
				if tt.limit < 9 {
					expected = []string{"d", "c"}
				} else {
					slices.Reverse(expected)
				}
			}
			if got := s.scan(tt.from, tt.to, tt.limit, back); !slices.Equal(got, expected) {
				s.Errorf("scan from %q to %q, at most %d, backwards %v: %q, want %q", tt.from, tt.to, tt.limit, back, got, expected)
			}
		}
	}
}

func (s suite) scan(from, to string, limit int, back bool) []string {
	s.Helper()
	var got []string
	err := s.View(s.Context(), func(kv keyspace.KV) error {
		walk := kv.Scan
		if back {
			walk = kv.ScanBack
		}
		return walk([]byte(from), []byte(to), func(key, _ []byte) bool {
			got = append(got, string(key))
			return len(got) < limit
		})
	})
	if err != nil {
		s.Fatal(err)
	}
	return got
}

// model compares the engine with a sorted map, over random writes to similar keys.
func (s suite) model() {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same every time
	key := func() string {
		b := make([]byte, 1+random.IntN(3))
		for i := range b {
			b[i] = "\x00\x01ab\xfe\xff"[random.IntN(6)]
		}
		return string(b)
	}
	model := map[string]string{}
	for range 40 {
		writes := map[string]string{} // "" removes
		for range 20 {
			writes[key()] = []string{"", "v", key()}[random.IntN(3)]
		}
		s.update(func(kv keyspace.KV) error { return write(kv, writes) })
		maps.Copy(model, writes)
		from, to := key(), key()
		var expected []string
		for _, k := range slices.Sorted(maps.Keys(model)) {
			if k >= from && k < to && model[k] != "" {
				expected = append(expected, k)
			}
		}
		if got := s.scan(from, to, 1<<20, false); !slices.Equal(got, expected) {
			s.Fatalf("scan from %q to %q: %q, want %q", from, to, got, expected)
		}
		slices.Reverse(expected)
		if got := s.scan(from, to, 1<<20, true); !slices.Equal(got, expected) {
			s.Fatalf("scan back from %q to %q: %q, want %q", from, to, got, expected)
		}
	}
}

// write puts the pairs, and removes keys whose value is "".
func write(kv keyspace.KV, pairs map[string]string) error {
	for k, v := range pairs {
		err := kv.Put([]byte(k), []byte(v))
		if v == "" {
			err = kv.Delete([]byte(k))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var errRefused = errors.New("refused")

func (s suite) failure() {
	s.put("a", "1", "b", "", "c", "3")
	err := s.Update(s.Context(), func(kv keyspace.KV) error {
		return errors.Join(
			kv.Put([]byte("a"), []byte("changed")), kv.Put([]byte("a"), []byte("again")),
			kv.Delete([]byte("b")), kv.Put([]byte("b"), []byte("back")), kv.Delete([]byte("b")),
			kv.Put([]byte("new"), nil), errRefused,
		)
	})
	if !errors.Is(err, errRefused) {
		s.Errorf("the update returns %v, want its own error", err)
	}
	s.want("a=1", "b=", "c=3")
}

func (s suite) panic() {
	s.put("a", "1")
	err := s.Update(s.Context(), func(kv keyspace.KV) error {
		_ = kv.Put([]byte("a"), []byte("changed"))
		panic("a mistake")
	})
	if err == nil || !strings.Contains(err.Error(), "a mistake") {
		s.Errorf("the update returns %v, want the panic", err)
	}
	s.put("b", "2")
	s.want("a=1", "b=2")
}

func (s suite) noOverlap() {
	const writers, each = 8, 25
	var wait sync.WaitGroup
	for range writers {
		wait.Go(func() {
			for range each {
				err := s.Update(s.Context(), func(kv keyspace.KV) error {
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
	wait.Wait()
	s.want("n=" + strings.Repeat("+", writers*each))
}

// isolation lets updates change two keys together while views read first one key, then the
// other.
func (s suite) isolation() {
	s.put("a", "0", "b", "0")
	var writer sync.WaitGroup
	var done atomic.Bool
	writer.Go(func() {
		defer done.Store(true)
		for i := range 200 {
			n := fmt.Sprint(i)
			s.put("a", n, "b", n)
		}
	})
	defer writer.Wait()
	for last := false; !last; {
		last = done.Load()
		err := s.View(s.Context(), func(kv keyspace.KV) error {
			a, err := kv.Get([]byte("a"))
			if err != nil {
				return err
			}
			runtime.Gosched() // lets the writer run
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
	s.want("a=199", "b=199")
}

func (s suite) readOnly() {
	err := s.View(s.Context(), func(kv keyspace.KV) error {
		if err := kv.Put([]byte("a"), []byte("1")); err == nil {
			s.Error("a view can write")
		}
		return errRefused
	})
	if !errors.Is(err, errRefused) {
		s.Errorf("the view returns %v, want its own error", err)
	}
	s.want()
}

func nothing(keyspace.KV) error { return nil }

func (s suite) closed() {
	s.put("a", "1")
	for range 2 {
		if err := s.Close(); err != nil {
			s.Fatalf("close: %v", err)
		}
	}
	if err := s.Update(s.Context(), nothing); !errors.Is(err, keyspace.ErrClosed) {
		s.Errorf("an update after close: %v, want one that wraps %v", err, keyspace.ErrClosed)
	}
	if err := s.View(s.Context(), nothing); !errors.Is(err, keyspace.ErrClosed) {
		s.Errorf("a view after close: %v, want one that wraps %v", err, keyspace.ErrClosed)
	}
}

// closing closes the engine while it is read and written, as a shutdown does when requests
// run longer than its grace period.
func (s suite) closing() {
	const workers = 16
	var wait sync.WaitGroup
	var began sync.WaitGroup
	began.Add(workers)
	for i := range workers {
		wait.Go(func() {
			run := s.Update
			if i%4 == 0 {
				run = s.View
			}
			for n := 0; ; n++ {
				err := run(s.Context(), nothing)
				if n == 0 {
					began.Done()
				}
				if errors.Is(err, keyspace.ErrClosed) {
					return
				}
				if err != nil {
					s.Errorf("while the engine closes: %v", err)
					return
				}
			}
		})
	}
	began.Wait()
	if err := s.Close(); err != nil {
		s.Errorf("close: %v", err)
	}
	wait.Wait()
}
