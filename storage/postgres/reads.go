package postgres

import (
	"bytes"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// reads is a state that records what is read from it: the database commits the writes only if
// nothing of that has changed.
type reads struct {
	keyspace.TreeKV
	from, to [][]byte // ranges of keys; to is exclusive
	keys     map[string]bool
	many     bool // too many ranges to be recorded: then any change is a conflict
}

// mostReads is how many keys and ranges are recorded.
const mostReads = 256

func newReads(m *moment) *reads {
	return &reads{TreeKV: keyspace.TreeKV{Tree: m.tree, ReadOnly: true}, keys: map[string]bool{}}
}

// note records a range.
func (r *reads) note(from, to []byte) {
	if len(r.from) >= mostReads {
		r.many = true
		return
	}
	r.from, r.to = append(r.from, from), append(r.to, to)
}

// behind returns the first key after another.
func behind(key []byte) []byte { return append(bytes.Clone(key), 0) }

// Get implements keyspace.KV.
func (r *reads) Get(key []byte) ([]byte, error) {
	if !r.many && !r.keys[string(key)] {
		r.keys[string(key)] = true
		r.note(bytes.Clone(key), behind(key))
	}
	return r.TreeKV.Get(key)
}

// Scan implements keyspace.KV.
func (r *reads) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	end := bytes.Clone(to)
	start := bytes.Clone(from)
	err := r.TreeKV.Scan(from, to, func(key, value []byte) bool {
		more := fn(key, value)
		if !more {
			end = behind(key)
		}
		return more
	})
	r.note(bytesOf(start), bytesOf(end))
	return err
}

// ScanBack implements keyspace.KV.
func (r *reads) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	start, end := bytes.Clone(from), bytes.Clone(to)
	err := r.TreeKV.ScanBack(from, to, func(key, value []byte) bool {
		more := fn(key, value)
		if !more {
			start = bytes.Clone(key)
		}
		return more
	})
	r.note(bytesOf(start), bytesOf(end))
	return err
}
