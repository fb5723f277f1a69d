package storage

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
)

// Volatile records are those that a power cut may take: logins under way, and what leads to them and
// from them, requests that were sent ahead and codes that were not redeemed. They are kept in memory
// beside an engine on a disk, so that a login neither waits for the disk nor has a page of the file
// written at each of its steps. Close writes them to the engine, and Open takes them out of it
// again, so that a login goes on after a restart; for a process that is killed, memory.Journal
// keeps them. A shared database has no such part: its servers share their logins.

// OpenVolatile is Open for an engine on a disk, with one in memory for the volatile records, which
// the store closes too. inMemory opens it; store tells what the engine holds from any other, so
// that what an earlier process has left is not taken for a part of it.
func OpenVolatile(engine Engine, inMemory func(store string) (Engine, error)) (*DB, error) {
	db, err := Open(engine)
	if err != nil {
		return nil, err
	}
	store, err := db.identity()
	if err != nil {
		return nil, err
	}
	if db.volatile, err = inMemory(store); err != nil {
		return nil, err
	}
	return db, db.takeVolatile()
}

// identityKey is where an engine has what tells it from any other.
var identityKey = []byte("store")

// identity is what tells the engine's content from any other; a new one gets it here.
func (db *DB) identity() (id string, err error) {
	read := func(kv KV) error {
		raw, err := kv.Get(identityKey)
		id = string(raw)
		return err
	}
	if err := db.engine.View(read); err != nil || id != "" {
		return id, err
	}
	made := rand.Text()
	err = db.engine.Update(func(kv KV) error {
		if err := read(kv); err != nil || id != "" {
			return err
		}
		id = made
		return kv.Put(identityKey, []byte(id))
	})
	return id, err
}

// volatileTables are the tables of volatile records.
var volatileTables = []string{transactions.name, pushedRequests.name, codes.name}

// errDurable reports a write to a record that is not volatile where only those may be written.
var errDurable = errors.New("only volatile records can be written here")

// isVolatile reports whether a key is of a volatile record.
func isVolatile(key []byte) bool {
	const partLength, expiryLength = len("t/"), 8
	if len(key) < partLength {
		return false
	}
	part, rest := string(key[:partLength]), key[partLength:]
	switch part {
	case "t/", "i/":
		if own, ok := bytes.CutPrefix(rest, []byte(sizes.name+"\x00")); ok {
			return string(own) == transactions.name
		}
	case "e/":
		rest = rest[min(len(rest), expiryLength):]
	default:
		return false
	}
	name, _, named := bytes.Cut(rest, []byte{0})
	return named && slices.Contains(volatileTables, string(name))
}

// volatileParts are the ranges of keys in which volatile records are, each up to its prefixEnd.
func volatileParts() [][]byte {
	parts := [][]byte{append(tablePrefix(sizes.name), transactions.name...), []byte("e/")}
	for _, name := range volatileTables {
		parts = append(parts, tablePrefix(name), []byte("i/"+name+"\x00"))
	}
	return parts
}

// divided is a transaction over an engine with the volatile records beside it. A scan is of one of
// the two: of the volatile records where it begins at one.
type divided struct {
	KV       // of the engine
	volatile KV
}

func (d divided) of(key []byte) KV {
	if isVolatile(key) {
		return d.volatile
	}
	return d.KV
}

// Get implements KV.
func (d divided) Get(key []byte) ([]byte, error) { return d.of(key).Get(key) }

// Put implements KV.
func (d divided) Put(key, value []byte) error { return d.of(key).Put(key, value) }

// Delete implements KV.
func (d divided) Delete(key []byte) error { return d.of(key).Delete(key) }

// Scan implements KV.
func (d divided) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	return d.of(from).Scan(from, to, fn)
}

// ScanBack implements KV.
func (d divided) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	return d.of(from).ScanBack(from, to, fn)
}

// undoing is a write transaction that remembers what it replaces.
type undoing struct {
	KV
	replaced []row // a nil value is none
}

func (u *undoing) remember(key []byte) error {
	before, err := u.Get(key)
	u.replaced = append(u.replaced, row{bytes.Clone(key), bytes.Clone(before)})
	return err
}

// Put implements KV.
func (u *undoing) Put(key, value []byte) error {
	if err := u.remember(key); err != nil {
		return err
	}
	return u.KV.Put(key, value)
}

// Delete implements KV.
func (u *undoing) Delete(key []byte) error {
	if err := u.remember(key); err != nil {
		return err
	}
	return u.KV.Delete(key)
}

// putBack makes rows what they were, the last that was replaced first.
func putBack(kv KV, replaced []row) error {
	for _, r := range slices.Backward(replaced) {
		err := kv.Delete(r.key)
		if r.value != nil {
			err = kv.Put(r.key, r.value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// view runs fn in a read transaction.
func (db *DB) view(fn func(KV) error) error {
	if db.volatile == nil {
		return db.engine.View(fn)
	}
	return db.engine.View(func(kv KV) error {
		return db.volatile.View(func(volatile KV) error { return fn(divided{kv, volatile}) })
	})
}

// update runs fn in a write transaction, which the engine may run more than once or may fail to
// keep: what the last run has written to volatile records is taken back then.
func (db *DB) update(fn func(KV) error) error {
	if db.volatile == nil {
		return db.engine.Update(fn)
	}
	var replaced []row
	err := db.engine.Update(func(kv KV) error {
		return db.volatile.Update(func(volatile KV) error {
			if err := putBack(volatile, replaced); err != nil {
				return err
			}
			run := &undoing{KV: volatile}
			replaced = nil
			if err := fn(divided{kv, run}); err != nil {
				return err
			}
			replaced = run.replaced
			return nil
		})
	})
	if err != nil && replaced != nil {
		return errors.Join(err, db.volatile.Update(func(kv KV) error { return putBack(kv, replaced) }))
	}
	return err
}

// UpdateVolatile is Update for changes of volatile records alone, which waits neither for the writer
// nor for the disk. To write anything else is an error.
func (db *DB) UpdateVolatile(fn func(*Tx) error) error {
	if db.volatile == nil {
		return db.Update(fn)
	}
	return db.engine.View(func(kv KV) error {
		return db.volatile.Update(func(volatile KV) error {
			return transact(newTx(divided{readOnly{kv}, volatile}, nil), fn)
		})
	})
}

// readOnly is a transaction that writes nothing.
type readOnly struct{ KV }

// Put implements KV.
func (readOnly) Put(key, _ []byte) error { return fmt.Errorf("%q: %w", key, errDurable) }

// Delete implements KV.
func (readOnly) Delete(key []byte) error { return fmt.Errorf("%q: %w", key, errDurable) }

// takeVolatile takes the volatile records that an earlier process has left in the engine out of it.
func (db *DB) takeVolatile() error {
	var left []row
	collect := func(key, value []byte) bool {
		if isVolatile(key) {
			left = append(left, row{bytes.Clone(key), bytes.Clone(value)})
		}
		return true
	}
	err := db.engine.View(func(kv KV) error { return scanParts(kv, collect) })
	if err != nil || len(left) == 0 { // a start that writes nothing does not wait for the disk
		return err
	}
	if err := putAll(db.volatile, left); err != nil {
		return err
	}
	return db.engine.Update(func(kv KV) error {
		for _, r := range left {
			if err := kv.Delete(r.key); err != nil {
				return err
			}
		}
		return nil
	})
}

// leaveVolatile writes the volatile records to the engine, for the next process.
func (db *DB) leaveVolatile() error {
	var all []row
	err := db.volatile.View(func(kv KV) error {
		return scanParts(kv, func(key, value []byte) bool {
			all = append(all, row{key, value})
			return true
		})
	})
	if err != nil || len(all) == 0 {
		return err
	}
	return putAll(db.engine, all)
}

func scanParts(kv KV, fn func(key, value []byte) bool) error {
	for _, part := range volatileParts() {
		if err := kv.Scan(part, prefixEnd(part), fn); err != nil {
			return err
		}
	}
	return nil
}

// clearVolatile removes the volatile records.
func (tx *Tx) clearVolatile() error {
	d, ok := tx.kv.(divided)
	if !ok {
		return nil
	}
	for _, part := range volatileParts() {
		all, err := (&Tx{kv: d.volatile}).rows(part, nil)
		if err != nil {
			return err
		}
		if err := tx.remove(all); err != nil {
			return err
		}
	}
	return nil
}

// expired are at most limit expiries of before the second that now is in, from both parts of the
// store.
func (tx *Tx) expired(to []byte, limit int) (found [][]byte, err error) {
	parts := []KV{tx.kv}
	if d, ok := tx.kv.(divided); ok {
		parts = []KV{d.KV, d.volatile}
	}
	for _, kv := range parts {
		if len(found) == limit {
			break
		}
		err := kv.Scan([]byte("e/"), to, func(entry, _ []byte) bool {
			found = append(found, bytes.Clone(entry))
			return len(found) < limit
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
