package keyspace

import (
	"context"
)

// Strict returns an engine over another that promises no more than every engine can. It
// runs the function of an update twice and discards the first run, as a shared database
// does when two updates conflict; and it allows only one cursor, like a single connection
// to a database: reading or writing in a transaction while it is being scanned panics.
// Under test, storage.Open puts Strict around every engine, so that everything that tests
// reach is known to obey these rules.
func Strict(e Engine) Engine { return strict{e} }

type strict struct{ Engine }

// View implements Engine.
func (s strict) View(ctx context.Context, fn func(KV) error) error {
	return s.Engine.View(ctx, func(kv KV) error { return fn(&oneCursor{KV: kv}) })
}

// Update implements Engine.
func (s strict) Update(ctx context.Context, fn func(KV) error) error {
	s.rehearse(ctx, fn)
	return s.Engine.Update(ctx, func(kv KV) error { return fn(&oneCursor{KV: kv}) })
}

// Clone implements Cloner if the engine does.
func (s strict) Clone() (Engine, error) {
	cloner, ok := s.Engine.(Cloner)
	if !ok {
		return nil, ErrNoClone
	}
	return cloner.Clone()
}

// rehearse runs fn without keeping its writes. It ignores errors and panics, which occur
// again in the run that counts.
func (s strict) rehearse(ctx context.Context, fn func(KV) error) {
	defer func() { _ = recover() }()
	_ = s.Engine.View(ctx, func(kv KV) error { return fn(&oneCursor{KV: NewOverlay(kv)}) })
}

// oneCursor is a transaction that panics if it is used while it is being scanned.
type oneCursor struct {
	KV
	scanning bool
}

// free panics while a scan is under way.
func (c *oneCursor) free() {
	if c.scanning {
		panic("a transaction is used within a scan of its own, which not every engine can do")
	}
}

func (c *oneCursor) Get(key []byte) ([]byte, error) {
	c.free()
	return c.KV.Get(key)
}

func (c *oneCursor) Put(key, value []byte) error {
	c.free()
	return c.KV.Put(key, value)
}

func (c *oneCursor) Delete(key []byte) error {
	c.free()
	return c.KV.Delete(key)
}

func (c *oneCursor) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	defer c.begin()()
	return c.KV.Scan(from, to, fn)
}

func (c *oneCursor) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	defer c.begin()()
	return c.KV.ScanBack(from, to, fn)
}

func (c *oneCursor) begin() (end func()) {
	c.free()
	c.scanning = true
	return func() { c.scanning = false }
}
