package storage

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"

	"github.com/tenant0/tenant0/storage/keyspace"
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
func OpenVolatile(engine keyspace.Engine, inMemory func(store string) (keyspace.Engine, error)) (*DB, error) {
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
	if db.divided, err = keyspace.Divide(engine, memory, keyspace.Volatile{Is: isVolatile, Within: volatileParts}); err != nil {
		return nil, err
	}
	if r, ok := memory.(keyspace.Releaser); ok {
		db.release = append(db.release, r.Release)
	}
	db.engine = guarded(db.divided)
	return db, nil
}

// identityKey is where an engine has what tells it from any other.
var identityKey = []byte("store")

// identity is what tells the engine's content from any other; a new one gets it here.
func (db *DB) identity() (id string, err error) {
	read := func(kv keyspace.KV) error {
		raw, err := kv.Get(identityKey)
		id = string(raw)
		return err
	}
	if err := db.engine.View(context.Background(), read); err != nil || id != "" {
		return id, err
	}
	made := rand.Text()
	err = db.engine.Update(context.Background(), func(kv keyspace.KV) error {
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

// isVolatile reports whether a key is of a volatile record. Every key that is read or written is asked
// about.
func isVolatile(key []byte) bool {
	const partLength, expiryLength = len("t/"), 8
	if len(key) < partLength {
		return false
	}
	rest := key[partLength:]
	expiry := false
	switch string(key[:partLength]) {
	case "t/", "i/":
	case "e/":
		expiry = true
		rest = rest[min(len(rest), expiryLength):]
	default:
		return false
	}
	end := bytes.IndexByte(rest, 0)
	if end < 0 {
		return false
	}
	if slices.Contains(volatileTables, string(rest[:end])) {
		return true
	}
	return !expiry && string(rest[:end]) == sizesTable && string(rest[end+1:]) == transactions.name
}

// expiries start the keys of the expiries of all tables.
var expiries = []byte("e/")

// volatileParts are the ranges of keys in which volatile records are. Only among the expiries are
// there others too, which come last here.
var volatileParts = func() []keyspace.Keys {
	parts := []keyspace.Keys{keyspace.Prefixed(append(tablePrefix(sizesTable), transactions.name...))}
	for _, name := range volatileTables {
		parts = append(parts, keyspace.Prefixed(tablePrefix(name)), keyspace.Prefixed([]byte("i/"+name+"\x00")))
	}
	return append(parts, keyspace.Prefixed(expiries))
}()

// UpdateVolatile is Update for changes of volatile records alone, which waits neither for the writer
// nor for the disk. To write anything else is an error.
func (db *DB) UpdateVolatile(ctx context.Context, fn func(*Tx) error) error {
	if db.divided == nil {
		return db.Update(ctx, fn)
	}
	return db.divided.UpdateVolatile(ctx, func(kv keyspace.KV) error { return transact(db.writing(ctx, kv), fn) })
}
