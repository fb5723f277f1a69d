// Package storage keeps every record of a tenant: what each kind holds, its
// keys, its indexes and its expiry, and the transactions around them. Races are
// settled here: what must happen once is one call. It knows no HTTP, tells no
// time (callers pass it) and leaves the bytes to an Engine.
//
// What strangers can have it keep is bounded where it is written: logins under way in
// StartTransaction, codes in IssueCode, wrong passwords in KeepLoginFailures, tickets in
// IssueTicket, sessions in StartSession, refresh tokens in StartRefreshToken, the log in
// Logs.Prune. An assertion is remembered after the application has proved itself by it,
// and not for longer than it is good. Accounts are as many as sign-ups are let in, each
// with what one request can hold; e-mails are in server/outbox and not in the store.
package storage

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tenant0/tenant0/storage/keyspace"
)

var (
	// ErrNotFound reports a key with no record.
	ErrNotFound = errors.New("not found")
	// ErrConflict reports a value that must be unique and is taken.
	ErrConflict = errors.New("already exists")
	// ErrFormat reports a store written by a newer tenant0.
	ErrFormat = errors.New("written by a newer version")
)

// IsNotFound reports whether err says that there is no record.
func IsNotFound(err error) bool { return errors.Is(err, ErrNotFound) }

// IsConflict reports whether err says that a value is taken.
func IsConflict(err error) bool { return errors.Is(err, ErrConflict) }

// Optional is err, but nil where it says that there is no record: for records
// that need not be there.
func Optional(err error) error {
	if IsNotFound(err) {
		return nil
	}
	return err
}

// Document is a resource as the Management API shows it: a JSON object.
type Document = map[string]any

// Text is a member that is a text, "" for one that is not.
func Text(doc Document, member string) string {
	s, _ := doc[member].(string)
	return s
}

// DB is an open store.
type DB struct {
	engine keyspace.Engine
	shared keyspace.Shared // nil where no other process can open the store
	// divided is the engine where volatile records have a part of their own, nil elsewhere.
	divided *keyspace.Divided
	memos   *memos
	updates updates
	release []func() error // see Releaser, of the engines that are
	workers sync.Map       // the names of the workers that were made and not released
	watch   Watch
}

// Open checks the format of what the engine holds, upgrades an older one and
// returns the store. It returns ErrFormat for a newer one.
func Open(engine keyspace.Engine) (*DB, error) {
	return open(engine, upgrades())
}

func open(engine keyspace.Engine, steps []func(keyspace.KV) error) (*DB, error) {
	shared, _ := engine.(keyspace.Shared)
	db := &DB{shared: shared, memos: newMemos()}
	if r, ok := engine.(keyspace.Releaser); ok {
		db.release = append(db.release, r.Release)
	}
	engine = guarded(engine)
	err := engine.Update(context.Background(), func(kv keyspace.KV) error { return upgrade(kv, steps) })
	if err != nil {
		return nil, err
	}
	db.engine = engine
	return db, nil
}

// guarded is an engine as the store uses it.
func guarded(engine keyspace.Engine) keyspace.Engine {
	engine = marking{engine}
	if underTest() {
		engine = keyspace.Strict(engine)
	}
	return engine
}

// Close closes the engine.
func (db *DB) Close() error { return db.engine.Close() }

// View runs fn once in a read transaction. Records read in it may be shared with
// other readers: they are for reading only. When ctx ends, as that of a request does whose
// caller has left, what is read next fails with the error of ctx.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	return db.engine.View(ctx, func(kv keyspace.KV) error { return transact(newTx(keyspace.Ending(ctx, kv), db.memos), fn) })
}

// Update runs fn in a write transaction. An error from fn undoes all of it.
// Updates run one after the other, so fn holds up every writer: what is slow, see Slow,
// happens outside. It must not call View or Update. fn may run more than once, each time on
// what is there then, and what the last run wrote is kept: so it changes nothing outside of
// the transaction but the variables that it sets anew in each run. When ctx ends before fn
// has, nothing is kept and the error is that of ctx.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	runs := db.updates.begin()
	fn, kept := db.watched(fn)
	return kept(db.engine.Update(ctx, func(kv keyspace.KV) error {
		runs.count()
		return transact(db.writing(ctx, kv), fn)
	}))
}

// writing is a write transaction, whose reads end with ctx.
func (db *DB) writing(ctx context.Context, kv keyspace.KV) *Tx {
	tx := newTx(keyspace.Ending(ctx, kv), nil)
	tx.known = db.memos
	return tx
}

// tablePrefix starts the keys of table name. The zero byte ends the name, so
// that no table's keys lie among another's.
func tablePrefix(name string) []byte { return append([]byte("t/"+name), 0) }

// Sweep removes at most limit records that expired before the second that now
// is in, and returns how many it removed.
func (db *DB) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	if db.Shared() { // to look costs the other servers nothing, and to write does
		if some, err := db.hasExpired(ctx, now); err != nil || !some {
			return 0, err
		}
	}
	removed := 0
	err := db.Update(ctx, func(tx *Tx) error {
		var found [][]byte
		err := tx.kv.Scan(expiries, slices.Concat(expiries, expiryBytes(now)), func(entry, _ []byte) bool {
			found = append(found, bytes.Clone(entry))
			return len(found) < limit
		})
		if err != nil {
			return err
		}
		removed = len(found)
		for _, entry := range found {
			if err := tx.expire(entry); err != nil {
				return err
			}
		}
		return nil
	})
	return removed, err
}

// expire removes the record that an entry of the expiries names, and the entry.
func (tx *Tx) expire(entry []byte) error {
	const start = len("e/") + 8
	if bytes.IndexByte(entry[min(len(entry), start):], 0) < 0 {
		return fmt.Errorf("an expiry names no record: %w", keyspace.ErrDamaged)
	}
	key := append([]byte("t/"), entry[start:]...)
	t, ok := tx.expiring(tableOf(key))
	if !ok {
		return fmt.Errorf("table %q has expiries and is not in Tx.expiring", tableOf(key))
	}
	if err := tx.tellOfExpiry(key); err != nil {
		return err
	}
	if err := t.deleteKey(key); err != nil {
		return err
	}
	return tx.kv.Delete(entry)
}

// hasExpired reports whether there is a record for Sweep.
func (db *DB) hasExpired(ctx context.Context, now time.Time) (some bool, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		from := []byte("e/")
		return tx.kv.Scan(from, append(from, expiryBytes(now)...), func(_, _ []byte) bool {
			some = true
			return false
		})
	})
	return some, err
}

func expiryBytes(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(max(t.Unix(), 0)))
}
