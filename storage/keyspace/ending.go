package keyspace

import (
	"cmp"
	"context"
)

// Ending is a key space whose reads fail with the error of a context that has ended.
func Ending(ctx context.Context, kv KV) KV { return endingKV{kv, ctx} }

// endingKV is a KV whose reads end with a context: whoever asked has left.
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
	return k.while(fn, func(fn func(key, value []byte) bool) error { return k.KV.Scan(from, to, fn) })
}

// ScanBack implements KV.
func (k endingKV) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	return k.while(fn, func(fn func(key, value []byte) bool) error { return k.KV.ScanBack(from, to, fn) })
}

func (k endingKV) while(fn func(key, value []byte) bool, scan func(func(key, value []byte) bool) error) error {
	const often = 64 // a step of a scan takes no time, and most scans have few
	var ended error
	n := 0
	err := scan(func(key, value []byte) bool {
		if n%often == 0 {
			ended = k.ctx.Err()
		}
		n++
		return ended == nil && fn(key, value)
	})
	return cmp.Or(err, ended)
}
