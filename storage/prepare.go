package storage

import (
	"context"
	"errors"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// patience is how often Prepare tries a draft before it runs everything in one update, which
// keeps other writers waiting.
const patience = 5

// Prepare is Update for a slow change. prepare works on a draft: it reads the store in short
// views, and its writes are kept aside. So it may be slow, see Slow, and neither keeps
// writers waiting nor waits for them. Then one update checks that everything prepare has
// read is unchanged, writes the draft, and runs then. If something has changed meanwhile,
// prepare runs again; after repeated changes it runs inside the update.
//
// As with Update, both functions may run more than once, and must change nothing outside of
// the transaction but variables that they set anew in each run. An error of either undoes
// all.
func (db *DB) Prepare(ctx context.Context, prepare, then func(*Tx) error) error {
	prepare, prepared := db.watched(prepare)
	then, done := db.watched(then)
	return done(prepared(db.prepare(ctx, prepare, then)))
}

func (db *DB) prepare(ctx context.Context, prepare, then func(*Tx) error) error {
	for range patience {
		d, err := db.draft(ctx, prepare)
		if err == nil {
			err = db.engine.Update(ctx, func(kv keyspace.KV) error {
				if err := d.read.Unchanged(kv); err != nil {
					return err
				}
				if err := d.write(kv); err != nil {
					return err
				}
				return transact(newTx(keyspace.Ending(ctx, kv), nil), then)
			})
		}
		if !errors.Is(err, keyspace.ErrStale) {
			return err
		}
	}
	return db.engine.Update(ctx, func(kv keyspace.KV) error {
		ending := keyspace.Ending(ctx, kv)
		if err := prepare(newTx(ending, nil)); err != nil {
			return err
		}
		return transact(newTx(ending, nil), then)
	})
}

// DryRun is Prepare without the update: it runs fn on a draft, which nobody else sees and
// which is discarded, to find out what fn would do. fn may be slow, and may run more than
// once; in its last run, all reads are of one state of the store.
func (db *DB) DryRun(ctx context.Context, fn func(*Tx) error) error {
	for range patience {
		d, err := db.draft(ctx, fn)
		if err == nil {
			err = db.engine.View(ctx, d.read.Unchanged)
		}
		if !errors.Is(err, keyspace.ErrStale) {
			return err
		}
	}
	return db.Try(ctx, fn)
}

// Try runs fn in a transaction whose writes nobody else sees and which are discarded: fn
// reads one state of the store and its own writes over it. It finds out what an update would
// do without keeping writers waiting. As in View, fn must not wait for an update, and its
// reads fail when ctx has ended.
func (db *DB) Try(ctx context.Context, fn func(*Tx) error) error {
	return db.engine.View(ctx, func(kv keyspace.KV) error { return fn(newTx(keyspace.NewOverlay(keyspace.Ending(ctx, kv)), nil)) })
}

// draft holds what a function has read and what it has written.
type draft struct {
	read    *keyspace.Reading
	written *keyspace.Overlay
}

// draft runs fn on a draft. An error of fn counts only if what it has read is unchanged.
func (db *DB) draft(ctx context.Context, fn func(*Tx) error) (*draft, error) {
	view := func(fn func(keyspace.KV) error) error { return db.engine.View(ctx, fn) }
	read := keyspace.NewReading(view)
	d := &draft{read, keyspace.NewOverlay(read)}
	run := func() error { return fn(newTx(d.written, nil)) }
	if db.Shared() { // a view of a shared store keeps no writers waiting, and beginning one costs as much as a read
		own := run
		run = func() error {
			return db.engine.View(ctx, func(kv keyspace.KV) error {
				read.View = func(fn func(keyspace.KV) error) error { return fn(kv) }
				return own()
			})
		}
	}
	if err := run(); err != nil {
		if stale := db.engine.View(ctx, d.read.Unchanged); stale != nil {
			return nil, stale
		}
		return nil, err
	}
	return d, nil
}

// write applies the draft's writes to a transaction.
func (d *draft) write(kv keyspace.KV) error {
	for key, value := range d.written.Written() {
		var err error
		if value == nil {
			err = kv.Delete(key)
		} else {
			err = kv.Put(key, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
