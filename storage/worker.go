package storage

import (
	"context"
	"crypto/rand"
	"iter"
)

// Worker does work of a kind that several processes with one store share. A record of the work says
// by its worker's name who does it; when that worker ends, another takes the record over, see
// TakeOver. A worker ends with its process or the connection of that process to the store, or by
// Release. Where nobody else can open the store, workers that this process does not know have ended.
type Worker struct {
	// Name is what the worker is called in the records of its work. Nobody else has it.
	Name string

	db   *DB
	work string
}

// Worker returns a new worker at a kind of work.
func (db *DB) Worker(work string) Worker {
	w := Worker{rand.Text(), db, work}
	db.workers.Store(w.Name, true)
	return w
}

// leaseOf is what a worker holds for as long as it is there.
func leaseOf(work, worker string) string { return work + " of " + worker }

// Hold has other processes know that the worker is there. It is called again before each piece of
// work, since the connection to the store may have ended meanwhile. It returns false where the
// store does not know yet that an earlier connection has, and so takes the worker to be there.
func (w Worker) Hold() (bool, error) { return w.db.Hold(leaseOf(w.work, w.Name)) }

// Release ends the worker.
func (w Worker) Release() {
	w.db.workers.Delete(w.Name)
	w.db.Release(leaseOf(w.work, w.Name))
}

// Ended reports whether the worker of a name at a kind of work has ended. That of no name, "", has.
func (db *DB) Ended(work, worker string) (bool, error) {
	if worker == "" {
		return true, nil
	}
	if _, here := db.workers.Load(worker); here {
		return false, nil
	}
	lease := leaseOf(work, worker)
	free, err := db.Hold(lease)
	if free {
		db.Release(lease)
	}
	return free, err
}

// Claim says which worker does a piece of work, "" for none yet.
type Claim struct{ Key, Worker string }

// Claims are what the records of a kind of work say, in one transaction, of who does it.
type Claims[T any] interface {
	// All yields the claims on all work that is not done.
	All() iter.Seq2[Claim, error]
	// Worker returns who does a piece of work, or an error that wraps ErrNotFound when it is done.
	Worker(key string) (string, error)
	// Give has a worker do a piece of work that is not done, and returns its record.
	Give(key, worker string) (T, error)
}

// tableClaims are those of a table. It implements Claims.
type tableClaims[T any] struct {
	table  Table[T]
	key    func(T) string
	worker func(*T) *string // where a record says it
	done   func(T) bool
}

func (c tableClaims[T]) All() iter.Seq2[Claim, error] {
	return func(yield func(Claim, error) bool) {
		for v, err := range c.table.All() {
			if (err != nil || !c.done(v)) && !yield(Claim{c.key(v), *c.worker(&v)}, err) {
				return
			}
		}
	}
}

func (c tableClaims[T]) Worker(key string) (string, error) {
	v, err := c.table.Get(key)
	if err == nil && c.done(v) {
		err = ErrNotFound
	}
	return *c.worker(&v), err
}

func (c tableClaims[T]) Give(key, worker string) (T, error) {
	v, err := c.table.Get(key)
	if err != nil {
		return v, err
	}
	*c.worker(&v) = worker
	return v, c.table.Put(v)
}

// TakeOver has a worker do what nobody does, or somebody who has ended: at most so many pieces of
// work, whose records it returns. Of workers that do so at once one gets each. It holds the worker's
// lease, and takes nothing without it.
func TakeOver[T any](ctx context.Context, w Worker, most int, of func(*Tx) Claims[T]) (taken []T, err error) {
	if held, err := w.Hold(); err != nil || !held {
		return nil, err
	}
	var claims []Claim
	err = w.db.View(ctx, func(tx *Tx) error {
		claims = nil
		for c, err := range of(tx).All() {
			if err != nil {
				return err
			}
			claims = append(claims, c)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	left, err := w.left(claims, most)
	if err != nil || len(left) == 0 {
		return nil, err
	}
	err = w.db.Update(ctx, func(tx *Tx) (err error) {
		taken, err = take(of(tx), left, w.Name)
		return err
	})
	return taken, err
}

// left are at most so many of the claims: those of workers that have ended.
func (w Worker) left(claims []Claim, most int) (left []Claim, err error) {
	ended := map[string]bool{}
	for _, c := range claims {
		if len(left) >= most {
			break
		}
		if _, asked := ended[c.Worker]; !asked {
			if ended[c.Worker], err = w.db.Ended(w.work, c.Worker); err != nil {
				return nil, err
			}
		}
		if ended[c.Worker] {
			left = append(left, c)
		}
	}
	return left, nil
}

// take gives a worker the work whose claims are still as they were found.
func take[T any](all Claims[T], found []Claim, worker string) (taken []T, err error) {
	for _, c := range found {
		now, err := all.Worker(c.Key)
		if IsNotFound(err) || err == nil && now != c.Worker {
			continue // it is done, or another worker was first
		}
		if err != nil {
			return nil, err
		}
		record, err := all.Give(c.Key, worker)
		if err != nil {
			return nil, err
		}
		taken = append(taken, record)
	}
	return taken, nil
}
