package storage

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"

	"github.com/tenant0/tenant0/storage/table"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Volatile records are those that a power cut may destroy: logins under way, pushed requests (PAR),
// and codes that were not redeemed. Beside an engine on a disk they are kept in memory, so that a
// login neither waits for the disk nor writes a page of the file at each of its steps. Close writes
// them to the engine, and Open moves them back to memory, so that a login continues after a restart;
// if the process is killed, memory.Journal preserves them. A shared database has no such memory, since
// its servers share their logins.

// OpenVolatile is Open for an engine on a disk, with another in memory for the volatile records, which
// the store closes as well. inMemory opens it; its argument store identifies the data of the engine,
// so that what another store has left in a journal is not mistaken for a part of this one.
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

// identityKey is the key of the text that identifies the data of an engine.
var identityKey = []byte("store")

// identity returns a random text that identifies the engine's data; new data gets one here.
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
var volatileTables = []string{transactions.Name, pushedRequests.Name, codes.Name}

// isVolatile reports whether a key belongs to a volatile record. It is called for every key that is
// read or written.
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
	return !expiry && string(rest[:end]) == table.SizesTable && string(rest[end+1:]) == transactions.Name
}

// volatileParts are the ranges of keys that contain volatile records. Only the last range, the
// expiries, contains entries of other records too.
var volatileParts = func() []keyspace.Keys {
	parts := []keyspace.Keys{keyspace.Prefixed(append(table.Prefix(table.SizesTable), transactions.Name...))}
	for _, name := range volatileTables {
		parts = append(parts, keyspace.Prefixed(table.Prefix(name)), keyspace.Prefixed(table.IndexesPrefix(name)))
	}
	return append(parts, keyspace.Prefixed([]byte(table.Expiries)))
}()

// UpdateVolatile is Update for changes of volatile records only. It waits neither for other updates
// nor for the disk. Writing any other record is an error.
func (db *DB) UpdateVolatile(ctx context.Context, fn func(*Tx) error) error {
	if db.divided == nil {
		return db.Update(ctx, fn)
	}
	return db.divided.UpdateVolatile(ctx, func(kv keyspace.KV) error { return transact(db.writing(ctx, kv), fn) })
}
