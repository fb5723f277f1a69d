package storage

// OpenWith is Open with other steps between the formats.
func OpenWith(engine Engine, steps []func(KV) error) (*DB, error) { return open(engine, steps) }

// Overlay returns a key space with writes in memory over one that is only read.
func Overlay(under KV) KV { return newOverlay(under) }
