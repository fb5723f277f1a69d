package storage

import (
	"bytes"
	"strings"
)

// Change is a record that a transaction has written or deleted.
type Change struct {
	Table, Key string
	// Before and After are the record as it is kept, nil for none.
	Before, After []byte
}

// Tables that are watched.
const (
	UsersTable       = "users"
	ConnectionsTable = "connections"
	DocumentsTable   = "documents"
)

// Watch is told what transactions change.
type Watch struct {
	// Wants says which records it is told of.
	Wants func(table, key string) bool
	// Changed is called within a transaction, with what that has changed, in order, and may add to
	// it. What it returns, nil for nothing, is called once the transaction is kept. Like the function
	// of an update it may run more than once.
	Changed func(tx *Tx, changes []Change) (kept func(), err error)
}

// Watch has changes told from now on. What snapshots bring back is none, and neither is what a login
// leaves with its user. It is called before others use the store.
func (db *DB) Watch(w Watch) { db.watch = w }

// watched is fn with what the watch makes of its changes, and kept, which takes the outcome of the
// transaction and returns it.
func (db *DB) watched(fn func(*Tx) error) (watched func(*Tx) error, kept func(error) error) {
	if db.watch.Changed == nil {
		return fn, func(err error) error { return err }
	}
	var after func()
	watched = func(tx *Tx) (err error) {
		tx.wants, after = db.watch.Wants, nil
		err = fn(tx)
		tx.wants = nil
		if err == nil && len(tx.changes) > 0 {
			after, err = db.watch.Changed(tx, tx.changes)
		}
		return err
	}
	return watched, func(err error) error {
		if err == nil && after != nil {
			after()
		}
		return err
	}
}

// changed notes what becomes of a record.
func (r records) changed(key string, before, after []byte) {
	if r.tx.wants != nil && r.tx.wants(r.kind.name, key) {
		r.tx.changes = append(r.tx.changes, Change{r.kind.name, key, bytes.Clone(before), after})
	}
}

// PlaceOf returns the kind and the parent of the document that a key of DocumentsTable leads to.
func PlaceOf(key string) (kind, parent string) {
	kind, rest, _ := strings.Cut(key, "\x01")
	return kind, rest[:max(strings.LastIndexByte(rest, 1), 0)]
}
