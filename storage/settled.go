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

// Settled kinds are read all the time and written seldom: applications, connections, APIs, the tenant's
// settings and the like. What views have found of them is remembered together with a mark, a random text
// that identifies the state in which it was found: each update that writes to one of these tables
// replaces the mark in the same transaction. So a view only has to read the mark to know whether the
// remembered findings are valid. Every change is seen by the first view after it, including changes by
// another process and by restoring a snapshot, and all that a view finds belongs to one state.

// settledKey is the key of the mark.
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

// marking is an engine whose updates replace the mark if they write to settled tables.
type marking struct{ keyspace.Engine }

// Update implements keyspace.Engine.
func (m marking) Update(ctx context.Context, fn func(keyspace.KV) error) error {
	return m.Engine.Update(ctx, func(kv keyspace.KV) error { return fn(&markingKV{KV: kv}) })
}

// Clone implements keyspace.Cloner if the engine does.
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

// findings are what views have found of settled kinds in the state with this mark.
type findings struct {
	mark string
	mu   sync.RWMutex
	of   map[question]finding
}

// question is what was looked for: a key, or the first record with a value of an index, or all records
// with that value.
type question struct {
	kind      *kind
	ix, value string
	all       bool
}

// finding is the answer to a question: records, or the error that there is none.
type finding struct {
	records []any
	missing error
}

// Bounds of what is remembered: after maxFindings all are forgotten, and results of more than maxFound
// records are not remembered, nor are documents of more than maxFoundBytes.
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

// settled returns the findings of the state that the transaction sees. The second result is false if there
// are none, because the transaction writes or the kind is not settled.
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

// findingsAt returns the findings with a mark. A view of an older state gets findings of its own.
func (m *memos) findingsAt(mark []byte) *findings {
	known := m.settled.Load()
	if known != nil && known.mark == string(mark) {
		return known
	}
	next := &findings{mark: string(mark)}
	m.settled.CompareAndSwap(known, next)
	return next
}

// remembered returns what look finds; for a settled kind it calls look only if the result is not
// remembered.
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

// rememberedAll is remembered for all records with a value of an index. A sequence that was not read to
// its end is not remembered, nor are documents, of which there may be many for one value.
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

// keeping yields all, and remembers the records once they were read to the end.
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
