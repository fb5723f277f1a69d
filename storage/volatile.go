package storage

import (
	"bytes"
	"context"
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
	memory, err := inMemory(store)
	if err != nil {
		return nil, err
	}
	db.divided = &dividedEngine{engine, memory}
	if r, ok := memory.(Releaser); ok {
		db.release = append(db.release, r.Release)
	}
	db.engine = db.divided
	if underTest() {
		db.engine = Strict(db.divided)
	}
	return db, db.divided.take()
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
	if err := db.engine.View(context.Background(), read); err != nil || id != "" {
		return id, err
	}
	made := rand.Text()
	err = db.engine.Update(context.Background(), func(kv KV) error {
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
		if own, ok := bytes.CutPrefix(rest, []byte(sizesTable+"\x00")); ok {
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

// expiries start the keys of the expiries of all tables.
var expiries = []byte("e/")

// keyRange is the keys that start with a prefix: those from it up to its end.
type keyRange struct{ from, to []byte }

func keysFrom(prefix []byte) keyRange { return keyRange{prefix, prefixEnd(prefix)} }

// volatileParts are the ranges of keys in which volatile records are. Only among the expiries are
// there others too, which come last here.
var volatileParts = func() []keyRange {
	parts := []keyRange{keysFrom(append(tablePrefix(sizesTable), transactions.name...))}
	for _, name := range volatileTables {
		parts = append(parts, keysFrom(tablePrefix(name)), keysFrom([]byte("i/"+name+"\x00")))
	}
	return append(parts, keysFrom(expiries))
}()

// dividedEngine is an engine on a disk with one in memory for the volatile records beside it.
type dividedEngine struct {
	Engine
	memory Engine
}

// View implements Engine.
func (e *dividedEngine) View(ctx context.Context, fn func(KV) error) error {
	return e.Engine.View(ctx, func(kv KV) error {
		return e.memory.View(ctx, func(volatile KV) error { return fn(divided{kv, volatile}) })
	})
}

// Update implements Engine. What the last run of fn has written to volatile records is taken back
// where the engine runs it anew or fails to keep the rest, unless somebody has built on it since.
func (e *dividedEngine) Update(ctx context.Context, fn func(KV) error) error {
	var written []undo
	err := e.Engine.Update(ctx, func(kv KV) error {
		return e.memory.Update(ctx, func(volatile KV) error {
			if err := takeBack(volatile, written); err != nil {
				return err
			}
			run := &undoing{KV: volatile}
			written = nil
			if err := fn(divided{kv, run}); err != nil {
				return err
			}
			written = run.written
			return nil
		})
	})
	if err != nil && written != nil {
		return errors.Join(err, e.memory.Update(context.WithoutCancel(ctx), func(kv KV) error { return takeBack(kv, written) }))
	}
	return err
}

// updateVolatile runs fn in a transaction that writes volatile records alone.
func (e *dividedEngine) updateVolatile(ctx context.Context, fn func(KV) error) error {
	return e.Engine.View(ctx, func(kv KV) error {
		return e.memory.Update(ctx, func(volatile KV) error { return fn(divided{readOnly{kv}, volatile}) })
	})
}

// take takes the volatile records that an earlier process has left in the engine out of it.
func (e *dividedEngine) take() error {
	var left []row
	err := e.Engine.View(context.Background(), func(kv KV) error { return collectVolatile(kv, &left) })
	if err != nil || len(left) == 0 { // a start that writes nothing does not wait for the disk
		return err
	}
	if err := putAll(context.Background(), e.memory, left); err != nil {
		return err
	}
	return e.Engine.Update(context.Background(), func(kv KV) error {
		for _, r := range left {
			if err := kv.Delete(r.key); err != nil {
				return err
			}
		}
		return nil
	})
}

// Close implements Engine. It writes the volatile records to the engine, for the next process.
func (e *dividedEngine) Close() error {
	var all []row
	err := e.memory.View(context.Background(), func(kv KV) error { return collectVolatile(kv, &all) })
	if err == nil && len(all) > 0 {
		err = putAll(context.Background(), e.Engine, all)
	}
	if errors.Is(err, ErrClosed) {
		err = nil // it was closed before
	}
	return errors.Join(err, e.memory.Close(), e.Engine.Close())
}

// collectVolatile copies the volatile records of a key space.
func collectVolatile(kv KV, all *[]row) error {
	*all = nil
	for _, part := range volatileParts {
		err := kv.Scan(part.from, part.to, func(key, value []byte) bool {
			if isVolatile(key) {
				*all = append(*all, row{bytes.Clone(key), bytes.Clone(value)})
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// divided is a transaction over an engine with the volatile records beside it.
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
	return d.merge(KV.Scan, from, to, func(a, b []byte) bool { return bytes.Compare(a, b) < 0 }, fn)
}

// ScanBack implements KV.
func (d divided) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	return d.merge(KV.ScanBack, from, to, func(a, b []byte) bool { return bytes.Compare(a, b) > 0 }, fn)
}

type scan = func(kv KV, from, to []byte, fn func(key, value []byte) bool) error

// merge scans one of the two, or both where the range has keys of both, in the order of the scan.
func (d divided) merge(scan scan, from, to []byte, before func(a, b []byte) bool, fn func(key, value []byte) bool) error {
	some, all := volatileIn(from, to)
	switch {
	case all:
		return scan(d.volatile, from, to, fn)
	case !some:
		return scan(d.KV, from, to, fn)
	}
	var own []row
	err := scan(d.volatile, from, to, func(key, value []byte) bool {
		own = append(own, row{bytes.Clone(key), value})
		return true
	})
	if err != nil {
		return err
	}
	more := true
	next := func() {
		r := own[0]
		own = own[1:]
		more = fn(r.key, r.value)
	}
	err = scan(d.KV, from, to, func(key, value []byte) bool {
		for more && len(own) > 0 && before(own[0].key, key) {
			next()
		}
		more = more && fn(key, value)
		return more
	})
	for err == nil && more && len(own) > 0 {
		next()
	}
	return err
}

// volatileIn reports whether there may be volatile records in a range of keys, and whether there can
// be no others.
func volatileIn(from, to []byte) (some, all bool) {
	for i, part := range volatileParts {
		if bytes.Compare(from, part.to) >= 0 || to != nil && bytes.Compare(part.from, to) >= 0 {
			continue
		}
		within := to != nil && bytes.Compare(from, part.from) >= 0 && bytes.Compare(to, part.to) <= 0
		return true, within && i < len(volatileParts)-1
	}
	return false, false
}

// undo is a write that can be taken back: nil is no value.
type undo struct{ key, before, after []byte }

// undoing is a write transaction that remembers what it replaces.
type undoing struct {
	KV
	written []undo
}

func (u *undoing) remember(key, after []byte) error {
	before, err := u.Get(key)
	u.written = append(u.written, undo{bytes.Clone(key), bytes.Clone(before), bytes.Clone(after)})
	return err
}

// Put implements KV.
func (u *undoing) Put(key, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	if err := u.remember(key, value); err != nil {
		return err
	}
	return u.KV.Put(key, value)
}

// Delete implements KV.
func (u *undoing) Delete(key []byte) error {
	if err := u.remember(key, nil); err != nil {
		return err
	}
	return u.KV.Delete(key)
}

// takeBack takes writes back, the last one first. What is there no more has been changed by somebody
// else since, who has seen it: that stays.
func takeBack(kv KV, written []undo) error {
	for _, w := range slices.Backward(written) {
		now, err := kv.Get(w.key)
		if err != nil {
			return err
		}
		if (now == nil) != (w.after == nil) || !bytes.Equal(now, w.after) {
			continue
		}
		if w.before == nil {
			err = kv.Delete(w.key)
		} else {
			err = kv.Put(w.key, w.before)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// UpdateVolatile is Update for changes of volatile records alone, which waits neither for the writer
// nor for the disk. To write anything else is an error.
func (db *DB) UpdateVolatile(ctx context.Context, fn func(*Tx) error) error {
	if db.divided == nil {
		return db.Update(ctx, fn)
	}
	return db.divided.updateVolatile(ctx, func(kv KV) error { return transact(db.writing(ctx, kv), fn) })
}

// readOnly is a transaction that writes nothing.
type readOnly struct{ KV }

// Put implements KV.
func (readOnly) Put(key, _ []byte) error { return fmt.Errorf("%q: %w", key, errDurable) }

// Delete implements KV.
func (readOnly) Delete(key []byte) error { return fmt.Errorf("%q: %w", key, errDurable) }
