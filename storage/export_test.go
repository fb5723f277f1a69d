package storage

import (
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/table"
)

// OpenWith is Open with other migration steps between the formats.
func OpenWith(engine keyspace.Engine, steps []func(keyspace.KV) error) (*DB, error) {
	return open(engine, steps)
}

// Clone returns the copy of a transaction on which a change works.
func (t Transaction) Clone() Transaction { return t.clone() }

// PartlyDecoded are the kinds with IndexedMembers by name.
var PartlyDecoded = map[string]Filled{
	codes.Name: filled(codes), refreshTokens.Name: filled(refreshTokens), sessions.Name: filled(sessions), transactions.Name: filled(transactions),
}

// Filled writes a record of a kind, which fill has filled, and deletes it.
type Filled struct {
	Put    func(tx *Tx, fill func(record any)) (key string, err error)
	Delete func(tx *Tx, key string) error
}

func filled[T any](k table.KindOf[T]) Filled {
	return Filled{
		Put: func(tx *Tx, fill func(record any)) (string, error) {
			record := new(T)
			fill(record)
			return k.KeyOf(*record), table.New(&tx.shared, k).Put(*record)
		},
		Delete: func(tx *Tx, key string) error { return tx.records(k.Kind).Delete(key) },
	}
}
