package storage

import (
	"slices"
	"strings"
)

// Try runs fn in a transaction whose writes nobody else sees and nothing keeps: fn
// reads the state of one moment and what it wrote over it. It does not take the place
// of the one writer, so it is for finding out what an update would do. As in View, fn
// must not wait for an update.
func (db *DB) Try(fn func(*Tx) error) error {
	return db.engine.View(func(kv KV) error { return fn(newTx(newOverlay(kv), nil)) })
}

func newOverlay(under KV) *overlay { return &overlay{under: under, written: map[string][]byte{}} }

// overlay is a key space with writes in memory over one that is only read.
type overlay struct {
	under   KV
	written map[string][]byte // nil for a key that was deleted
	keys    []string          // those of written, in order
}

func (o *overlay) Get(key []byte) ([]byte, error) {
	if value, ok := o.written[string(key)]; ok {
		return value, nil
	}
	return o.under.Get(key)
}

func (o *overlay) Put(key, value []byte) error {
	o.write(key, append([]byte{}, value...))
	return nil
}

func (o *overlay) Delete(key []byte) error {
	o.write(key, nil)
	return nil
}

func (o *overlay) write(key []byte, value []byte) {
	if at, found := slices.BinarySearch(o.keys, string(key)); !found {
		o.keys = slices.Insert(o.keys, at, string(key))
	}
	o.written[string(key)] = value
}

func (o *overlay) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	ours := o.between(from, to)
	return o.merge(o.under.Scan, from, to, ours, strings.Compare, fn)
}

func (o *overlay) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	ours := slices.Clone(o.between(from, to))
	slices.Reverse(ours)
	return o.merge(o.under.ScanBack, from, to, ours, func(a, b string) int { return strings.Compare(b, a) }, fn)
}

// between are the written keys in [from, to).
func (o *overlay) between(from, to []byte) []string {
	start, _ := slices.BinarySearch(o.keys, string(from))
	end, _ := slices.BinarySearch(o.keys, string(to))
	return o.keys[start:max(start, end)]
}

// merge calls fn with the keys of both key spaces in the order of scan, which is that of
// ours and compare too. What is written hides what is under it.
func (o *overlay) merge(
	scan func(from, to []byte, fn func(key, value []byte) bool) error, from, to []byte,
	ours []string, compare func(a, b string) int, fn func(key, value []byte) bool,
) error {
	goOn := true
	ownNext := func() {
		key := ours[0]
		ours = ours[1:]
		if value := o.written[key]; value != nil {
			goOn = fn([]byte(key), value)
		}
	}
	err := scan(from, to, func(key, value []byte) bool {
		for goOn && len(ours) > 0 && compare(ours[0], string(key)) < 0 {
			ownNext()
		}
		switch {
		case !goOn:
		case len(ours) > 0 && ours[0] == string(key):
			ownNext()
		default:
			goOn = fn(key, value)
		}
		return goOn
	})
	for err == nil && goOn && len(ours) > 0 {
		ownNext()
	}
	return err
}
