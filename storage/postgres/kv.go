package postgres

import (
	"bytes"
	"time"
)

// headSize is how much of a key is in the index, in bytes: an entry of it has at most 2704.
// What is longer is told apart by a digest, and sorted by the rest.
const headSize = 1024

// split is a key as the table has it.
func split(key []byte) (head, tail []byte) {
	if len(key) <= headSize {
		return key, nil
	}
	return key[:headSize], key[headSize:]
}

// Rows that a scan asks for at first, and later at most.
const firstStep, lastStep = 16, 1024

// kv reads in one transaction of the database, for a tenant that is too large to be kept in
// memory. What an update writes is in an overlay until it is committed.
type kv struct {
	db   *DB
	conn *conn
	last change // that is seen
	// refused is the error after which nothing more can be read.
	refused error
}

// start sends the first request of a view, which finds the tenant.
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

// failed is an error of a request as callers see it. The transaction is over with it.
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

// bytesOf is never nil, which would be no value.
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

// scan reads a range in steps that grow. behind moves the range behind the last key of a
// step, and rest is the range that is left.
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
