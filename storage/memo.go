package storage

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/members"
)

func (r records) decode(row, raw []byte) (any, error) {
	return r.decodeBeside(r.memo(r.tx.memos), row, raw)
}

// decodeKnown is decode for callers that do not change the record; it works in write transactions as
// well.
func (r records) decodeKnown(row, raw []byte) (any, error) {
	return r.decodeBeside(r.memo(r.tx.known), row, raw)
}

// decodeIndexed is decodeKnown for callers that need only the members in indexedMembers.
func (r records) decodeIndexed(row, raw []byte) (any, error) {
	if r.kind.indexedMembers == nil {
		return r.decodeKnown(row, raw)
	}
	if v, known := r.memo(r.tx.known).find(row, raw); known {
		return v, nil
	}
	return r.decodeAnew(row, members.Only(raw, r.kind.indexedMembers))
}

func (r records) decodeBeside(m *memo, row, raw []byte) (any, error) {
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
func (r records) decodeListed(row, raw []byte) (any, error) {
	if r.kind.recent {
		return r.decodeAnew(row, raw)
	}
	return r.decode(row, raw)
}

func (r records) decodeAnew(row, raw []byte) (any, error) {
	v, err := r.kind.decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w: %w", r.kind.name, row[len(tablePrefix(r.kind.name)):], keyspace.ErrDamaged, err)
	}
	return v, nil
}

// memo returns the memo for decoded records of this kind, nil if they are not remembered.
func (r records) memo(among *memos) *memo {
	switch {
	case among == nil:
		return nil
	case r.kind.remember:
		return &among.lasting
	case r.kind.recent:
		return &among.recent
	}
	return nil
}

// memos remember decoded records: lasting those of kinds that nearly every request reads, recent the
// most recently read records of other kinds.
type memos struct {
	lasting, recent memo
	lookups         atomic.Pointer[lookupCache] // derived from the state that was seen last
}

// Bounds of the memos in records; beyond them the least recently used records are dropped.
const (
	lastingLimit = 4096
	recentLimit  = 512
	// recentLargest bounds the bytes of a record in recent, so that an import of large users does not
	// fill the memory. Most users have a twentieth of it.
	recentLargest = 8 << 10
)

func newMemos() *memos {
	return &memos{lasting: memo{limit: lastingLimit}, recent: memo{limit: recentLimit, largest: recentLargest}}
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

// Forget releases memory that an idle store can do without: decoded records of the kinds that can be
// numerous, and what the engines can release.
func (db *DB) Forget() error {
	db.memos.lookups.Store(nil)
	m := &db.memos.recent
	m.mu.Lock()
	m.entries, m.before = nil, nil
	m.mu.Unlock()
	var errs []error
	for _, release := range db.release {
		errs = append(errs, release())
	}
	return errors.Join(errs...)
}
