// Package keyspace is ordered key spaces and transactions over them: what an engine is, and what is
// done to key spaces whatever is kept in them. It knows no records; those are package storage's.
package keyspace

import (
	"context"
	"errors"
)

var (
	// ErrClosed reports an engine that was closed.
	ErrClosed = errors.New("the store is closed")
	// ErrNoClone reports an engine that is no Cloner.
	ErrNoClone = errors.New("this engine makes no clones")
	// ErrDamaged reports that an engine cannot make sense of what it keeps.
	ErrDamaged = errors.New("the data is damaged")
)

// KV is one transaction over an ordered key space. Slices it hands out are
// valid until the transaction ends and must not be changed.
type KV interface {
	// Get returns the value at key, or nil when there is none.
	Get(key []byte) ([]byte, error)
	// Put writes value at key.
	Put(key, value []byte) error
	// Delete removes key; a key that is not there is no error.
	Delete(key []byte) error
	// Scan calls fn for every key in [from, to) in ascending order until fn
	// returns false. fn must not use the transaction.
	Scan(from, to []byte, fn func(key, value []byte) bool) error
	// ScanBack is Scan in descending order.
	ScanBack(from, to []byte, fn func(key, value []byte) bool) error
}

// Engine keeps an ordered key space in memory, on a disk or in a database. Its errors wrap ErrClosed
// after Close, and ErrDamaged where what it keeps is damaged. When the context of a transaction
// ends before its function has begun, the function is not run and the error is the context's;
// once it has begun, the engine does not look at the context any more.
type Engine interface {
	// View runs fn in a read-only transaction that sees one state throughout. fn
	// must not wait for an update: that may have to wait for the views.
	View(ctx context.Context, fn func(KV) error) error
	// Update runs fn in a write transaction. When it returns nil, what fn wrote
	// is kept for good; when fn returns an error or panics, nothing of it is.
	// Update calls do not overlap: each sees all that earlier ones wrote. An engine may
	// run fn more than once and keep what the last run wrote.
	Update(ctx context.Context, fn func(KV) error) error
	// Close waits for running transactions and ends the engine. Closing it again is no
	// error.
	Close() error
}

// Cloner is an Engine that can be copied at once, whatever it holds.
type Cloner interface {
	Engine
	// Clone returns an engine that holds what this one holds now. What either of them
	// writes later is not in the other.
	Clone() (Engine, error)
}

// Releaser is an Engine that can do without memory that it holds to be quick, until that is needed
// again.
type Releaser interface {
	Engine
	Release() error
}
