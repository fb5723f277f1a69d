package enginetest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Disk is an engine on a disk that a test can fill up.
type Disk struct {
	keyspace.Engine
	Fill, Free func()                 // leave no room on the disk, and make room again
	Reopen     func() keyspace.Engine // closes the engine and opens its data again
	Says       string                 // a text that the error of a failed write must contain, so that users know what to do
}

// RunFull tests what an engine promises on a full disk: an update that finds no room fails
// with an error that says what to do, and changes nothing; existing data can be read, and
// once there is room again, updates are kept.
func RunFull(t *testing.T, disk Disk) {
	t.Helper()
	s := on(t, disk.Engine)
	defer func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}()
	s.put("a", "1", "b", "2")
	for size := 1 << 20; size <= 25<<20; size *= 5 { // each value larger than the space that the last one has freed
		large := bytes.Repeat([]byte("x"), size)
		disk.Fill()
		err := s.Update(t.Context(), func(kv keyspace.KV) error {
			return errors.Join(kv.Put([]byte("a"), []byte("changed")), kv.Delete([]byte("b")), kv.Put([]byte("large"), large))
		})
		if err == nil || errors.Is(err, keyspace.ErrDamaged) || !strings.Contains(err.Error(), disk.Says) {
			t.Errorf("an update that finds no room returns %v, want what says %q", err, disk.Says)
		}
		s.want("a=1", "b=2")
		s.together(large)
		disk.Free()
		s.want("a=1", "b=2")
		s.update(func(kv keyspace.KV) error { return kv.Put([]byte("large"), large) })
		s.update(func(kv keyspace.KV) error { return kv.Delete([]byte("large")) })
	}
	s.put("c", "3")
	s.want("a=1", "b=2", "c=3")
	s.Engine = disk.Reopen()
	s.want("a=1", "b=2", "c=3")
}

// together runs several updates at once on a full disk. Each must report whether it was
// kept, and all of them must fail.
func (s suite) together(large []byte) {
	s.Helper()
	var wait sync.WaitGroup
	kept := make([]bool, 4)
	for i := range kept {
		wait.Go(func() {
			kept[i] = s.Update(s.Context(), func(kv keyspace.KV) error {
				return errors.Join(kv.Put(fmt.Appendf(nil, "k%d", i), nil), kv.Put(fmt.Appendf(nil, "large%d", i), large))
			}) == nil
		})
	}
	wait.Wait()
	want := []string{"a=1", "b=2"}
	for i, is := range kept {
		if is {
			want = append(want, fmt.Sprintf("k%d=", i))
			s.Errorf("an update of %d bytes is kept on a full disk", len(large))
		}
	}
	s.want(want...)
}
