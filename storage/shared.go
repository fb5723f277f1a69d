package storage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrUnavailable reports a store that cannot be reached for now: a database that is away or
// too busy. What was asked for may be tried again.
var ErrUnavailable = errors.New("the store cannot be reached")

// ErrGone reports that another process has removed the tenant.
var ErrGone = fmt.Errorf("the tenant was removed: %w", ErrClosed)

// Shared is an Engine that several processes may have open at once.
type Shared interface {
	Engine
	// Hold reports whether this process holds the lease of a name, after it has taken it
	// where nobody else has it. A lease ends with its process, or with the connection of
	// that process to the store: whoever holds one asks again before each piece of work.
	Hold(name string) (bool, error)
	// Alone runs fn while no other process runs one of the name.
	Alone(name string, fn func() error) error
	// Join says that this process takes part in what has a name, until it ends, and reports
	// whether no other does.
	Join(name string) (alone bool, err error)
	// Joined is how many processes have joined in what has a name.
	Joined(name string) (int, error)
	// Release gives back what Hold and Join have taken by a name.
	Release(name string)
	// Skew is how far the time of what has the data is ahead of this machine's, about.
	Skew() time.Duration
}

// Shared reports whether other processes may have the store open as well, so that what a
// process remembers of it may be out of date.
func (db *DB) Shared() bool { return db.shared != nil }

// Hold reports whether this process is the one that does the work of a name, see
// Shared.Hold. A store that no other process can open is always the one.
func (db *DB) Hold(name string) (bool, error) {
	if db.shared == nil {
		return true, nil
	}
	return db.shared.Hold(name)
}

// Alone runs fn while no other process runs one of the name.
func (db *DB) Alone(name string, fn func() error) error {
	if db.shared == nil {
		return fn()
	}
	return db.shared.Alone(name, fn)
}

// Join says that this process takes part in what has a name, and reports whether no other
// does.
func (db *DB) Join(name string) (alone bool, err error) {
	if db.shared == nil {
		return true, nil
	}
	return db.shared.Join(name)
}

// Release gives back what Hold and Join have taken by a name.
func (db *DB) Release(name string) {
	if db.shared != nil {
		db.shared.Release(name)
	}
}

// Skew is how far the time that all processes share is ahead of this machine's.
func (db *DB) Skew() time.Duration {
	if db.shared == nil {
		return 0
	}
	return db.shared.Skew()
}

// Serving is what all servers of a tenant take part in, see Join.
const Serving = "serving"

// Lag is how old what a server remembers of a shared store may be when it begins with a
// request.
const Lag = 250 * time.Millisecond

// Spread waits until every server knows what was kept before the call. There is nothing to
// wait for where no other server has the store.
func (db *DB) Spread() error {
	alone, err := db.Join(Serving)
	if err != nil || alone {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), Lag+Lag/2)
	defer cancel()
	<-ctx.Done()
	return nil
}

// clockKey is where the store keeps how the tenant's clock was moved.
var clockKey = []byte("clock")

// Clock returns how the tenant's clock was moved, as PutClock was given it, nil for not at
// all. Resets and snapshots leave it.
func (tx *Tx) Clock() ([]byte, error) { return tx.kv.Get(clockKey) }

// PutClock keeps how the tenant's clock was moved.
func (tx *Tx) PutClock(state []byte) error { return tx.kv.Put(clockKey, state) }
