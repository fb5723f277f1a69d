package keyspace

import "slices"

// Beneath returns the part of a key space whose keys begin with prefix; the
// prefix is left out of its keys.
func Beneath(kv KV, prefix []byte) KV { return beneath{kv, prefix} }

type beneath struct {
	kv     KV
	prefix []byte
}

func (b beneath) key(key []byte) []byte { return slices.Concat(b.prefix, key) }

// Get implements KV.
func (b beneath) Get(key []byte) ([]byte, error) { return b.kv.Get(b.key(key)) }

// Put implements KV.
func (b beneath) Put(key, value []byte) error { return b.kv.Put(b.key(key), value) }

// Delete implements KV.
func (b beneath) Delete(key []byte) error { return b.kv.Delete(b.key(key)) }

// Scan implements KV.
func (b beneath) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	return b.kv.Scan(b.key(from), b.end(to), b.without(fn))
}

// ScanBack implements KV.
func (b beneath) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	return b.kv.ScanBack(b.key(from), b.end(to), b.without(fn))
}

func (b beneath) end(to []byte) []byte {
	if to == nil {
		return PrefixEnd(b.prefix)
	}
	return b.key(to)
}

func (b beneath) without(fn func(key, value []byte) bool) func(key, value []byte) bool {
	return func(key, value []byte) bool { return fn(key[len(b.prefix):], value) }
}
