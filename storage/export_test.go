package storage

// OpenWith is Open with other steps between the formats.
func OpenWith(engine Engine, steps []func(KV) error) (*DB, error) { return open(engine, steps) }
