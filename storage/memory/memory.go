// Package memory keeps the ordered key space of package storage in memory, for tenants
// that need not outlive their process. It owns the one writer and the states that readers
// see; it knows nothing of what the keys and values mean.
package memory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/tidwall/btree"

	"github.com/tenant0/tenant0/storage"
)

// tree is one state of the key space. A copy costs as much as a pointer: the trees share
// their pages until one of them writes.
type tree = btree.Map[string, []byte]

// degree is half the entries of a page. A transaction copies the pages that it writes to, of which a
// login has many with few entries in each: small ones cost it less, and reads hardly more.
const degree = 8

func newTree() *tree { return btree.NewMap[string, []byte](degree) }

// DB is a key space in memory. It implements storage.Engine and storage.Cloner.
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
	db.state.Store(newTree())
	return db
}

// Clone implements storage.Cloner. The clone costs no more than a pointer: what is the
// same in both is kept once.
func (db *DB) Clone() (storage.Engine, error) {
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

// enter begins a transaction, or returns an error that wraps storage.ErrClosed.
func (db *DB) enter() error {
	db.open.RLock()
	if db.closed {
		db.open.RUnlock()
		return fmt.Errorf("data in memory: %w", storage.ErrClosed)
	}
	return nil
}

// View implements storage.Engine.
func (db *DB) View(ctx context.Context, fn func(storage.KV) error) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.open.RUnlock()
	return storage.While(ctx, fn)(&kv{tree: db.state.Load(), readOnly: true})
}

// Update implements storage.Engine. It writes to a copy, which readers see once fn has
// returned nil.
func (db *DB) Update(ctx context.Context, fn func(storage.KV) error) error {
	if err := db.enter(); err != nil {
		return err
	}
	defer db.open.RUnlock()
	db.writer.Lock()
	defer db.writer.Unlock()
	k := &kv{tree: db.state.Load().Copy()}
	if err := storage.Run(storage.While(ctx, fn), k); err != nil {
		return err
	}
	db.state.Store(k.tree)
	return nil
}

// Close implements storage.Engine. What was kept is gone.
func (db *DB) Close() error {
	db.open.Lock()
	defer db.open.Unlock()
	db.closed = true
	db.state.Store(newTree())
	return nil
}

var errReadOnly = errors.New("a view cannot write")

// kv is one transaction.
type kv struct {
	tree     *tree
	readOnly bool
}

func (k *kv) Get(key []byte) ([]byte, error) {
	value, _ := k.tree.Get(string(key))
	return value, nil
}

func (k *kv) Put(key, value []byte) error {
	if k.readOnly {
		return errReadOnly
	}
	k.tree.Set(string(key), append([]byte{}, value...)) // an empty value is not nil
	return nil
}

func (k *kv) Delete(key []byte) error {
	if k.readOnly {
		return errReadOnly
	}
	k.tree.Delete(string(key))
	return nil
}

func (k *kv) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	end := string(to)
	k.tree.Ascend(string(from), func(key string, value []byte) bool {
		return key < end && fn([]byte(key), value)
	})
	return nil
}

func (k *kv) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	start := string(from)
	k.tree.Descend(string(to), func(key string, value []byte) bool {
		if key >= string(to) {
			return true // the end itself is not part of the range
		}
		return key >= start && fn([]byte(key), value)
	})
	return nil
}

var _ storage.Engine = (*DB)(nil)
