package keyspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Volatile says which keys of a key space a power cut may destroy.
type Volatile struct {
	// Is reports whether a key is volatile.
	Is func(key []byte) bool
	// Within are the ranges that contain the volatile keys. Only the last may contain other keys
	// too.
	Within []Keys
}

// Divided is an engine on a disk, combined with one in memory for the volatile keys.
type Divided struct {
	Engine
	memory   Engine
	volatile Volatile
}

// Divide combines an engine on a disk with one in memory for the volatile keys, and moves to memory
// the volatile keys that an earlier process has left on the disk. Close closes both engines.
func Divide(engine, memory Engine, volatile Volatile) (*Divided, error) {
	e := &Divided{engine, memory, volatile}
	return e, e.take()
}

// View implements Engine.
func (e *Divided) View(ctx context.Context, fn func(KV) error) error {
	return e.Engine.View(ctx, func(kv KV) error {
		return e.memory.View(ctx, func(volatile KV) error { return fn(divided{kv, volatile, &e.volatile}) })
	})
}

// Update implements Engine. If the engine runs fn again, or fails to keep its other writes, the
// writes of the last run to volatile keys are undone, unless they have been overwritten since.
func (e *Divided) Update(ctx context.Context, fn func(KV) error) error {
	var written []undo
	err := e.Engine.Update(ctx, func(kv KV) error {
		return e.memory.Update(ctx, func(volatile KV) error {
			if err := takeBack(volatile, written); err != nil {
				return err
			}
			run := &undoing{KV: volatile}
			written = nil
			if err := fn(divided{kv, run, &e.volatile}); err != nil {
				return err
			}
			written = run.written
			return nil
		})
	})
	if err != nil && written != nil {
		return errors.Join(err, e.memory.Update(context.WithoutCancel(ctx), func(kv KV) error { return takeBack(kv, written) }))
	}
	return err
}

// UpdateVolatile runs fn in a transaction that can write volatile keys only.
func (e *Divided) UpdateVolatile(ctx context.Context, fn func(KV) error) error {
	return e.Engine.View(ctx, func(kv KV) error {
		return e.memory.Update(ctx, func(volatile KV) error { return fn(divided{readOnly{kv}, volatile, &e.volatile}) })
	})
}

// take moves the volatile keys that an earlier process has left in the engine to memory.
func (e *Divided) take() error {
	var left []Row
	err := e.Engine.View(context.Background(), func(kv KV) error { return e.volatile.collect(kv, &left) })
	if err != nil || len(left) == 0 { // a start that writes nothing need not wait for the disk
		return err
	}
	if err := PutAll(context.Background(), e.memory, left); err != nil {
		return err
	}
	return e.Engine.Update(context.Background(), func(kv KV) error {
		for _, r := range left {
			if err := kv.Delete(r.Key); err != nil {
				return err
			}
		}
		return nil
	})
}

// Close implements Engine. It writes the volatile keys to the engine, for the next process.
func (e *Divided) Close() error {
	var all []Row
	err := e.memory.View(context.Background(), func(kv KV) error { return e.volatile.collect(kv, &all) })
	if err == nil && len(all) > 0 {
		err = PutAll(context.Background(), e.Engine, all)
	}
	if errors.Is(err, ErrClosed) {
		err = nil // it was closed before
	}
	return errors.Join(err, e.memory.Close(), e.Engine.Close())
}

// collect copies the volatile rows of a key space into all.
func (v *Volatile) collect(kv KV, all *[]Row) error {
	*all = nil
	for _, part := range v.Within {
		err := kv.Scan(part.From, part.To, func(key, value []byte) bool {
			if v.Is(key) {
				*all = append(*all, Row{bytes.Clone(key), bytes.Clone(value)})
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// divided is a transaction over both engines.
type divided struct {
	KV       // of the engine
	volatile KV
	which    *Volatile
}

func (d divided) of(key []byte) KV {
	if d.which.Is(key) {
		return d.volatile
	}
	return d.KV
}

// Get implements KV.
func (d divided) Get(key []byte) ([]byte, error) { return d.of(key).Get(key) }

// Put implements KV.
func (d divided) Put(key, value []byte) error { return d.of(key).Put(key, value) }

// Delete implements KV.
func (d divided) Delete(key []byte) error { return d.of(key).Delete(key) }

// Scan implements KV.
func (d divided) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	return d.merge(KV.Scan, from, to, func(a, b []byte) bool { return bytes.Compare(a, b) < 0 }, fn)
}

// ScanBack implements KV.
func (d divided) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	return d.merge(KV.ScanBack, from, to, func(a, b []byte) bool { return bytes.Compare(a, b) > 0 }, fn)
}

type scan = func(kv KV, from, to []byte, fn func(key, value []byte) bool) error

// merge scans one of the two engines, or both if the range may have keys of both, in the order of
// the scan.
func (d divided) merge(scan scan, from, to []byte, before func(a, b []byte) bool, fn func(key, value []byte) bool) error {
	some, all := d.which.in(from, to)
	switch {
	case all:
		return scan(d.volatile, from, to, fn)
	case !some:
		return scan(d.KV, from, to, fn)
	}
	var own []Row
	err := scan(d.volatile, from, to, func(key, value []byte) bool {
		own = append(own, Row{bytes.Clone(key), value})
		return true
	})
	if err != nil {
		return err
	}
	more := true
	next := func() {
		r := own[0]
		own = own[1:]
		more = fn(r.Key, r.Value)
	}
	err = scan(d.KV, from, to, func(key, value []byte) bool {
		for more && len(own) > 0 && before(own[0].Key, key) {
			next()
		}
		more = more && fn(key, value)
		return more
	})
	for err == nil && more && len(own) > 0 {
		next()
	}
	return err
}

// in reports whether a range of keys may contain volatile keys, and whether all of its keys are
// volatile.
func (v *Volatile) in(from, to []byte) (some, all bool) {
	for i, part := range v.Within {
		if bytes.Compare(from, part.To) >= 0 || to != nil && bytes.Compare(part.From, to) >= 0 {
			continue
		}
		within := to != nil && bytes.Compare(from, part.From) >= 0 && bytes.Compare(to, part.To) <= 0
		return true, within && i < len(v.Within)-1
	}
	return false, false
}

// undo is a write that can be undone; a nil value means that the key did or does not exist.
type undo struct{ key, before, after []byte }

// undoing is a write transaction that remembers the values that it replaces.
type undoing struct {
	KV
	written []undo
}

func (u *undoing) remember(key, after []byte) error {
	before, err := u.Get(key)
	u.written = append(u.written, undo{bytes.Clone(key), bytes.Clone(before), bytes.Clone(after)})
	return err
}

// Put implements KV.
func (u *undoing) Put(key, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	if err := u.remember(key, value); err != nil {
		return err
	}
	return u.KV.Put(key, value)
}

// Delete implements KV.
func (u *undoing) Delete(key []byte) error {
	if err := u.remember(key, nil); err != nil {
		return err
	}
	return u.KV.Delete(key)
}

// takeBack undoes writes, the last one first. A key whose value has changed since the write keeps
// its new value, because that update has already seen the write.
func takeBack(kv KV, written []undo) error {
	for _, w := range slices.Backward(written) {
		now, err := kv.Get(w.key)
		if err != nil {
			return err
		}
		if (now == nil) != (w.after == nil) || !bytes.Equal(now, w.after) {
			continue
		}
		if w.before == nil {
			err = kv.Delete(w.key)
		} else {
			err = kv.Put(w.key, w.before)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// errDurable reports a write to a key that is not volatile in UpdateVolatile.
var errDurable = errors.New("only volatile records can be written here")

// readOnly is a transaction whose writes fail.
type readOnly struct{ KV }

// Put implements KV.
func (readOnly) Put(key, _ []byte) error { return fmt.Errorf("%q: %w", key, errDurable) }

// Delete implements KV.
func (readOnly) Delete(key []byte) error { return fmt.Errorf("%q: %w", key, errDurable) }
