package enginetest

import (
	"bytes"
	"fmt"

	"github.com/tenant0/tenant0/storage/keyspace"
)

func (s suite) large() {
	const keys = 5000
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	s.update(func(kv keyspace.KV) error {
		for i := range keys {
			if err := kv.Put(fmt.Appendf(nil, "k%05d", i), []byte("v")); err != nil {
				return err
			}
		}
		return kv.Put([]byte("large"), large)
	})
	if got := s.scan("k", "l", keys*2, false); len(got) != keys || got[0] != "k00000" || got[keys-1] != "k04999" {
		s.Errorf("%d keys are there, want %d", len(got), keys)
	}
	err := s.View(s.Context(), func(kv keyspace.KV) error {
		got, err := kv.Get([]byte("large"))
		if !bytes.Equal(got, large) {
			s.Errorf("a value of %d bytes comes back with %d", len(large), len(got))
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
}
