package table

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/tenant0/tenant0/storage/keyspace"
)

func (r Records) decode(row, raw []byte) (any, error) {
	return r.decodeBeside(r.memo(r.tx.cache), row, raw)
}

// decodeKnown is decode for callers that do not change the record; it works in write transactions as
// well.
func (r Records) decodeKnown(row, raw []byte) (any, error) {
	return r.decodeBeside(r.memo(r.tx.known), row, raw)
}

// decodeIndexed is decodeKnown for callers that need only the members in IndexedMembers.
func (r Records) decodeIndexed(row, raw []byte) (any, error) {
	if r.kind.indexedMembers == nil {
		return r.decodeKnown(row, raw)
	}
	if v, known := r.memo(r.tx.known).find(row, raw); known {
		return v, nil
	}
	v, err := r.kind.DecodeIndexed(raw)
	return v, r.damaged(row, err)
}

func (r Records) decodeBeside(m *memo, row, raw []byte) (any, error) {
	if v, ok := m.find(row, raw); ok {
		return v, nil
	}
	v, err := r.decodeAnew(row, raw)
	if err == nil {
		m.keep(row, bytes.Clone(raw), v)
	}
	return v, err
}

// decodeListed is decode for a record that is read as part of a list.
func (r Records) decodeListed(row, raw []byte) (any, error) {
	if r.kind.recent {
		return r.decodeAnew(row, raw)
	}
	return r.decode(row, raw)
}

func (r Records) decodeAnew(row, raw []byte) (any, error) {
	v, err := r.kind.decode(raw)
	return v, r.damaged(row, err)
}

// damaged returns the error for a row that could not be decoded, nil if err is nil.
func (r Records) damaged(row []byte, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %q: %w: %w", r.kind.Name, row[len(Prefix(r.kind.Name)):], keyspace.ErrDamaged, err)
}

// memo returns the part of a cache for decoded records of this kind, nil if they are not remembered.
func (r Records) memo(of *Cache) *memo {
	switch {
	case of == nil:
		return nil
	case r.kind.remember:
		return &of.lasting
	case r.kind.recent:
		return &of.recent
	}
	return nil
}

// Cache keeps decoded records in memory: in lasting those of kinds that nearly every request reads, in recent the
// most recently read records of other kinds. It also keeps the results of look-ups, see lookupCache.
type Cache struct {
	lasting, recent memo
	lookups         atomic.Pointer[lookupCache] // derived from the state that was seen last
}

// Bounds of a Cache in records; beyond them the least recently used records are dropped.
const (
	lastingLimit = 4096
	recentLimit  = 512
	// recentLargest bounds the bytes of a record in recent, so that an import of large users does not
	// fill the memory. Most users have a twentieth of it.
	recentLargest = 8 << 10
)

// NewCache returns an empty cache.
func NewCache() *Cache {
	return &Cache{lasting: memo{limit: lastingLimit}, recent: memo{limit: recentLimit, largest: recentLargest}}
}

// memo remembers decoded records together with the bytes they were decoded from. An entry is used only
// for equal bytes, so it needs no invalidation. A nil memo remembers nothing.
type memo struct {
	limit   int
	largest int // in bytes; 0 means no bound
	mu      sync.RWMutex
	// entries are the newest, up to half of the limit, and before those that filled entries before
	// them.
	entries, before map[string]memoEntry
}

type memoEntry struct {
	raw   []byte
	value any
}

func (m *memo) find(row, raw []byte) (any, bool) {
	if m == nil {
		return nil, false
	}
	m.mu.RLock()
	e, ok := m.entries[string(row)]
	older := !ok
	if older {
		e, ok = m.before[string(row)]
	}
	m.mu.RUnlock()
	if !ok || !bytes.Equal(e.raw, raw) {
		return nil, false
	}
	if older {
		m.add(string(row), e)
	}
	return e.value, true
}

// keep remembers a record with its bytes, which must not change any more.
func (m *memo) keep(row, raw []byte, value any) {
	if m != nil && (m.largest == 0 || len(raw) <= m.largest) {
		m.add(string(row), memoEntry{raw, value})
	}
}

func (m *memo) add(row string, e memoEntry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries == nil || len(m.entries) >= m.limit/2 {
		m.entries, m.before = map[string]memoEntry{}, m.entries
	}
	m.entries[row] = e
}

// Forget releases what an idle store can do without: look-ups, and decoded records of the kinds that can be
// numerous.
func (c *Cache) Forget() {
	c.lookups.Store(nil)
	c.recent.mu.Lock()
	defer c.recent.mu.Unlock()
	c.recent.entries, c.recent.before = nil, nil
}
