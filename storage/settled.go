package storage

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"sync"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Settled kinds are those that requests read all the time and that are written seldom: applications,
// connections, APIs, the tenant's settings and the like. What views have found of them is remembered
// with the mark of the state that they have found it in, a text that no other state has: each update
// that writes to one of their tables, whatever it does, leaves a new mark, which is kept with what it
// has written. So a view has to read one key, the mark, to know that what is remembered is what it
// would find: a change is seen by the first view that sees its state, also one of another process or
// one that a snapshot brings back, and what a view has found is of one state.

// settledKey is where the mark is.
var settledKey = []byte("settled")

// isSettled reports whether a key is a row or an index entry of a settled kind.
func isSettled(key []byte) bool {
	const partLength = len("t/")
	if len(key) < partLength {
		return false
	}
	if part := string(key[:partLength]); part != "t/" && part != "i/" {
		return false
	}
	name, _, named := bytes.Cut(key[partLength:], []byte{0})
	return named && settledTables[string(name)]
}

// settledTables are the tables of settled kinds.
var settledTables = map[string]bool{}

// marking is an engine whose updates leave a new mark where they write to settled tables.
type marking struct{ keyspace.Engine }

// Update implements keyspace.Engine.
func (m marking) Update(ctx context.Context, fn func(keyspace.KV) error) error {
	return m.Engine.Update(ctx, func(kv keyspace.KV) error { return fn(&markingKV{KV: kv}) })
}

// Clone implements keyspace.Cloner for engines that do.
func (m marking) Clone() (keyspace.Engine, error) {
	cloner, ok := m.Engine.(keyspace.Cloner)
	if !ok {
		return nil, keyspace.ErrNoClone
	}
	return cloner.Clone()
}

type markingKV struct {
	keyspace.KV
	marked bool
}

func (k *markingKV) mark(key []byte) error {
	if k.marked || !isSettled(key) {
		return nil
	}
	k.marked = true
	return k.KV.Put(settledKey, []byte(rand.Text()))
}

// Put implements keyspace.KV.
func (k *markingKV) Put(key, value []byte) error {
	if err := k.mark(key); err != nil {
		return err
	}
	return k.KV.Put(key, value)
}

// Delete implements keyspace.KV.
func (k *markingKV) Delete(key []byte) error {
	if err := k.mark(key); err != nil {
		return err
	}
	return k.KV.Delete(key)
}

// findings are what views have found of settled kinds in the state with a mark.
type findings struct {
	mark string
	mu   sync.RWMutex
	of   map[question]finding
}

// question is what was looked for: a key, or the first record that a value of an index leads to, or all
// of them.
type question struct {
	kind      *kind
	ix, value string
	all       bool
}

// finding is what there was: records, or that there is none.
type finding struct {
	records []any
	missing error
}

// Bounds of what is remembered: past maxFindings it begins anew, and neither lists of more than maxFound
// records are remembered nor documents of more than maxFoundBytes.
const (
	maxFindings   = 4096
	maxFound      = 64
	maxFoundBytes = 128 << 10
)

func (f *findings) get(q question) (found finding, known bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	found, known = f.of[q]
	return found, known
}

func (f *findings) keep(q question, found finding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil || len(f.of) >= maxFindings {
		f.of = map[question]finding{}
	}
	f.of[q] = found
}

// settled are the findings of the state that the transaction sees. There are none where it writes, or
// looks for what is not settled: is says so.
func (r records) settled() (f *findings, is bool, err error) {
	if r.tx.memos == nil || !r.kind.settled {
		return nil, false, nil
	}
	if r.tx.findings == nil {
		mark, err := r.tx.kv.Get(settledKey)
		if err != nil {
			return nil, false, err
		}
		r.tx.findings = r.tx.memos.findingsAt(mark)
	}
	return r.tx.findings, true, nil
}

// findingsAt are those of the state with a mark. A view of an older state has some of its own.
func (m *memos) findingsAt(mark []byte) *findings {
	known := m.settled.Load()
	if known != nil && known.mark == string(mark) {
		return known
	}
	next := &findings{mark: string(mark)}
	m.settled.CompareAndSwap(known, next)
	return next
}

// remembered is what look finds, from what is remembered where the kind is settled.
func (r records) remembered(ix, value string, look func() (any, error)) (any, error) {
	f, is, err := r.settled()
	if err != nil {
		return nil, err
	}
	if !is {
		return look()
	}
	q := question{r.kind, ix, value, false}
	found, known := f.get(q)
	if !known {
		v, err := look()
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		found = finding{[]any{v}, err}
		if e, is := v.(*Entry); !is || len(e.Document) <= maxFoundBytes {
			f.keep(q, found)
		}
	}
	return found.records[0], found.missing
}

// rememberedAll is remembered for all that an index leads to. Those of a list that was not read to its
// end are not remembered, and neither are those of documents, of which a value may lead to many.
func (r records) rememberedAll(ix, value string, all iter.Seq2[any, error]) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		f, is, err := r.settled()
		switch {
		case err != nil:
			yield(nil, err)
			return
		case !is || !r.kind.remember:
			all(yield)
			return
		}
		q := question{r.kind, ix, value, true}
		if found, known := f.get(q); known {
			found.all(yield)
			return
		}
		f.keeping(q, all)(yield)
	}
}

// all yields the records.
func (f finding) all(yield func(any, error) bool) {
	for _, v := range f.records {
		if !yield(v, nil) {
			return
		}
	}
}

// keeping is all, which it keeps once it was read to its end.
func (f *findings) keeping(q question, all iter.Seq2[any, error]) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		var found finding
		for v, err := range all {
			if !yield(v, err) || err != nil {
				return
			}
			found.records = append(found.records, v)
		}
		if len(found.records) <= maxFound {
			f.keep(q, found)
		}
	}
}
