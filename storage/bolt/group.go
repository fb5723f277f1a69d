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

// fillPercent is how full a page is left when it is split. Most keys begin with
// their time, so that what comes later goes to the last page and not between.
const fillPercent = 0.9

// maxGrowth is the largest step in which the file grows, in bytes.
const maxGrowth = 16 << 20

var (
	// errTorn ends a group whose transaction can no longer be trusted.
	errTorn = errors.New("an update could not be taken back")
	// errUnchanged ends a group that wrote nothing, or of one update that is taken back. A
	// commit of nothing would wait for the disk all the same.
	errUnchanged = errors.New("nothing was written")
)

// Update implements keyspace.Engine. Updates that wait together are committed
// together, with one fsync; a lone update does not wait for others.
func (db *DB) Update(ctx context.Context, fn func(keyspace.KV) error) error {
	return db.queue.Do(ctx, fn)
}

// commit applies a group and keeps what it wrote. When that fails, all of the
// group do.
func (db *DB) commit(group []*queue.Queued) {
	err := db.transact(group)
	for _, u := range group {
		if err != nil && u.Err == nil {
			u.Err = err
		}
	}
}

// transact runs the group in one transaction. Whatever panics in it that is not of an
// update is a damaged page.
func (db *DB) transact(group []*queue.Queued) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			// bbolt may not have let go of its lock: nothing is written from now on.
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
		// A file that grows doubles, up to steps of bbolt's own length, which it would take
		// from the start since so much is mapped.
		tx.DB().AllocSize = int(min(tx.Size(), maxGrowth))
		return db.apply(group, b)
	})
	if err == nil || errors.Is(err, errUnchanged) {
		return nil
	}
	return fmt.Errorf("commit: %w", explain(db.path, err))
}

// apply runs the updates of a group. One that fails is taken back alone and keeps
// its own error.
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

// run calls fn and turns a panic into an error, so that one update cannot end
// the writer.
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
	return fn(k)
}
