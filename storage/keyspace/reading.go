package keyspace

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
)

// ErrStale reports that rows which a Reading has read have changed since.
var ErrStale = errors.New("what was read has changed")

// Reading is a read-only key space that opens a view for each call and remembers the
// answers.
type Reading struct {
	// View runs a function in a view.
	View   func(func(KV) error) error
	values map[string][]byte // nil for a key that is not there
	scans  map[scanned][sha256.Size]byte
}

// NewReading returns a Reading of what a function shows in views.
func NewReading(view func(func(KV) error) error) *Reading {
	return &Reading{View: view, values: map[string][]byte{}, scans: map[scanned][sha256.Size]byte{}}
}

// Unchanged returns ErrStale if a transaction no longer reads what was read.
func (r *Reading) Unchanged(kv KV) error {
	for key, value := range r.values {
		now, err := kv.Get([]byte(key))
		if err != nil {
			return err
		}
		if !bytes.Equal(now, value) || (now == nil) != (value == nil) {
			return ErrStale
		}
	}
	for s, sum := range r.scans {
		rows := newRowSum()
		if err := s.run(kv, func(key, value []byte) bool {
			rows.add(key, value)
			return s.rows < 0 || rows.n < s.rows
		}); err != nil {
			return err
		}
		if rows.sum() != sum {
			return ErrStale
		}
	}
	return nil
}

// scanned is a scan, and how many rows it visited before it was stopped, -1 if it was not
// stopped.
type scanned struct {
	from, to string
	back     bool
	rows     int
}

func (s scanned) run(kv KV, fn func(key, value []byte) bool) error {
	if s.back {
		return kv.ScanBack([]byte(s.from), []byte(s.to), fn)
	}
	return kv.Scan([]byte(s.from), []byte(s.to), fn)
}

// Get implements KV.
func (r *Reading) Get(key []byte) (value []byte, err error) {
	if value, known := r.values[string(key)]; known {
		return value, nil
	}
	err = r.View(func(kv KV) error {
		now, err := kv.Get(key)
		value = bytes.Clone(now)
		return err
	})
	if err == nil {
		r.values[string(key)] = value
	}
	return value, err
}

// Scan implements KV.
func (r *Reading) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	return r.scan(scanned{from: string(from), to: string(to)}, fn)
}

// ScanBack implements KV.
func (r *Reading) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	return r.scan(scanned{from: string(from), to: string(to), back: true}, fn)
}

func (r *Reading) scan(s scanned, fn func(key, value []byte) bool) error {
	rows := newRowSum()
	s.rows = -1
	err := r.View(func(kv KV) error {
		return s.run(kv, func(key, value []byte) bool {
			rows.add(key, value)
			if !fn(bytes.Clone(key), bytes.Clone(value)) {
				s.rows = rows.n
				return false
			}
			return true
		})
	})
	if err != nil {
		return err
	}
	if before, again := r.scans[s]; again && before != rows.sum() {
		return ErrStale
	}
	r.scans[s] = rows.sum()
	return nil
}

var errDraft = errors.New("a draft writes nothing beneath it")

// Put implements KV.
func (*Reading) Put(_, _ []byte) error { return errDraft }

// Delete implements KV.
func (*Reading) Delete([]byte) error { return errDraft }

// rowSum identifies a sequence of rows by their number and a hash of their keys and values.
type rowSum struct {
	n    int
	hash hash.Hash
}

func newRowSum() *rowSum { return &rowSum{hash: sha256.New()} }

func (s *rowSum) add(key, value []byte) {
	s.n++
	for _, part := range [][]byte{key, value} {
		_, _ = s.hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part)))) // never fails
		_, _ = s.hash.Write(part)
	}
}

func (s *rowSum) sum() (sum [sha256.Size]byte) {
	s.hash.Sum(sum[:0])
	return sum
}
