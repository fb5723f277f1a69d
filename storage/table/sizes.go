package table

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// The total size of a measured table's records is stored, "t/" "sizes" 0 table -> {"table", "bytes"}, so
// that bounding it does not require reading them all.
// SizesTable is the name of that table.
const SizesTable = "sizes"

func (r Records) sizeKey() []byte { return append(Prefix(SizesTable), r.kind.Name...) }

// size is the number of bytes that the table's records take.
func (r Records) size() (int, error) {
	raw, err := r.tx.kv.Get(r.sizeKey())
	if err != nil || raw == nil {
		return 0, err
	}
	digits := bytes.TrimSuffix(raw[bytes.LastIndexByte(raw, ':')+1:], []byte("}"))
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return 0, fmt.Errorf("the size of %s: %w: %w", r.kind.Name, keyspace.ErrDamaged, err)
	}
	return n, nil
}

// measure records that the table's records have grown by some bytes.
func (r Records) measure(grown int) error {
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
	size := append([]byte(`{"table":"`), r.kind.Name...)
	size = strconv.AppendInt(append(size, `","bytes":`...), int64(n), 10)
	return r.tx.kv.Put(r.sizeKey(), append(size, '}'))
}

// BoundSize deletes the records that sort first in the index "age", until the rest take no more than most
// bytes.
func (r Records) BoundSize(most int) error {
	for {
		n, err := r.size()
		if err != nil || n <= most {
			return err
		}
		first, err := r.KeysInOrder("age", "", 1)
		if err != nil || len(first) == 0 {
			return err
		}
		if err := r.Delete(first[0]); err != nil {
			return err
		}
	}
}

// MeasureAll records the size of a table whose records were written before it was measured.
func (r Records) MeasureAll() error {
	total := 0
	prefix := r.RowKey("")
	err := r.tx.kv.Scan(prefix, keyspace.PrefixEnd(prefix), func(_, raw []byte) bool {
		total += len(raw)
		return true
	})
	if err != nil {
		return err
	}
	return r.measure(total)
}
