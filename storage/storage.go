// Package storage keeps every record of a tenant: the contents of each kind, its keys,
// indexes and expiry, and the transactions around them. Races are decided here: whatever
// must happen only once is one call. The package knows no HTTP, takes the time from its
// callers, and leaves storing bytes to an Engine.
//
// What strangers can make it store is bounded where it is written: logins under way in
// StartTransaction, codes in IssueCode, wrong passwords in KeepLoginFailures, tickets in
// IssueTicket, sessions in StartSession, refresh tokens in StartRefreshToken, the log in
// Logs.Prune. An assertion is remembered only after it has authenticated its application,
// and until it expires. The number of accounts depends on how many sign-ups are allowed,
// and one request bounds the size of each; e-mails are in server/outbox and not in the
// store.
package storage

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tenant0/tenant0/storage/table"

	"github.com/tenant0/tenant0/storage/keyspace"
)

var (
	// ErrNotFound reports that there is no such record.
	ErrNotFound = table.ErrNotFound
	// ErrConflict reports that another record already has a value that must be unique.
	ErrConflict = table.ErrConflict
	// ErrFormat reports a store written by a newer tenant0.
	ErrFormat = errors.New("written by a newer version")
)

// IsNotFound reports whether err says that there is no record.
func IsNotFound(err error) bool { return errors.Is(err, ErrNotFound) }

// IsConflict reports whether err says that a unique value is taken.
func IsConflict(err error) bool { return errors.Is(err, ErrConflict) }

// Optional returns err, or nil if err says that there is no record: for records that may be
// missing.
func Optional(err error) error {
	if IsNotFound(err) {
		return nil
	}
	return err
}

// Document is a resource as the Management API shows it: a JSON object.
type Document = table.Document

// Text returns a member that is a string, "" for any other member.
func Text(doc Document, member string) string {
	s, _ := doc[member].(string)
	return s
}

// DB is an open store.
type DB struct {
	engine keyspace.Engine
	shared keyspace.Shared // nil if no other process can open the store
	// divided is the engine if volatile records are kept apart from the others, else nil.
	divided *keyspace.Divided
	cache   *table.Cache
	updates updates
	release []func() error // the Release methods of the engines that are Releasers
	workers sync.Map       // the names of the workers that were created and not yet released
	watch   Watch
}

// Open checks the format of the engine's data, upgrades an older format and returns the
// store. It returns ErrFormat if a newer tenant0 has written the data.
func Open(engine keyspace.Engine) (*DB, error) {
	return open(engine, upgrades())
}

func open(engine keyspace.Engine, steps []func(keyspace.KV) error) (*DB, error) {
	shared, _ := engine.(keyspace.Shared)
	db := &DB{shared: shared, cache: table.NewCache()}
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

// guarded wraps an engine for use by the store.
func guarded(engine keyspace.Engine) keyspace.Engine {
	engine = table.Marking(engine)
	if underTest() {
		engine = keyspace.Strict(engine)
	}
	return engine
}

// Close closes the engine.
func (db *DB) Close() error { return db.engine.Close() }

// Forget releases memory that an idle store can do without: decoded records, and what the engines can
// release.
func (db *DB) Forget() error {
	db.cache.Forget()
	var errs []error
	for _, release := range db.release {
		errs = append(errs, release())
	}
	return errors.Join(errs...)
}

// View runs fn once in a read transaction. The records that it reads may be shared with
// other readers and must not be changed. After ctx has ended, for example because the
// client of the request has disconnected, reads fail with the error of ctx.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	return db.engine.View(ctx, func(kv keyspace.KV) error { return transact(newView(keyspace.Ending(ctx, kv), db.cache), fn) })
}

// Update runs fn in a write transaction. An error from fn undoes all of its writes. Updates
// run one after the other, so a slow fn delays every writer: slow work, see Slow, belongs
// outside. fn must not call View or Update. It may run more than once, each time on the
// current state, and the writes of the last run are kept: so it must change nothing outside
// of the transaction but variables that it sets anew in each run. If ctx ends before fn has
// returned, nothing is kept and the error is that of ctx.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	runs := db.updates.begin()
	fn, kept := db.watched(fn)
	return kept(db.engine.Update(ctx, func(kv keyspace.KV) error {
		runs.count()
		return transact(db.writing(ctx, kv), fn)
	}))
}

// writing returns a write transaction whose reads fail once ctx has ended.
func (db *DB) writing(ctx context.Context, kv keyspace.KV) *Tx {
	return newTx(keyspace.Ending(ctx, kv), db.cache)
}

// Sweep removes at most limit records that expired before the second of now, and
// returns how many it removed.
func (db *DB) Sweep(ctx context.Context, now time.Time, limit int) (int, error) {
	if db.Shared() { // looking costs the other servers nothing, but writing does
		if some, err := db.hasExpired(ctx, now); err != nil || !some {
			return 0, err
		}
	}
	removed := 0
	err := db.Update(ctx, func(tx *Tx) error {
		found, err := table.Expired(tx.kv(), now, limit)
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

// expire removes an expiry entry and the record that it names.
func (tx *Tx) expire(entry []byte) error {
	row, err := table.RowOfExpiry(entry)
	if err != nil {
		return err
	}
	t, ok := tx.expiring(table.NameOf(row))
	if !ok {
		return fmt.Errorf("table %q has expiries and is not in Tx.expiring", table.NameOf(row))
	}
	if err := tx.endExpiredSession(row); err != nil {
		return err
	}
	if err := t.DeleteRow(row); err != nil {
		return err
	}
	return tx.kv().Delete(entry)
}

// hasExpired reports whether there is an expired record.
func (db *DB) hasExpired(ctx context.Context, now time.Time) (some bool, err error) {
	err = db.View(ctx, func(tx *Tx) error {
		found, err := table.Expired(tx.kv(), now, 1)
		some = len(found) > 0
		return err
	})
	return some, err
}
