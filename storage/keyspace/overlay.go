package keyspace

import (
	"iter"
	"strings"

	"github.com/tidwall/btree"
)

// NewOverlay returns an Overlay over a key space, which it only reads.
func NewOverlay(under KV) *Overlay { return &Overlay{under: under} }

// Overlay is a key space that keeps its writes in memory, over another that it only reads.
type Overlay struct {
	under   KV
	written btree.Map[string, []byte] // nil for a key that was deleted
}

// Written yields the writes in the order of their keys; a nil value means that the key was
// deleted.
func (o *Overlay) Written() iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		o.written.Scan(func(key string, value []byte) bool { return yield([]byte(key), value) })
	}
}

// Len is the number of keys that were written.
func (o *Overlay) Len() int { return o.written.Len() }

// Apply repeats all writes of another overlay.
func (o *Overlay) Apply(other *Overlay) {
	other.written.Scan(func(key string, value []byte) bool {
		o.written.Set(key, value)
		return true
	})
}

// Get implements KV.
func (o *Overlay) Get(key []byte) ([]byte, error) {
	if value, ok := o.written.Get(string(key)); ok {
		return value, nil
	}
	return o.under.Get(key)
}

// Put implements KV.
func (o *Overlay) Put(key, value []byte) error {
	o.written.Set(string(key), append([]byte{}, value...))
	return nil
}

// Delete implements KV.
func (o *Overlay) Delete(key []byte) error {
	o.written.Set(string(key), nil)
	return nil
}

// Scan implements KV.
func (o *Overlay) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	ours := cursor{iter: o.written.Iter(), end: string(to)}
	ours.step, ours.there = ours.iter.Next, ours.iter.Seek(string(from))
	ours.within = func(key string) bool { return key < ours.end }
	return ours.merge(o.under.Scan, from, to, strings.Compare, fn)
}

// ScanBack implements KV.
func (o *Overlay) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	ours := cursor{iter: o.written.Iter(), end: string(from)}
	ours.step = ours.iter.Prev
	if ours.iter.Seek(string(to)) { // the first key after the range
		ours.there = ours.iter.Prev()
	} else {
		ours.there = ours.iter.Last()
	}
	ours.within = func(key string) bool { return key >= ours.end }
	return ours.merge(o.under.ScanBack, from, to, func(a, b string) int { return strings.Compare(b, a) }, fn)
}

// cursor visits the written keys of a range, in one direction.
type cursor struct {
	iter   btree.MapIter[string, []byte]
	step   func() bool
	there  bool // at a key
	end    string
	within func(key string) bool
}

// more reports whether the cursor is at a key of the range.
func (c *cursor) more() bool { return c.there && c.within(c.iter.Key()) }

// merge calls fn with the keys of both key spaces in the order of scan, which cursor and
// compare must follow as well. Written keys hide the same keys of the key space below.
func (c *cursor) merge(
	scan func(from, to []byte, fn func(key, value []byte) bool) error, from, to []byte,
	compare func(a, b string) int, fn func(key, value []byte) bool,
) error {
	goOn := true
	ownNext := func() {
		key, value := c.iter.Key(), c.iter.Value()
		c.there = c.step()
		if value != nil {
			goOn = fn([]byte(key), value)
		}
	}
	err := scan(from, to, func(key, value []byte) bool {
		for goOn && c.more() && compare(c.iter.Key(), string(key)) < 0 {
			ownNext()
		}
		switch {
		case !goOn:
		case c.more() && c.iter.Key() == string(key):
			ownNext()
		default:
			goOn = fn(key, value)
		}
		return goOn
	})
	for err == nil && goOn && c.more() {
		ownNext()
	}
	return err
}
