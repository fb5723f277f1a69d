package storage

import (
	"context"
	"time"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Shared reports whether other processes may have the store open as well, so that this
// process's memory of it may be out of date.
func (db *DB) Shared() bool { return db.shared != nil }

// AcquireLease reports whether this process holds the lease with a name, see keyspace.Shared. For
// a store that no other process can open it is always true.
func (db *DB) AcquireLease(name string) (bool, error) {
	if db.shared == nil {
		return true, nil
	}
	return db.shared.AcquireLease(name)
}

// RunExclusive runs fn while no other process runs a function under the same name.
func (db *DB) RunExclusive(name string, fn func() error) error {
	if db.shared == nil {
		return fn()
	}
	return db.shared.RunExclusive(name, fn)
}

// Join says that this process takes part in the activity with a name, and reports whether
// it is the only one.
func (db *DB) Join(name string) (alone bool, err error) {
	if db.shared == nil {
		return true, nil
	}
	return db.shared.Join(name)
}

// Release gives up what AcquireLease and Join have taken under a name.
func (db *DB) Release(name string) {
	if db.shared != nil {
		db.shared.Release(name)
	}
}

// Skew is how far the clock that all processes share is ahead of this machine's.
func (db *DB) Skew() time.Duration {
	if db.shared == nil {
		return 0
	}
	return db.shared.Skew()
}

// Serving is the activity that all servers of a tenant join, see Join.
const Serving = "serving"

// Spread waits until every server knows all changes made before the call. If no other
// server has the store open, it returns at once.
func (db *DB) Spread() error {
	alone, err := db.Join(Serving)
	if err != nil || alone {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), keyspace.Lag+keyspace.Lag/2)
	defer cancel()
	<-ctx.Done()
	return nil
}

// clockKey is the key of the tenant's clock settings.
var clockKey = []byte("clock")

// Clock returns how the tenant's clock was moved, in the form given to PutClock, nil if it
// was not moved. Resets and snapshots do not change it.
func (tx *Tx) Clock() ([]byte, error) { return tx.kv().Get(clockKey) }

// PutClock stores how the tenant's clock was moved.
func (tx *Tx) PutClock(state []byte) error { return tx.kv().Put(clockKey, state) }
