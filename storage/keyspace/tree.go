package keyspace

import (
	"errors"
	"unsafe"

	"github.com/tidwall/btree"
)

// Tree is one state of a key space in memory. A copy costs no more than a pointer: the trees share
// their pages until one of them writes to them. A tree that others may read is never written to.
type Tree = btree.Map[string, []byte]

// degree is half of the most entries in a page. A transaction copies the pages that it writes to. A
// login writes to many pages, a few entries in each, so small pages make it cheaper; reads take
// hardly longer.
const degree = 8

// NewTree returns an empty tree.
func NewTree() *Tree { return btree.NewMap[string, []byte](degree) }

// TreeKV is a transaction over a tree. Its writes change the tree immediately.
type TreeKV struct {
	Tree     *Tree
	ReadOnly bool
}

var errReadOnly = errors.New("a view cannot write")

// text and raw convert the keys of transactions to those of trees and back without a copy, which a scan would
// make of each entry. Neither side changes them.
func text(key []byte) string { return unsafe.String(unsafe.SliceData(key), len(key)) } //nolint:gosec // as said
func raw(key string) []byte  { return unsafe.Slice(unsafe.StringData(key), len(key)) } //nolint:gosec // as said

// Get implements KV.
func (k TreeKV) Get(key []byte) ([]byte, error) {
	value, _ := k.Tree.Get(text(key))
	return value, nil
}

// Put implements KV.
func (k TreeKV) Put(key, value []byte) error {
	if k.ReadOnly {
		return errReadOnly
	}
	k.Tree.Set(string(key), append([]byte{}, value...)) // an empty value is not nil
	return nil
}

// Delete implements KV.
func (k TreeKV) Delete(key []byte) error {
	if k.ReadOnly {
		return errReadOnly
	}
	k.Tree.Delete(text(key))
	return nil
}

// Scan implements KV.
func (k TreeKV) Scan(from, to []byte, fn func(key, value []byte) bool) error {
	end := text(to)
	k.Tree.Ascend(text(from), func(key string, value []byte) bool {
		return key < end && fn(raw(key), value)
	})
	return nil
}

// ScanBack implements KV.
func (k TreeKV) ScanBack(from, to []byte, fn func(key, value []byte) bool) error {
	start, end := text(from), text(to)
	k.Tree.Descend(end, func(key string, value []byte) bool {
		if key >= end {
			return true // the end itself is not part of the range
		}
		return key >= start && fn(raw(key), value)
	})
	return nil
}
