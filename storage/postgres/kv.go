package postgres

import (
	"bytes"
	"time"
)

// headSize is how many bytes of a key are in the index, whose entries have at most 2704
// bytes. A longer key is identified by a digest of its rest, and sorted by the rest.
const headSize = 1024

// split returns the two parts of a key that the table stores.
func split(key []byte) (head, tail []byte) {
	if len(key) <= headSize {
		return key, nil
	}
	return key[:headSize], key[headSize:]
}

// The number of rows that a scan requests at first, and the most that it requests later.
const firstStep, lastStep = 16, 1024

// kv reads in one transaction of the database, for a tenant that is too large to be kept in
// memory. Writes of an update are in an overlay until they are committed.
type kv struct {
	db   *DB
	conn *conn
	last change // the last change that the transaction sees
	// refused is the error after which the transaction cannot read any more.
	refused error
}

// start sends the first request of a view, which checks that the tenant exists.
func (k *kv) start() error {
	found := false
	began := k.db.database.now()
	k.conn.send(state, func(values [][]byte) bool {
		found, k.last = true, change{numberOf(values[0]), numberOf(values[1])}
		k.db.database.meet(began, time.UnixMicro(numberOf(values[2])))
		return false
	}, k.db.name)
	if err := k.conn.run(); err != nil {
		return err
	}
	if !found {
		return k.db.errGone()
	}
	return nil
}

// failed returns the error of a request with advice, and notes that it has ended the
// transaction.
func (k *kv) failed(err error) error {
	k.refused = err
	return k.db.database.explain(err)
}

// Get implements keyspace.KV.
func (k *kv) Get(key []byte) (value []byte, err error) {
	head, tail := split(key)
	k.conn.send(get, func(values [][]byte) bool {
		value = append([]byte{}, values[0]...)
		return false
	}, k.db.name, head, bytesOf(tail))
	if err := k.conn.run(); err != nil {
		return nil, k.failed(err)
	}
	return value, nil
}

// bytesOf returns a slice that is not nil, because nil would become null.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Put implements keyspace.KV. Updates write to an overlay.
func (k *kv) Put(_, _ []byte) error { return errReadOnly }

// Delete implements keyspace.KV.
func (k *kv) Delete(_ []byte) error { return errReadOnly }

// Scan implements keyspace.KV.
func (k *kv) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	return k.scan(scan, from, to, fn, func(last []byte) { from = append(bytes.Clone(last), 0) }, func() ([]byte, []byte) { return from, to })
}

// ScanBack implements keyspace.KV.
func (k *kv) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	return k.scan(scanBack, from, to, fn, func(last []byte) { to = last }, func() ([]byte, []byte) { return from, to })
}

// pair is a row that a scan has read.
type pair struct{ key, value []byte }

// scan reads a range in steps that grow. behind moves the beginning of the range behind the
// last key of a step, and rest returns the remaining range.
func (k *kv) scan(
	s *statement, from, to []byte, fn func(key, value []byte) bool,
	behind func(last []byte), rest func() (from, to []byte),
) error {
	for step := firstStep; ; step = min(4*step, lastStep) {
		found, err := k.step(s, from, to, step)
		if err != nil {
			return err
		}
		for _, p := range found {
			if !fn(p.key, p.value) {
				return nil
			}
		}
		if len(found) < step {
			return nil
		}
		behind(found[step-1].key)
		from, to = rest()
	}
}

// step reads the first rows of a range.
func (k *kv) step(s *statement, from, to []byte, limit int) (found []pair, err error) {
	fromHead, fromTail := split(from)
	toHead, toTail := split(to)
	k.conn.send(s, func(values [][]byte) bool {
		key := append(append(make([]byte, 0, len(values[0])+len(values[1])), values[0]...), values[1]...)
		found = append(found, pair{key, append([]byte{}, values[2]...)})
		return true
	}, k.db.name, bytesOf(fromHead), bytesOf(fromTail), bytesOf(toHead), bytesOf(toTail), number(int64(limit)))
	if err := k.conn.run(); err != nil {
		return nil, k.failed(err)
	}
	return found, nil
}
