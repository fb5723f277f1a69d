package enginetest

import (
	"errors"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// cloned tests engines that are keyspace.Cloner. It tests nothing for the others.
func (s suite) cloned() {
	s.put("a", "1", "b", "2")
	cloner, ok := s.Engine.(keyspace.Cloner)
	if !ok {
		s.Log("this engine makes no clones")
		return
	}
	engine, err := cloner.Clone()
	if errors.Is(err, keyspace.ErrNoClone) { // Strict around an engine that cannot be cloned
		s.Log(err)
		return
	}
	if err != nil {
		s.Fatal(err)
	}
	clone := on(s.T, engine)
	s.put("a", "one", "c", "3")
	clone.update(func(kv keyspace.KV) error {
		return errors.Join(kv.Put([]byte("d"), []byte("4")), kv.Delete([]byte("b")))
	})
	s.want("a=one", "b=2", "c=3")
	clone.want("a=1", "d=4")
	if err := s.Close(); err != nil {
		s.Fatal(err)
	}
	clone.put("e", "5")
	clone.want("a=1", "d=4", "e=5")
	if _, err := cloner.Clone(); !errors.Is(err, keyspace.ErrClosed) {
		s.Errorf("a clone after close: %v, want one that wraps %v", err, keyspace.ErrClosed)
	}
	if err := clone.Close(); err != nil {
		s.Fatal(err)
	}
}
