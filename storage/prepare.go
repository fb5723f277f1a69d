package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// patience is how often Prepare tries a draft before it runs everything in one update, which
// keeps other writers waiting.
const patience = 5

// errStale reports that records which a draft has read have changed since.
var errStale = errors.New("what was read has changed")

// Prepare is Update for a slow change. prepare works on a draft: it reads the store in short
// views, and its writes are kept aside. So it may be slow, see Slow, and neither keeps
// writers waiting nor waits for them. Then one update checks that everything prepare has
// read is unchanged, writes the draft, and runs then. If something has changed meanwhile,
// prepare runs again; after repeated changes it runs inside the update.
//
// As with Update, both functions may run more than once, and must change nothing outside of
// the transaction but variables that they set anew in each run. An error of either undoes
// all.
func (db *DB) Prepare(ctx context.Context, prepare, then func(*Tx) error) error {
	prepare, prepared := db.watched(prepare)
	then, done := db.watched(then)
	return done(prepared(db.prepare(ctx, prepare, then)))
}

func (db *DB) prepare(ctx context.Context, prepare, then func(*Tx) error) error {
	for range patience {
		d, err := db.draft(ctx, prepare)
		if err == nil {
			err = db.engine.Update(ctx, func(kv keyspace.KV) error {
				if err := d.check(kv); err != nil {
					return err
				}
				if err := d.write(kv); err != nil {
					return err
				}
				return transact(newTx(keyspace.Ending(ctx, kv), nil), then)
			})
		}
		if !errors.Is(err, errStale) {
			return err
		}
	}
	return db.engine.Update(ctx, func(kv keyspace.KV) error {
		ending := keyspace.Ending(ctx, kv)
		if err := prepare(newTx(ending, nil)); err != nil {
			return err
		}
		return transact(newTx(ending, nil), then)
	})
}

// DryRun is Prepare without the update: it runs fn on a draft, which nobody else sees and
// which is discarded, to find out what fn would do. fn may be slow, and may run more than
// once; in its last run, all reads are of one state of the store.
func (db *DB) DryRun(ctx context.Context, fn func(*Tx) error) error {
	for range patience {
		d, err := db.draft(ctx, fn)
		if err == nil {
			err = db.engine.View(ctx, d.check)
		}
		if !errors.Is(err, errStale) {
			return err
		}
	}
	return db.Try(ctx, fn)
}

// Try runs fn in a transaction whose writes nobody else sees and which are discarded: fn
// reads one state of the store and its own writes over it. It finds out what an update would
// do without keeping writers waiting. As in View, fn must not wait for an update, and its
// reads fail when ctx has ended.
func (db *DB) Try(ctx context.Context, fn func(*Tx) error) error {
	return db.engine.View(ctx, func(kv keyspace.KV) error { return fn(newTx(keyspace.NewOverlay(keyspace.Ending(ctx, kv)), nil)) })
}

// draft holds what a function has read and what it has written.
type draft struct {
	read    *reading
	written *keyspace.Overlay
}

// draft runs fn on a draft. An error of fn counts only if what it has read is unchanged.
func (db *DB) draft(ctx context.Context, fn func(*Tx) error) (*draft, error) {
	view := func(fn func(keyspace.KV) error) error { return db.engine.View(ctx, fn) }
	read := &reading{view: view, values: map[string][]byte{}, scans: map[scanned][sha256.Size]byte{}}
	d := &draft{read, keyspace.NewOverlay(read)}
	run := func() error { return fn(newTx(d.written, nil)) }
	if db.Shared() { // a view of a shared store keeps no writers waiting, and beginning one costs as much as a read
		own := run
		run = func() error {
			return db.engine.View(ctx, func(kv keyspace.KV) error {
				read.view = func(fn func(keyspace.KV) error) error { return fn(kv) }
				return own()
			})
		}
	}
	if err := run(); err != nil {
		if stale := db.engine.View(ctx, d.check); stale != nil {
			return nil, stale
		}
		return nil, err
	}
	return d, nil
}

// check returns errStale if a transaction no longer reads what the draft has read.
func (d *draft) check(kv keyspace.KV) error {
	for key, value := range d.read.values {
		now, err := kv.Get([]byte(key))
		if err != nil {
			return err
		}
		if !bytes.Equal(now, value) || (now == nil) != (value == nil) {
			return errStale
		}
	}
	for s, sum := range d.read.scans {
		rows := newRowSum()
		if err := s.run(kv, func(key, value []byte) bool {
			rows.add(key, value)
			return s.rows < 0 || rows.n < s.rows
		}); err != nil {
			return err
		}
		if rows.sum() != sum {
			return errStale
		}
	}
	return nil
}

// write applies the draft's writes to a transaction.
func (d *draft) write(kv keyspace.KV) error {
	for key, value := range d.written.Written() {
		var err error
		if value == nil {
			err = kv.Delete(key)
		} else {
			err = kv.Put(key, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reading is a read-only key space that opens a view for each call and remembers the
// answers.
type reading struct {
	view   func(func(keyspace.KV) error) error
	values map[string][]byte // nil for a key that is not there
	scans  map[scanned][sha256.Size]byte
}

// scanned is a scan, and how many rows it visited before it was stopped, -1 if it was not
// stopped.
type scanned struct {
	from, to string
	back     bool
	rows     int
}

func (s scanned) run(kv keyspace.KV, fn func(key, value []byte) bool) error {
	if s.back {
		return kv.ScanBack([]byte(s.from), []byte(s.to), fn)
	}
	return kv.Scan([]byte(s.from), []byte(s.to), fn)
}

// Get implements KV.
func (r *reading) Get(key []byte) (value []byte, err error) {
	if value, known := r.values[string(key)]; known {
		return value, nil
	}
	err = r.view(func(kv keyspace.KV) error {
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
func (r *reading) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	return r.scan(scanned{from: string(from), to: string(to)}, fn)
}

// ScanBack implements KV.
func (r *reading) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	return r.scan(scanned{from: string(from), to: string(to), back: true}, fn)
}

func (r *reading) scan(s scanned, fn func(key, value []byte) bool) error {
	rows := newRowSum()
	s.rows = -1
	err := r.view(func(kv keyspace.KV) error {
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
		return errStale
	}
	r.scans[s] = rows.sum()
	return nil
}

var errDraft = errors.New("a draft writes nothing beneath it")

// Put implements KV.
func (*reading) Put(_, _ []byte) error { return errDraft }

// Delete implements KV.
func (*reading) Delete([]byte) error { return errDraft }

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
