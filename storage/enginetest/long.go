package enginetest

import (
	"errors"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// long tests keys of several thousand bytes, which differ in the last byte
// only.
func (s suite) long() {
	var keys []string
	for _, n := range []int{1, 1000, 1023, 1024, 1025, 2700, 9000} {
		for _, last := range []string{"", "\x00", "a", "a\x00", "b", "\xff"} {
			keys = append(keys, strings.Repeat("k", n)+last)
		}
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	s.update(func(kv keyspace.KV) error {
		for _, key := range keys {
			if err := kv.Put([]byte(key), []byte(key[len(key)-1:])); err != nil {
				return err
			}
		}
		return nil
	})
	s.inOrder(keys)
	s.update(func(kv keyspace.KV) error {
		var errs []error
		for i, key := range keys {
			got, err := kv.Get([]byte(key))
			if string(got) != key[len(key)-1:] {
				s.Errorf("the %d. key has %q", i, got)
			}
			if errs = append(errs, err); i%2 == 0 {
				errs = append(errs, kv.Delete([]byte(key)))
			}
		}
		return errors.Join(errs...)
	})
	if got := len(s.content()); got != len(keys)/2 {
		s.Errorf("%d keys are left, want %d", got, len(keys)/2)
	}
}

// inOrder scans from and up to each of the keys, all of which begin with a k.
func (s suite) inOrder(keys []string) {
	s.Helper()
	for i, key := range keys {
		if got := s.scan(key, "l", len(keys), false); !slices.Equal(got, keys[i:]) {
			s.Fatalf("a scan from the %d. key yields %d keys, want %d in order", i, len(got), len(keys)-i)
		}
		back := slices.Clone(keys[:i])
		slices.Reverse(back)
		if got := s.scan("k", key, len(keys), true); !slices.Equal(got, back) {
			s.Fatalf("a scan back from the %d. key yields %d keys, want %d in order", i, len(got), i)
		}
	}
}
