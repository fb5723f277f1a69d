package storage

// OpenWith is Open with other steps between the formats.
func OpenWith(engine Engine, steps []func(KV) error) (*DB, error) { return open(engine, steps) }

// Clone is the copy of a transaction that a change works on.
func (t Transaction) Clone() Transaction { return t.clone() }
