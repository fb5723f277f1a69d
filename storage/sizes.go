package storage

import (
	"encoding/json"
	"fmt"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// How many bytes the records of a measured table take is kept, "t/" "sizes" 0 table -> {"table", "bytes"}:
// a bound on them needs no look at all of them.
const sizesTable = "sizes"

func (r records) sizeKey() []byte { return append(tablePrefix(sizesTable), r.kind.name...) }

// size is how many bytes the table's records take.
func (r records) size() (int, error) {
	raw, err := r.tx.kv.Get(r.sizeKey())
	if err != nil || raw == nil {
		return 0, err
	}
	var s struct{ Bytes int }
	if err := json.Unmarshal(raw, &s); err != nil {
		return 0, fmt.Errorf("the size of %s: %w: %w", r.kind.name, keyspace.ErrDamaged, err)
	}
	return s.Bytes, nil
}

// measure notes that the table's records have grown by some bytes.
func (r records) measure(grown int) error {
	if !r.kind.measured || grown == 0 {
		return nil
	}
	n, err := r.size()
	if err != nil {
		return err
	}
	if n += grown; n <= 0 {
		return r.tx.kv.Delete(r.sizeKey())
	}
	return r.tx.kv.Put(r.sizeKey(), fmt.Appendf(nil, `{"table":%q,"bytes":%d}`, r.kind.name, n))
}

// boundSize deletes the records that index "age" leads to first, until all of them take no more than
// most bytes.
func (r records) boundSize(most int) error {
	for {
		n, err := r.size()
		if err != nil || n <= most {
			return err
		}
		first, err := r.keysInOrder("age", "", 1)
		if err != nil || len(first) == 0 {
			return err
		}
		if err := r.delete(first[0]); err != nil {
			return err
		}
	}
}

// measureAll notes how much the table's records take that were written before they were
// measured.
func (r records) measureAll() error {
	total := 0
	prefix := r.rowKey("")
	err := r.tx.kv.Scan(prefix, keyspace.PrefixEnd(prefix), func(_, raw []byte) bool {
		total += len(raw)
		return true
	})
	if err != nil {
		return err
	}
	return r.measure(total)
}
