// Package keyspace defines ordered key spaces and the engines that store them, and contains
// operations on key spaces that do not depend on their contents. It knows no records; package
// storage defines those.
package keyspace

import (
	"context"
	"errors"
)

var (
	// ErrClosed reports that the engine was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrNoClone reports that an engine is not a Cloner.
	ErrNoClone = errors.New("this engine makes no clones")
	// ErrDamaged reports that the stored data of an engine is damaged.
	ErrDamaged = errors.New("the data is damaged")
)

// KV is one transaction over an ordered key space. Slices it hands out are
// valid until the transaction ends and must not be changed.
type KV interface {
	// Get returns the value at key, or nil if there is none.
	Get(key []byte) ([]byte, error)
	// Put writes value at key.
	Put(key, value []byte) error
	// Delete removes key; it is not an error if the key does not exist.
	Delete(key []byte) error
	// Scan calls fn for every key in [from, to) in ascending order until fn
	// returns false. fn must not use the transaction.
	Scan(from, to []byte, fn func(key, value []byte) bool) error
	// ScanBack is Scan in descending order.
	ScanBack(from, to []byte, fn func(key, value []byte) bool) error
}

// Engine stores an ordered key space in memory, on a disk or in a database. Its errors wrap
// ErrClosed after Close, and ErrDamaged if its data is damaged. If the context of a transaction ends
// before its function has begun, the function is not run and the error is that of the context; after
// that, the engine does not check the context.
type Engine interface {
	// View runs fn in a read-only transaction that sees one state throughout. fn must not wait for
	// an update, since updates may have to wait for views.
	View(ctx context.Context, fn func(KV) error) error
	// Update runs fn in a write transaction. If fn returns nil and Update does too, the writes of fn
	// are kept; if fn returns an error or panics, none is. Updates do not overlap: each sees the
	// writes of all earlier ones. An engine may run fn more than once and keep the writes of the
	// last run.
	Update(ctx context.Context, fn func(KV) error) error
	// Close waits for running transactions and closes the engine. Closing it again is not an error.
	Close() error
}

// Cloner is an Engine that can be cloned without copying its data.
type Cloner interface {
	Engine
	// Clone returns an engine with the current contents of this one. Later writes to either of them
	// do not appear in the other.
	Clone() (Engine, error)
}

// Releaser is an Engine that can release memory which it holds for speed, until it is needed again.
type Releaser interface {
	Engine
	Release() error
}
