// Package memory stores the ordered key space of package storage in memory, for tenants
// that need not outlive their process. It provides the one writer and the states that
// readers see; it does not know what the keys and values mean.
package memory

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/tenant0/tenant0/storage/keyspace"
)

type tree = keyspace.Tree

// DB is a key space in memory. It implements keyspace.Engine and keyspace.Cloner.
type DB struct {
	// state is what views read. A published tree is never written to.
	state atomic.Pointer[tree]
	// writer lets updates through one after the other.
	writer sync.Mutex
	// open is held for reading by every transaction, so that Close waits for them.
	open   sync.RWMutex
	closed bool // guarded by open
}

// New returns an empty key space.
func New() *DB {
	db := &DB{}
	db.state.Store(keyspace.NewTree())
	return db
}

// Clone implements keyspace.Cloner. The clone costs no more than a pointer: what is equal
// in both is stored once.
func (db *DB) Clone() (keyspace.Engine, error) {
	if err := db.enter(); err != nil {
		return nil, err
	}
	defer db.open.RUnlock()
	db.writer.Lock() // copying marks both trees
	defer db.writer.Unlock()
	clone := &DB{}
	clone.state.Store(db.state.Load().Copy())
	return clone, nil
}

// enter begins a transaction, or returns an error that wraps keyspace.ErrClosed.
func (db *DB) enter() error {
	db.open.RLock()
	if db.closed {
		db.open.RUnlock()
		return fmt.Errorf("data in memory: %w", keyspace.ErrClosed)
	}
	return nil
}

// View implements keyspace.Engine.
func (db *DB) View(ctx context.Context, fn func(keyspace.KV) error) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.open.RUnlock()
	return keyspace.While(ctx, fn)(keyspace.TreeKV{Tree: db.state.Load(), ReadOnly: true})
}

// Update implements keyspace.Engine. It writes to a copy, which readers see once fn has
// returned nil.
func (db *DB) Update(ctx context.Context, fn func(keyspace.KV) error) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.open.RUnlock()
	db.writer.Lock()
	defer db.writer.Unlock()
	next := db.state.Load().Copy()
	if err := keyspace.Run(keyspace.While(ctx, fn), keyspace.TreeKV{Tree: next}); err != nil {
		return err
	}
	db.state.Store(next)
	return nil
}

// Close implements keyspace.Engine. The data is lost.
func (db *DB) Close() error {
	db.open.Lock()
	defer db.open.Unlock()
	db.closed = true
	db.state.Store(keyspace.NewTree())
	return nil
}

var _ keyspace.Engine = (*DB)(nil)
