package storage

import "github.com/tenant0/tenant0/storage/keyspace"

// OpenWith is Open with other steps between the formats.
func OpenWith(engine keyspace.Engine, steps []func(keyspace.KV) error) (*DB, error) {
	return open(engine, steps)
}

// Clone is the copy of a transaction that a change works on.
func (t Transaction) Clone() Transaction { return t.clone() }
