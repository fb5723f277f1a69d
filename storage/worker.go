package storage

import (
	"context"
	"crypto/rand"
	"iter"
)

// Worker does one kind of work, which processes with a common store share. Each record of the work
// names the worker that does it. When that worker ends, another takes the record over, see TakeOver.
// A worker ends by Release, or with its process or that process's connection to the store. If no
// other process can open the store, all workers but those of this process have ended.
type Worker struct {
	// Name is the worker's name in the records of its work. It is unique.
	Name string

	db   *DB
	work string
}

// Worker returns a new worker for a kind of work.
func (db *DB) Worker(work string) Worker {
	w := Worker{rand.Text(), db, work}
	db.workers.Store(w.Name, true)
	return w
}

// leaseOf is the name of the lease that a worker holds while it exists.
func leaseOf(work, worker string) string { return work + " of " + worker }

// Hold tells other processes that the worker exists. It is called again before each piece of work,
// since the connection to the store may have been lost. It returns false as long as the store has
// not noticed the end of an earlier connection, which still holds the lease.
func (w Worker) Hold() (bool, error) { return w.db.AcquireLease(leaseOf(w.work, w.Name)) }

// Release ends the worker.
func (w Worker) Release() {
	w.db.workers.Delete(w.Name)
	w.db.Release(leaseOf(w.work, w.Name))
}

// Ended reports whether the worker with a name has ended. The worker "" always has.
func (db *DB) Ended(work, worker string) (bool, error) {
	if worker == "" {
		return true, nil
	}
	if _, here := db.workers.Load(worker); here {
		return false, nil
	}
	lease := leaseOf(work, worker)
	free, err := db.AcquireLease(lease)
	if free {
		db.Release(lease)
	}
	return free, err
}

// Claim says which worker does a piece of work, "" if none does yet.
type Claim struct{ Key, Worker string }

// Claims says, in one transaction, which workers do the work that the records of one kind describe.
type Claims[T any] interface {
	// All yields the claims on all unfinished work.
	All() iter.Seq2[Claim, error]
	// Worker returns the worker of a piece of work, or an error that wraps ErrNotFound if it is
	// finished.
	Worker(key string) (string, error)
	// Give assigns unfinished work to a worker, and returns its record.
	Give(key, worker string) (T, error)
}

// tableClaims implements Claims for the records of a table.
type tableClaims[T any] struct {
	table  Table[T]
	key    func(T) string
	worker func(*T) *string // the member that names the worker
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

// TakeOver assigns to a worker at most so many pieces of work that have no worker, or one that has
// ended, and returns their records. If several workers do so at once, each piece goes to one of
// them. It takes the worker's lease first, and returns nothing without it.
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

// left returns at most so many of the claims, of workers that have ended.
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

// take gives a worker the work whose claims are unchanged since they were found.
func take[T any](all Claims[T], found []Claim, worker string) (taken []T, err error) {
	for _, c := range found {
		now, err := all.Worker(c.Key)
		if IsNotFound(err) || err == nil && now != c.Worker {
			continue // it is finished, or another worker was first
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
