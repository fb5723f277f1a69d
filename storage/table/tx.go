package table

import (
	"bytes"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Tx is what the tables of one transaction share.
type Tx struct {
	kv    keyspace.KV
	cache *Cache // nil in a write transaction, whose records the caller may change
	known *Cache // for records that the transaction reads and does not change, nil for none
	// lookups are the cached look-ups of the state that a view sees, nil until it needs them.
	lookups *lookupCache

	wants   func(table, key string) bool // whether to record a change, nil to record none
	changes []Change
}

// Change is a record that a transaction has written or deleted.
type Change struct {
	Table, Key string
	// Before and After are the record as stored, nil if there was or is none.
	Before, After []byte
}

// View begins a read transaction over a key space.
func (tx *Tx) View(kv keyspace.KV, cache *Cache) { *tx = Tx{kv: kv, cache: cache, known: cache} }

// Update begins a write transaction over a key space. The cache may be nil.
func (tx *Tx) Update(kv keyspace.KV, cache *Cache) { *tx = Tx{kv: kv, known: cache} }

// End ends a transaction, which must not be used any more.
func (tx *Tx) End() { *tx = Tx{} }

// KV is the key space of the transaction.
func (tx *Tx) KV() keyspace.KV { return tx.kv }

// Record begins to record the changes of the records that wants selects; nil ends it.
func (tx *Tx) Record(wants func(table, key string) bool) { tx.wants = wants }

// Changes returns the recorded changes, in order.
func (tx *Tx) Changes() []Change { return tx.changes }

// changed records a change of a record.
func (r Records) changed(key string, before, after []byte) {
	if r.tx.wants != nil && r.tx.wants(r.kind.Name, key) {
		r.tx.changes = append(r.tx.changes, Change{r.kind.Name, key, bytes.Clone(before), after})
	}
}
