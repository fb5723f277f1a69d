package storage

import (
	"strings"

	"github.com/tenant0/tenant0/storage/table"
)

// Change is a record that a transaction has written or deleted.
type Change = table.Change

// Tables that are watched.
const (
	UsersTable       = "users"
	ConnectionsTable = "connections"
	DocumentsTable   = "documents"
)

// Watch is told about changes that transactions make.
type Watch struct {
	// Wants selects the records whose changes it is told about.
	Wants func(table, key string) bool
	// Changed is called within the transaction, with its changes in order, and may make further
	// changes. The function that it returns (nil for none) is called after the transaction is kept.
	// Like the function of an update, Changed may run more than once.
	Changed func(tx *Tx, changes []Change) (kept func(), err error)
}

// Watch begins to tell w about changes. Restoring a snapshot is not reported, and neither is what a
// login records in its user. It must be called before others use the store.
func (db *DB) Watch(w Watch) { db.watch = w }

// watched returns fn followed by the call of the Watch, and kept, which must be given the error of
// the transaction and returns it.
func (db *DB) watched(fn func(*Tx) error) (watched func(*Tx) error, kept func(error) error) {
	if db.watch.Changed == nil {
		return fn, func(err error) error { return err }
	}
	var after func()
	watched = func(tx *Tx) (err error) {
		after = nil
		tx.shared.Record(db.watch.Wants)
		err = fn(tx)
		tx.shared.Record(nil)
		if changes := tx.shared.Changes(); err == nil && len(changes) > 0 {
			after, err = db.watch.Changed(tx, changes)
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

// PlaceOf returns the kind and the parent of the document with a key of DocumentsTable.
func PlaceOf(key string) (kind, parent string) {
	kind, rest, _ := strings.Cut(key, "\x01")
	return kind, rest[:max(strings.LastIndexByte(rest, 1), 0)]
}
