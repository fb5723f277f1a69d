package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// replica is the copy of a tenant's key space in the memory of this process. Before reading, it
// asks the database, in one round trip, for the changes since its state. Readers that wait at
// the same time share one question.
type replica struct {
	db *DB
	// now is the newest known state, nil before the first one is loaded.
	now atomic.Pointer[moment]
	// aside says that the tenant is too large to be kept in memory: everything is read from the
	// database.
	aside atomic.Bool

	turns chan struct{} // one item for each question that is being asked
	mu    sync.Mutex
	next  *question // the question that is not asked yet, nil for none

	moving sync.Mutex // held while the next state is made
}

// moment is the state of the key space after a change.
type moment struct {
	tree *keyspace.Tree
	change
	size int64 // approximate bytes in memory
}

// change identifies a change by its number and by its mark, which is unique.
type change struct{ at, mark int64 }

// written is a change with its writes.
type written struct {
	change
	prior  int64    // the mark of the change before
	keys   []string // nil if the change is too large to be sent
	values [][]byte // nil for a deleted key
}

// answer is the database's answer about a tenant: its last change, and the changes since the one
// that was asked about.
type answer struct {
	change
	behind []written
}

// atOnce is how many questions may be asked at the same time. If it were one, a reader that
// comes during a question would have to wait for its end first.
const atOnce = 2

// perPair is the approximate memory of a pair in the tree, besides its bytes.
const perPair = 80

var errTooLarge = errors.New("the tenant is too large to be kept in memory")

// question is a question to the database that several readers share.
type question struct {
	done  chan struct{}
	state *moment
	err   error
}

// of returns a state for the reads of a context. It contains every change that was committed
// before the call, or at least before the request of the context arrived.
func (r *replica) of(ctx context.Context) (*moment, error) {
	arrival, began := keyspace.ArrivalOf(ctx), r.db.database.now()
	if arrival.Knows(r, began) {
		if now := r.now.Load(); now != nil {
			return now, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now, err := r.fresh()
	if err == nil {
		arrival.Asked(r, began)
	}
	return now, err
}

// fresh returns a state that contains every change committed before the call.
func (r *replica) fresh() (*moment, error) {
	r.mu.Lock()
	q := r.next
	first := q == nil
	if first {
		q = &question{done: make(chan struct{})}
		r.next = q
	}
	r.mu.Unlock()
	if !first {
		<-q.done
		return q.state, q.err
	}
	defer close(q.done)
	r.turns <- struct{}{}
	defer func() { <-r.turns }()
	r.mu.Lock()
	r.next = nil // readers that come from now on share another question
	r.mu.Unlock()
	q.state, q.err = r.ask()
	return q.state, q.err
}

// ask brings the copy up to date with the database.
func (r *replica) ask() (*moment, error) {
	from := r.now.Load()
	if from == nil {
		return r.load()
	}
	var a answer
	err := r.db.database.do(func(c *conn) (err error) {
		a, err = r.db.since(c, from.at)
		return err
	})
	if err != nil {
		return nil, err
	}
	if now, ok := r.advance(from, a); ok {
		return now, r.bound(now)
	}
	return r.load() // too far behind, or the database was replaced
}

// since asks for the changes after the one with a number.
func (db *DB) since(c *conn, at int64) (a answer, err error) {
	var found bool
	began := db.database.now()
	c.send(since, func(values [][]byte) bool {
		if !found {
			found, a.change = true, change{numberOf(values[0]), numberOf(values[1])}
			db.database.meet(began, time.UnixMicro(numberOf(values[2])))
		}
		if values[3] != nil {
			err = errors.Join(err, a.add(values[3:]))
		}
		return true
	}, db.name, number(at))
	if err := c.run(); err != nil {
		return a, err
	}
	if !found {
		return a, db.errGone()
	}
	return a, err
}

func (db *DB) errGone() error {
	return fmt.Errorf("tenant %s is no longer in the database: %w", db.name, keyspace.ErrGone)
}

// add adds a row of tenant0_changes to the answer.
func (a *answer) add(values [][]byte) error {
	w := written{change: change{numberOf(values[0]), numberOf(values[1])}, prior: numberOf(values[2])}
	if values[3] != nil {
		keys, err := arrayOf(values[3])
		if err != nil {
			return err
		}
		if w.values, err = arrayOf(values[4]); err != nil {
			return err
		}
		if len(keys) != len(w.values) {
			return fmt.Errorf("change %d has %d keys and %d values: %w", w.at, len(keys), len(w.values), keyspace.ErrDamaged)
		}
		w.keys = make([]string, len(keys)) // not nil
		for i, key := range keys {
			w.keys[i] = string(key)
		}
	}
	a.behind = append(a.behind, w)
	return nil
}

// leadsFrom reports whether the answer contains all changes after a given one, without gaps.
func (a *answer) leadsFrom(from change) bool {
	slices.SortFunc(a.behind, func(v, w written) int { return cmp.Compare(v.at, w.at) })
	last := from
	for _, w := range a.behind {
		if w.at != last.at+1 || w.prior != last.mark {
			return false
		}
		last = w.change
	}
	return last == a.change
}

// advance applies an answer to the state from, and returns the new state, or a newer one that
// exists already. It returns false if the changes of the answer do not follow from that state.
func (r *replica) advance(from *moment, a answer) (*moment, bool) {
	if !a.leadsFrom(from.change) {
		return nil, false
	}
	r.moving.Lock()
	defer r.moving.Unlock()
	now := r.now.Load()
	if now == nil {
		return nil, false
	}
	behind := a.behind
	if now.at > from.at { // other questions were answered earlier
		if now.at >= a.at {
			return now, true
		}
		behind = a.behind[now.at-from.at:]
		if behind[0].prior != now.mark {
			return nil, false
		}
	} else if now.change != from.change {
		return nil, false
	}
	if len(behind) == 0 {
		return now, true
	}
	next := &moment{tree: now.tree.Copy(), change: a.change, size: now.size}
	for _, w := range behind {
		if w.keys == nil {
			return nil, false
		}
		for i, key := range w.keys {
			next.set(key, w.values[i])
		}
	}
	r.now.Store(next)
	return next, true
}

// set sets a pair of the tree, or deletes the key if the value is nil.
func (m *moment) set(key string, value []byte) {
	var old []byte
	var had bool
	if value == nil {
		old, had = m.tree.Delete(key)
	} else {
		old, had = m.tree.Set(key, value)
		m.size += int64(len(key) + len(value) + perPair)
	}
	if had {
		m.size -= int64(len(key) + len(old) + perPair)
	}
}

// upTo brings a state up to date with an answer, while all other changes wait. It returns an
// error if the tenant has become too large.
func (r *replica) upTo(from *moment, a answer) (*moment, error) {
	now, ok := r.advance(from, a)
	if !ok {
		var err error
		if now, err = r.load(); err != nil {
			return nil, err
		}
	} else if err := r.bound(now); err != nil {
		return nil, err
	}
	return now, nil
}

// bound gives up the copy of a tenant that has become too large.
func (r *replica) bound(now *moment) error {
	if now.size <= r.db.database.most {
		return nil
	}
	r.aside.Store(true)
	r.now.Store(nil)
	return errTooLarge
}

// load reads the whole tenant.
func (r *replica) load() (*moment, error) {
	r.moving.Lock()
	defer r.moving.Unlock()
	var now *moment
	err := r.db.database.do(func(c *conn) (err error) {
		now, err = r.read(c)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := r.bound(now); err != nil {
		return nil, err
	}
	r.now.Store(now)
	return now, nil
}

// read reads one state of the tenant; it stops when that becomes too large.
func (r *replica) read(c *conn) (*moment, error) {
	c.unhurried = true
	defer func() { c.unhurried = false }()
	now := &moment{tree: keyspace.NewTree()}
	k := &kv{db: r.db, conn: c}
	c.send(beginView, nil)
	c.send(noTimeout, nil)
	if err := k.start(); err != nil {
		return nil, err
	}
	now.change = k.last
	c.send(all, func(values [][]byte) bool {
		key := string(values[0]) + string(values[1])
		value := append([]byte{}, values[2]...)
		now.size += int64(len(key) + len(value) + perPair)
		now.tree.Load(key, value)
		return now.size <= r.db.database.most
	}, r.db.name)
	if err := c.run(); err != nil {
		return nil, err
	}
	c.send(rollback, nil)
	c.leave()
	return now, nil
}
