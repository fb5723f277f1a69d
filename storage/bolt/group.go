package bolt

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	bbolt "go.etcd.io/bbolt"

	"github.com/tenant0/tenant0/storage"
)

// fillPercent is how full a page is left when it is split. Most keys begin with
// their time, so that what comes later goes to the last page and not between.
const fillPercent = 0.9

// maxGrowth is the largest step in which the file grows, in bytes.
const maxGrowth = 16 << 20

// update is one Update call on its way through the writer.
type update struct {
	fn   func(storage.KV) error
	err  error
	done chan struct{}
}

var (
	// errTorn ends a group whose transaction can no longer be trusted.
	errTorn = errors.New("an update could not be taken back")
	// errUnchanged ends a group that wrote nothing, or of one update that is taken back. A
	// commit of nothing would wait for the disk all the same.
	errUnchanged = errors.New("nothing was written")
)

// Update implements storage.Engine. Updates that wait together are committed
// together, with one fsync; there is no timer, so a lone update does not wait.
func (db *DB) Update(fn func(storage.KV) error) error {
	u := &update{fn: fn, done: make(chan struct{})}
	if err := db.enqueue(u); err != nil {
		return err
	}
	<-u.done
	return u.err
}

// enqueue hands an update to the writer. Close waits for those on their way.
func (db *DB) enqueue(u *update) error {
	db.closing.RLock()
	defer db.closing.RUnlock()
	if db.closed {
		return fmt.Errorf("data file %s: %w", db.path, storage.ErrClosed)
	}
	db.queue <- u
	return nil
}

// write is the one writer. It takes what is queued, applies each update in
// order, and commits them as one.
func (db *DB) write() {
	defer close(db.done)
	for first := range db.queue {
		// Whoever is on the way to the queue joins: on busy cores commits become
		// fewer and larger, on idle ones this returns at once.
		runtime.Gosched()
		group := []*update{first}
	drain:
		for len(group) < maxGroup {
			select {
			case u, ok := <-db.queue:
				if !ok {
					break drain
				}
				group = append(group, u)
			default:
				break drain
			}
		}
		db.commit(group)
	}
}

// commit applies a group and keeps what it wrote. When that fails, all of the
// group do.
func (db *DB) commit(group []*update) {
	err := db.transact(group)
	for _, u := range group {
		if err != nil && u.err == nil {
			u.err = err
		}
		close(u.done)
	}
}

// transact runs the group in one transaction. Whatever panics in it that is not of an
// update is a damaged page.
func (db *DB) transact(group []*update) (err error) {
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
func (db *DB) apply(group []*update, b *bbolt.Bucket) error {
	changed := false
	for _, u := range group {
		k := &kv{bucket: b, alone: len(group) == 1}
		if u.err = db.run(u.fn, k); u.err != nil {
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
func (db *DB) run(fn func(storage.KV) error, k *kv) (err error) {
	defer func() {
		switch p := recover(); {
		case p == nil:
		case k.inBolt || isFault(p):
			err = broken(db.path, p)
		default:
			err = fmt.Errorf("panic in update: %v\n%s", p, debug.Stack())
		}
	}()
	return fn(k)
}
