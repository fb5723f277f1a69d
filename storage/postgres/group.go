package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenant0/tenant0/storage"
)

// maxStatement is how many bytes of rows one statement writes, about.
const maxStatement = 4 << 20

// Update implements storage.Engine. Updates that wait together in this process are
// committed together. The tenant's row in the database is locked meanwhile, so that no
// update of another process overlaps; what the functions write goes there with the commit,
// in one round trip.
func (db *DB) Update(ctx context.Context, fn func(storage.KV) error) error {
	return db.queue.Do(ctx, fn)
}

// commit applies a group and keeps what it wrote, or says in each update why it did not.
func (db *DB) commit(group []*storage.Queued) {
	err := db.attempt(group)
	if _, of := errors.AsType[*pgconn.PgError](err); of && len(group) > 1 && !isAway(err) {
		for _, u := range group { // one of them cannot be kept, which is not the others' fault
			db.commit([]*storage.Queued{u})
		}
		return
	}
	for _, u := range group {
		if err != nil && u.Err == nil {
			u.Err = db.database.explain(err)
		}
	}
}

// attempt runs the group in a transaction, anew where that has failed for a reason that
// passes.
func (db *DB) attempt(group []*storage.Queued) error {
	for attempt := 0; ; attempt++ {
		err := db.transact(group)
		if err == nil || !passing(err) || attempt == attempts {
			return err
		}
		pause(attempt)
	}
}

// transact runs the group in one transaction.
func (db *DB) transact(group []*storage.Queued) error {
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
func (db *DB) apply(group []*storage.Queued, k *kv, written *storage.Overlay) error {
	for _, u := range group {
		own := storage.NewOverlay(written)
		u.Err = storage.Run(u.Fn, own)
		switch {
		case k.conn.broken:
			return lost{errors.Join(errBroken, u.Err)}
		case k.refused != nil:
			return k.refused // the transaction is over, and so is what the others have read
		case u.Err == nil:
			written.Apply(own)
		}
	}
	return nil
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
