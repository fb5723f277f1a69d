package postgres

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenant0/tenant0/storage"
)

// maxStatement is how many bytes of rows one statement writes, about.
const maxStatement = 4 << 20

// update is one Update call on its way through the writer.
type update struct {
	fn   func(storage.KV) error
	err  error
	done chan struct{}
}

// Update implements storage.Engine. Updates that wait together in this process are
// committed together. The tenant's row in the database is locked meanwhile, so that no
// update of another process overlaps; what the functions write goes there with the commit,
// in one round trip.
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
	db.open.RLock()
	defer db.open.RUnlock()
	if db.closed {
		return db.errClosed()
	}
	db.queue <- u
	return nil
}

// write is the one writer of this process.
func (db *DB) write() {
	defer close(db.done)
	for first := range db.queue {
		runtime.Gosched() // whoever is on the way to the queue joins
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
		for _, u := range group {
			close(u.done)
		}
	}
}

// commit applies a group and keeps what it wrote, or says in each update why it did not.
func (db *DB) commit(group []*update) {
	err := db.attempt(group)
	if _, of := errors.AsType[*pgconn.PgError](err); of && len(group) > 1 && !isAway(err) {
		for _, u := range group { // one of them cannot be kept, which is not the others' fault
			db.commit([]*update{u})
		}
		return
	}
	for _, u := range group {
		if err != nil && u.err == nil {
			u.err = db.database.explain(err)
		}
	}
}

// attempt runs the group in a transaction, anew where that has failed for a reason that
// passes.
func (db *DB) attempt(group []*update) error {
	for attempt := 0; ; attempt++ {
		err := db.transact(group)
		if err == nil || !passing(err) || attempt == attempts {
			return err
		}
		pause(attempt)
	}
}

// transact runs the group in one transaction.
func (db *DB) transact(group []*update) error {
	var sent bool // the commit is on its way
	var xid []byte
	err := db.database.once(func(c *conn) error {
		k := &kv{db: db, conn: c}
		c.send(begin, nil)
		if err := k.start(lock); err != nil {
			return err
		}
		xid = k.xid
		written := storage.NewOverlay(k)
		if err := db.apply(group, k, written); err != nil {
			return err
		}
		if written.Len() == 0 {
			c.send(rollback, nil)
			c.leave()
			return nil
		}
		sent = true
		return db.keep(c, written)
	})
	if _, unknown := errors.AsType[lost](err); unknown && sent {
		return db.settle(xid, err)
	}
	return err
}

// apply runs the updates of a group, each on what those before it have written. What one
// that fails has written is left out.
func (db *DB) apply(group []*update, k *kv, written *storage.Overlay) error {
	for _, u := range group {
		own := storage.NewOverlay(written)
		u.err = run(u.fn, own)
		switch {
		case k.conn.broken:
			return lost{errors.Join(errBroken, u.err)}
		case k.refused != nil:
			return k.refused // the transaction is over, and so is what the others have read
		case u.err == nil:
			written.Apply(own)
		}
	}
	return nil
}

// run calls fn and turns a panic into an error, so that one update cannot end the writer.
func run(fn func(storage.KV) error, kv storage.KV) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in update: %v\n%s", p, debug.Stack())
		}
	}()
	return fn(kv)
}

// rows are what one statement writes.
type rows struct {
	heads, digests, tails, values [][]byte
	size                          int
}

func (r *rows) add(key, value []byte) {
	head, tail := split(key)
	r.heads = append(r.heads, head)
	r.digests = append(r.digests, digest(tail))
	r.tails = append(r.tails, tail)
	r.values = append(r.values, value)
	r.size += len(key) + len(value)
}

// digest tells rows apart whose keys have the same head.
func digest(tail []byte) []byte {
	if len(tail) == 0 {
		return nil
	}
	sum := sha256.Sum256(tail)
	return sum[:]
}

// keep writes what the updates have written, and commits.
func (db *DB) keep(c *conn, written *storage.Overlay) error {
	var puts, deletes rows
	put := func() {
		c.send(putRows, nil, db.name, array(puts.heads), array(puts.digests), array(puts.tails), array(puts.values))
		puts = rows{}
	}
	for key, value := range written.Written() {
		if value == nil {
			deletes.add(key, nil)
			continue
		}
		if puts.add(key, value); puts.size >= maxStatement {
			put()
		}
	}
	if len(puts.heads) > 0 {
		put()
	}
	if len(deletes.heads) > 0 {
		c.send(deleteRows, nil, db.name, array(deletes.heads), array(deletes.digests))
	}
	c.send(bump, nil, db.name)
	c.send(commit, nil)
	return c.run()
}

// errUnsettled reports a commit of which nobody knows whether it was kept.
var errUnsettled = errors.New("the connection was lost while a change was kept, and the database cannot be asked whether it was")

// settle finds out whether a transaction was committed whose answer was lost. It returns nil
// where it was, and the cause, which passes, where it was not.
func (db *DB) settle(xid []byte, cause error) error {
	for attempt := range 3 * attempts {
		var status []byte
		err := db.database.once(func(c *conn) error {
			c.send(xactStatus, func(values [][]byte) bool {
				status = bytes.Clone(values[0])
				return false
			}, xid)
			return c.run()
		})
		switch {
		case err == nil && string(status) == "committed":
			return nil
		case err == nil && string(status) == "aborted":
			return cause
		case err != nil && !passing(err):
			return fmt.Errorf("%w: %w: %w", storage.ErrUnavailable, errUnsettled, err)
		}
		pause(attempt)
	}
	return fmt.Errorf("%w: %w", storage.ErrUnavailable, errUnsettled)
}
