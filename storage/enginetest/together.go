package enginetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// group makes the engine's writer wait, so that many updates are pending at
// once. Half of them delete or change everything in the store and then fail.
func (s suite) group() {
	const n = 64
	for range 5 {
		release := s.hold(func(keyspace.KV) error { return nil })
		var wait, queued sync.WaitGroup
		for i := range n {
			queued.Add(1)
			wait.Go(func() {
				queued.Done()
				if i%2 == 0 {
					s.update(pair(i, func(kv keyspace.KV, key []byte) error { return kv.Put(key, []byte("x")) }))
				} else if err := s.Update(s.Context(), wreck); err == nil {
					s.Error("an update that fails or panics returns nil")
				}
			})
		}
		queued.Wait()
		if err := release(); err != nil {
			s.Error(err)
		}
		wait.Wait()
		if got := len(s.content()); got != n {
			s.Fatalf("of the %d keys of the updates that succeeded, %d are there", n, got)
		}
		for i := 0; i < n; i += 2 {
			s.update(pair(i, keyspace.KV.Delete))
		}
	}
}

// pair does the same to two keys with a number.
func pair(i int, do func(keyspace.KV, []byte) error) func(keyspace.KV) error {
	return func(kv keyspace.KV) error {
		return errors.Join(do(kv, fmt.Appendf(nil, "k%02d", i)), do(kv, fmt.Appendf(nil, "v%02d", i)))
	}
}

// wreck deletes or changes every key and fails.
func wreck(kv keyspace.KV) error {
	var keys [][]byte
	err := kv.Scan([]byte("k"), []byte("w"), func(key, _ []byte) bool {
		keys = append(keys, bytes.Clone(key))
		return true
	})
	if err != nil {
		return err
	}
	for i, key := range keys {
		if i%2 == 0 {
			err = kv.Delete(key)
		} else {
			err = kv.Put(key, []byte("wrecked"))
		}
		if err != nil {
			return err
		}
	}
	if len(keys)%3 == 0 {
		panic("wrecked")
	}
	return errRefused
}
