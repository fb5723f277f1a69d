package table

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"sync"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Applications, connections, APIs, the tenant's settings and the like are read all the time and written
// seldom. For such kinds (Spec.CacheLookups) the results of look-ups are kept in memory, together with a
// mark: a random text that identifies the state in which they were read. Each update that writes to one of
// their tables replaces the mark in the same transaction. So a view only has to read the mark to know
// whether the results are still valid. Every change is seen by the first view after it, including changes
// by another process and by restoring a snapshot, and all results of a view belong to one state.

// lookupMarkKey is the key of the mark. Its text is part of the data format.
var lookupMarkKey = []byte("settled")

// hasCachedLookups reports whether a key is a row or an index entry of a kind with cached look-ups.
func hasCachedLookups(key []byte) bool {
	const partLength = len("t/")
	if len(key) < partLength {
		return false
	}
	if part := string(key[:partLength]); part != "t/" && part != "i/" {
		return false
	}
	name, _, named := bytes.Cut(key[partLength:], []byte{0})
	return named && tablesWithCachedLookups[string(name)]
}

// tablesWithCachedLookups are the tables of kinds with cached look-ups, by name.
var tablesWithCachedLookups = map[string]bool{}

// Marking returns an engine whose updates keep the mark of an engine, as every engine below tables must.
func Marking(engine keyspace.Engine) keyspace.Engine { return marking{engine} }

// marking is an engine whose updates replace the mark if they write to one of tablesWithCachedLookups.
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
	if k.marked || !hasCachedLookups(key) {
		return nil
	}
	k.marked = true
	return k.KV.Put(lookupMarkKey, []byte(rand.Text()))
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

// lookupCache holds the results of the look-ups of views that read the state with this mark.
type lookupCache struct {
	mark    string
	mu      sync.RWMutex
	results map[lookup]lookupResult
}

// lookup is what a view asked for: the record with a key, the first record with a value of an index, or
// all records with that value.
type lookup struct {
	kind      *Kind
	ix, value string
	all       bool
}

// lookupResult is what was found: records, or the error that there is none.
type lookupResult struct {
	records []any
	missing error
}

// Bounds of the cache: beyond maxLookups all results are forgotten; results of more than maxLookupRecords
// records are not cached.
const (
	maxLookups       = 4096
	maxLookupRecords = 64
)

func (f *lookupCache) get(q lookup) (found lookupResult, known bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	found, known = f.results[q]
	return found, known
}

func (f *lookupCache) keep(q lookup, found lookupResult) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.results == nil || len(f.results) >= maxLookups {
		f.results = map[lookup]lookupResult{}
	}
	f.results[q] = found
}

// lookups returns the cached look-ups of the state that the transaction sees. The second result is false if
// there is no cache: the transaction writes, or the kind's look-ups are not cached.
func (r Records) lookups() (cache *lookupCache, cached bool, err error) {
	if r.tx.cache == nil || !r.kind.cacheLookups {
		return nil, false, nil
	}
	if r.tx.lookups == nil {
		mark, err := r.tx.kv.Get(lookupMarkKey)
		if err != nil {
			return nil, false, err
		}
		r.tx.lookups = r.tx.cache.lookupsAt(mark)
	}
	return r.tx.lookups, true, nil
}

// lookupsAt returns the cached look-ups of the state with a mark. A view of an older state gets an empty
// cache of its own.
func (c *Cache) lookupsAt(mark []byte) *lookupCache {
	known := c.lookups.Load()
	if known != nil && known.mark == string(mark) {
		return known
	}
	next := &lookupCache{mark: string(mark)}
	c.lookups.CompareAndSwap(known, next)
	return next
}

// remembered returns what look finds. If the kind's look-ups are cached, it calls look only for those that
// are not in the cache.
func (r Records) remembered(ix, value string, look func() (any, error)) (any, error) {
	cache, cached, err := r.lookups()
	if err != nil {
		return nil, err
	}
	if !cached {
		return look()
	}
	q := lookup{r.kind, ix, value, false}
	found, known := cache.get(q)
	if !known {
		v, err := look()
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		found = lookupResult{[]any{v}, err}
		if err != nil || r.kind.uncached == nil || !r.kind.uncached(v) {
			cache.keep(q, found)
		}
	}
	return found.records[0], found.missing
}

// rememberedAll is remembered for all records with a value of an index. A sequence that was not read to
// its end is not cached, nor are documents, of which there may be many for one value.
func (r Records) rememberedAll(ix, value string, all iter.Seq2[any, error]) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		cache, cached, err := r.lookups()
		switch {
		case err != nil:
			yield(nil, err)
			return
		case !cached || !r.kind.remember:
			all(yield)
			return
		}
		q := lookup{r.kind, ix, value, true}
		if found, known := cache.get(q); known {
			found.all(yield)
			return
		}
		cache.keeping(q, all)(yield)
	}
}

// all yields the records.
func (f lookupResult) all(yield func(any, error) bool) {
	for _, v := range f.records {
		if !yield(v, nil) {
			return
		}
	}
}

// keeping yields all records, and caches them once they were read to the end.
func (f *lookupCache) keeping(q lookup, all iter.Seq2[any, error]) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		var found lookupResult
		for v, err := range all {
			if !yield(v, err) || err != nil {
				return
			}
			found.records = append(found.records, v)
		}
		if len(found.records) <= maxLookupRecords {
			f.keep(q, found)
		}
	}
}
