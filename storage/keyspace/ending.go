package keyspace

import (
	"cmp"
	"context"
)

// Ending returns a key space whose reads fail with ctx's error once ctx has ended.
func Ending(ctx context.Context, kv KV) KV { return endingKV{kv, ctx} }

// endingKV is a KV whose reads fail once a context has ended, because nobody waits
// for the result.
type endingKV struct {
	KV
	ctx context.Context //nolint:containedctx // it lasts as long as the transaction
}

// Get implements KV.
func (k endingKV) Get(key []byte) ([]byte, error) {
	if err := k.ctx.Err(); err != nil {
		return nil, err
	}
	return k.KV.Get(key)
}

// Scan implements KV.
func (k endingKV) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	steps := &endingScan{ctx: k.ctx, fn: fn}
	return cmp.Or(k.KV.Scan(from, to, steps.next), steps.ended)
}

// ScanBack implements KV.
func (k endingKV) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	steps := &endingScan{ctx: k.ctx, fn: fn}
	return cmp.Or(k.KV.ScanBack(from, to, steps.next), steps.ended)
}

// endingScan stops a scan when a context ends.
type endingScan struct {
	ctx   context.Context //nolint:containedctx // it lasts as long as the scan
	fn    func(key, value []byte) bool
	n     int
	ended error
}

func (s *endingScan) next(key, value []byte) bool {
	const often = 64 // checking the context costs more than a step, and most scans have few steps
	if s.n%often == 0 {
		s.ended = s.ctx.Err()
	}
	s.n++
	return s.ended == nil && s.fn(key, value)
}
