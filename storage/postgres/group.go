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

// maxStatement is how many bytes of pairs one statement writes, about, and one row of
// tenant0_changes holds at most.
const maxStatement = 4 << 20

// How many changes, and bytes of them, the database remembers. Who is further behind reads the
// tenant anew. Each process trims them once in so many changes of its own.
const (
	rememberChanges = 2048
	rememberBytes   = 64 << 20
	trimEvery       = 256
)

// Update implements keyspace.Engine. Updates that wait together in this process are committed
// together. Their functions run on the state in memory, and what they have written goes to the
// database in one round trip, which keeps it if nothing has changed meanwhile of what they have
// read. Otherwise they run anew while the changes of other processes wait.
func (db *DB) Update(ctx context.Context, fn func(keyspace.KV) error) error {
	return db.queue.Do(ctx, fn)
}

// commit applies a group and keeps what it wrote, or says in each update why it did not.
func (db *DB) commit(group []*queue.Queued) {
	err := db.attempt(group)
	if _, of := errors.AsType[*pgconn.PgError](err); of && len(group) > 1 && !isAway(err) {
		for _, u := range group { // one of them cannot be kept, which is not the others' fault
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

// attempt runs the group in a transaction, anew where that has failed for a reason that
// passes.
func (db *DB) attempt(group []*queue.Queued) error {
	for attempt := 0; ; attempt++ {
		err := db.transact(group)
		if err == nil || !passing(err) || attempt == attempts {
			return err
		}
		pause(attempt)
	}
}

// errMoved reports that another process has changed what was read.
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

// expect runs the group on the state in memory and keeps what it wrote if nothing else was
// kept that it has to do with.
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
		// An update that writes nothing has read, and that of the newest state.
		newest, err := db.replica.fresh()
		if err != nil || newest.change == now.change {
			return err
		}
		now = newest
	}
}

// keepIf keeps what was written if nothing of what was read has changed.
func (db *DB) keepIf(from *moment, read *reads, over *keyspace.Overlay) error {
	p := db.propose(from.change)
	p.fill(over)
	if p.much {
		return errMoved // it takes a transaction of several round trips
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

// insist runs the group while no other process can change anything.
func (db *DB) insist(group []*queue.Queued) error {
	base := change{at: math.MaxInt64} // of changes since there is nothing to be told
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
			return under.refused // the transaction is over, and so is what the others have read
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

// apply runs the updates of a group, each on what those before it have written. What one
// that fails has written is left out.
func apply(group []*queue.Queued, over *keyspace.Overlay) {
	for _, u := range group {
		own := keyspace.NewOverlay(over)
		if u.Err = keyspace.Run(u.Fn, own); u.Err == nil {
			over.Apply(own)
		}
	}
}

// proposal is a change on its way to the database.
type proposal struct {
	db    *DB
	mark  int64
	base  change // what it builds on
	own   written
	much  bool // it is too large for one statement
	sent  bool // it may have been kept
	found bool // the tenant was, and last is its last change
	last  change
	// behind are the changes of others behind the base.
	behind []written
	at     int64 // its number, 0 where it was not kept
	err    error
}

func (db *DB) propose(base change) *proposal {
	var raw [8]byte
	_, _ = rand.Read(raw[:])                                                               // never fails
	return &proposal{db: db, base: base, mark: int64(binary.BigEndian.Uint64(raw[:]) | 1)} //nolint:gosec // the same bits
}

// lock has the changes of others wait, and asks for those since the base.
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

// fill takes in what was written.
func (p *proposal) fill(over *keyspace.Overlay) {
	size := 0
	p.own.keys = []string{}
	for key, value := range over.Written() {
		p.own.keys, p.own.values = append(p.own.keys, string(key)), append(p.own.values, value)
		size += len(key) + len(value)
	}
	p.much = size > maxStatement
}

// keep writes the change, if nothing of what was read since its base has changed.
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
		arrays = [2][]byte{} // nobody is told
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

// counted reads the answer to keep.
func (p *proposal) counted(values [][]byte) bool {
	p.at = numberOf(values[0])
	p.own.change, p.own.prior = change{p.at, p.mark}, numberOf(values[1])
	return false
}

// kept takes into memory what was kept, or finds out whether it was.
func (db *DB) kept(p *proposal, from *moment, err error) error {
	if _, unknown := errors.AsType[lost](err); unknown && p.sent {
		return db.settle(p, err)
	}
	if err != nil || from == nil || p.err != nil {
		return err
	}
	// Where this leads nowhere, whoever reads next asks for it.
	if now, ok := db.replica.advance(from, answer{p.own.change, append(p.behind, p.own)}); ok {
		_ = db.replica.bound(now)
	}
	return nil
}
