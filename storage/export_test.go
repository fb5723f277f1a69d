package storage

import "github.com/tenant0/tenant0/storage/keyspace"

// OpenWith is Open with other migration steps between the formats.
func OpenWith(engine keyspace.Engine, steps []func(keyspace.KV) error) (*DB, error) {
	return open(engine, steps)
}

// Clone returns the copy of a transaction on which a change works.
func (t Transaction) Clone() Transaction { return t.clone() }
