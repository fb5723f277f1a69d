package storage

import (
	"context"
	"time"
)

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
