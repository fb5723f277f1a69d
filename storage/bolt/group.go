package bolt

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	bbolt "go.etcd.io/bbolt"

	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/queue"
)

// fillPercent is how full a page is left when it is split. Most keys begin with their time,
// so that later keys go to the last page and not in between.
const fillPercent = 0.9

// maxGrowth is the largest step in which the file grows, in bytes.
const maxGrowth = 16 << 20

var (
	// errTorn aborts a group in which the writes of a failed update could not be undone.
	errTorn = errors.New("an update could not be taken back")
	// errUnchanged aborts a group that wrote nothing, or whose only update has failed.
	// Committing nothing would still wait for the disk.
	errUnchanged = errors.New("nothing was written")
)

// Update implements keyspace.Engine. Updates that are waiting at the same time are
// committed together, with one fsync; a single update does not wait for others.
func (db *DB) Update(ctx context.Context, fn func(keyspace.KV) error) error {
	return db.queue.Do(ctx, fn)
}

// commit applies the updates of a group and commits them. If the commit fails, all of them
// fail.
func (db *DB) commit(group []*queue.Queued) {
	err := db.transact(group)
	for _, u := range group {
		if err != nil && u.Err == nil {
			u.Err = err
		}
	}
}

// transact runs the group in one transaction. The panics of updates are caught before, so
// any other panic means a damaged page.
func (db *DB) transact(group []*queue.Queued) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			// bbolt may still hold its lock: nothing can be written any more.
			db.broken = broken(db.path, p)
			err = db.broken
		}
	}()
	if db.broken != nil {
		return db.broken
	}
	err = db.bolt.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket)
		b.FillPercent = fillPercent
		// A growing file doubles, up to steps of maxGrowth. bbolt itself would grow it in
		// large steps from the start, since so much is mapped.
		tx.DB().AllocSize = int(min(tx.Size(), maxGrowth))
		return db.apply(group, b)
	})
	if err == nil || errors.Is(err, errUnchanged) {
		return nil
	}
	return fmt.Errorf("commit: %w", explain(db.path, err))
}

// apply runs the updates of a group. The writes of an update that fails are undone, and it
// keeps its own error.
func (db *DB) apply(group []*queue.Queued, b *bbolt.Bucket) error {
	changed := false
	for _, u := range group {
		k := &kv{bucket: b, alone: len(group) == 1}
		if u.Err = db.run(u.Fn, k); u.Err != nil {
			if k.alone {
				return errUnchanged
			}
			if err := k.rollBack(); err != nil {
				return errors.Join(errTorn, err)
			}
			continue
		}
		changed = changed || k.changed
	}
	if !changed {
		return errUnchanged
	}
	return nil
}

// run calls fn and turns a panic into an error, so that one update cannot end the writer.
func (db *DB) run(fn func(keyspace.KV) error, k *kv) (err error) {
	defer func() {
		switch p := recover(); {
		case p == nil:
		case k.inBolt || isFault(p):
			err = broken(db.path, p)
		default:
			err = keyspace.Panicked(p)
		}
	}()
	return db.named(fn(k))
}
