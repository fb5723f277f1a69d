package postgres

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"math"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/queue"
)

// maxStatement bounds, approximately, the bytes of pairs that one statement writes, and that
// one row of tenant0_changes contains.
const maxStatement = 4 << 20

// How many changes, and how many bytes of them, the database remembers. A process that is
// further behind reads the whole tenant again. Each process trims them after every trimEvery
// changes of its own.
const (
	rememberChanges = 2048
	rememberBytes   = 64 << 20
	trimEvery       = 256
)

// Update implements keyspace.Engine. Updates that are waiting in this process at the same time
// are committed together. Their functions run on the copy in memory, and their writes are sent
// to the database in one round trip, which commits them if nothing that they have read has
// changed meanwhile. Otherwise they run again, while changes by other processes have to wait.
func (db *DB) Update(ctx context.Context, fn func(keyspace.KV) error) error {
	return db.queue.Do(ctx, fn)
}

// commit applies the updates of a group and commits them, or sets the errors of those that
// failed.
func (db *DB) commit(group []*queue.Queued) {
	err := db.attempt(group)
	if _, of := errors.AsType[*pgconn.PgError](err); of && len(group) > 1 && !isAway(err) {
		for _, u := range group { // one of them cannot be committed, and the others should not fail with it
			db.commit([]*queue.Queued{u})
		}
		return
	}
	for _, u := range group {
		if err != nil && u.Err == nil {
			u.Err = db.database.explain(err)
		}
	}
}

// attempt runs the group in a transaction, and again if that fails for a reason that may pass.
func (db *DB) attempt(group []*queue.Queued) error {
	for attempt := 0; ; attempt++ {
		err := db.transact(group)
		if err == nil || !passing(err) || attempt == attempts {
			return err
		}
		pause(attempt)
	}
}

// errMoved reports that another process has changed data that was read.
var errMoved = errors.New("what was read has changed")

// transact runs the group in one transaction.
func (db *DB) transact(group []*queue.Queued) error {
	if !db.replica.aside.Load() {
		err := db.expect(group)
		if !errors.Is(err, errMoved) && !errors.Is(err, errTooLarge) {
			return err
		}
	}
	return db.insist(group)
}

// expect runs the group on the copy in memory and commits the writes, if no other process has
// changed data that the group has read.
func (db *DB) expect(group []*queue.Queued) (err error) {
	now := db.replica.now.Load()
	if now == nil {
		if now, err = db.replica.fresh(); err != nil {
			return err
		}
	}
	for asked := false; ; asked = true {
		read := newReads(now)
		over := keyspace.NewOverlay(read)
		apply(group, over)
		if over.Len() > 0 {
			return db.keepIf(now, read, over)
		}
		if asked {
			return nil
		}
		// Updates that only read must have read the newest state.
		newest, err := db.replica.fresh()
		if err != nil || newest.change == now.change {
			return err
		}
		now = newest
	}
}

// keepIf commits the writes if nothing that was read has changed.
func (db *DB) keepIf(from *moment, read *reads, over *keyspace.Overlay) error {
	p := db.propose(from.change)
	p.fill(over)
	if p.much {
		return errMoved // the writes take a transaction of several round trips
	}
	fence := fenceOf(p.mark)
	read.note(fence, behind(fence))
	err := db.database.once(func(c *conn) error {
		p.lock(c)
		p.keep(c, read)
		return c.run()
	})
	if err == nil && p.at == 0 {
		return errMoved
	}
	return db.kept(p, from, err)
}

// insist runs the group while no other process can change the tenant.
func (db *DB) insist(group []*queue.Queued) error {
	base := change{at: math.MaxInt64} // so that the database sends no earlier changes
	from := db.replica.now.Load()
	if from != nil {
		base = from.change
	}
	p := db.propose(base)
	err := db.database.once(func(c *conn) (err error) {
		c.send(begin, nil)
		p.lock(c)
		if err := c.run(); err != nil {
			return err
		}
		if !p.found {
			return db.errGone()
		}
		if from != nil {
			if from, err = db.replica.upTo(from, answer{p.last, p.behind}); err != nil && !errors.Is(err, errTooLarge) {
				return err
			}
		}
		under := &kv{db: db, conn: c}
		over := keyspace.NewOverlay(under)
		if from != nil {
			over = keyspace.NewOverlay(keyspace.TreeKV{Tree: from.tree, ReadOnly: true})
		}
		apply(group, over)
		switch {
		case c.broken:
			return lost{errBroken}
		case under.refused != nil:
			return under.refused // the transaction is over, so the reads of the other updates may have failed as well
		case over.Len() == 0:
			c.send(rollback, nil)
			c.leave()
			return nil
		}
		p.base, p.behind = p.last, nil
		p.fill(over)
		p.keep(c, &reads{})
		c.send(commit, nil)
		return c.run()
	})
	if err == nil && !p.sent {
		return nil
	}
	return db.kept(p, from, err)
}

// apply runs the updates of a group; each reads the writes of those before it. The writes of an
// update that fails are dropped.
func apply(group []*queue.Queued, over *keyspace.Overlay) {
	for _, u := range group {
		own := keyspace.NewOverlay(over)
		if u.Err = keyspace.Run(u.Fn, own); u.Err == nil {
			over.Apply(own)
		}
	}
}

// proposal is a change that is to be committed.
type proposal struct {
	db    *DB
	mark  int64
	base  change // the change that it builds on
	own   written
	much  bool // it is too large for one statement
	sent  bool // it was sent, so it may have been committed
	found bool // the tenant exists, and last is its last change
	last  change
	// behind are the changes of other processes since the base.
	behind []written
	at     int64 // the number of this change, 0 if it was not committed
	err    error
}

func (db *DB) propose(base change) *proposal {
	var raw [8]byte
	_, _ = rand.Read(raw[:])                                                               // never fails
	return &proposal{db: db, base: base, mark: int64(binary.BigEndian.Uint64(raw[:]) | 1)} //nolint:gosec // the same bits
}

// lock makes changes by other processes wait, and requests the changes since the base.
func (p *proposal) lock(c *conn) {
	c.send(lock, func(values [][]byte) bool {
		p.found, p.last = true, change{numberOf(values[0]), numberOf(values[1])}
		return false
	}, p.db.name)
	c.send(changes, func(values [][]byte) bool {
		var a answer
		p.err = errors.Join(p.err, a.add(values))
		p.behind = append(p.behind, a.behind...)
		return true
	}, p.db.name, number(p.base.at))
}

// fill takes over the writes.
func (p *proposal) fill(over *keyspace.Overlay) {
	size := 0
	p.own.keys = []string{}
	for key, value := range over.Written() {
		p.own.keys, p.own.values = append(p.own.keys, string(key)), append(p.own.values, value)
		size += len(key) + len(value)
	}
	p.much = size > maxStatement
}

// keep sends the change, which is committed only if nothing that was read since its base has
// changed.
func (p *proposal) keep(c *conn, read *reads) {
	p.sent = true
	keys, values := make([][]byte, len(p.own.keys)), p.own.values
	for i, key := range p.own.keys {
		keys[i] = []byte(key)
	}
	size, from := 0, 0
	for i := range keys {
		if size += len(keys[i]) + len(values[i]); p.much && (size > maxStatement || i == len(keys)-1) {
			c.send(write, nil, p.db.name, array(keys[from:i+1]), array(values[from:i+1]))
			size, from = 0, i+1
		}
	}
	arrays := [2][]byte{array(keys), array(values)}
	if p.much {
		arrays = [2][]byte{} // the change is too large for other processes to be told its content
	}
	var many int64
	if read.many {
		many, read.from, read.to = 1, nil, nil
	}
	c.send(keep, p.counted, p.db.name, arrays[0], arrays[1], number(p.mark),
		number(p.base.at), number(p.base.mark), number(many), array(read.from), array(read.to))
	if p.db.commits++; p.db.commits%trimEvery == 1 {
		c.send(trim, nil, p.db.name, number(rememberChanges), number(rememberBytes))
	}
}

// counted reads the answer to the statement keep.
func (p *proposal) counted(values [][]byte) bool {
	p.at = numberOf(values[0])
	p.own.change, p.own.prior = change{p.at, p.mark}, numberOf(values[1])
	return false
}

// kept applies a committed change to the copy in memory. If it is not known whether the change
// was committed, it finds out.
func (db *DB) kept(p *proposal, from *moment, err error) error {
	if _, unknown := errors.AsType[lost](err); unknown && p.sent {
		return db.settle(p, err)
	}
	if err != nil || from == nil || p.err != nil {
		return err
	}
	// If the copy cannot be advanced, the next reader asks the database.
	if now, ok := db.replica.advance(from, answer{p.own.change, append(p.behind, p.own)}); ok {
		_ = db.replica.bound(now)
	}
	return nil
}
