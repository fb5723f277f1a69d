package keyspace

import (
	"bytes"
	"context"
)

// Row is a key with its value.
type Row struct{ Key, Value []byte }

// Keys is the range of keys from From up to, but not including, To.
type Keys struct{ From, To []byte }

// Prefixed returns the range of the keys that start with a prefix.
func Prefixed(prefix []byte) Keys { return Keys{prefix, PrefixEnd(prefix)} }

// PrefixEnd returns the first key after all keys that start with prefix.
func PrefixEnd(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}

// PutAll writes rows in one transaction.
func PutAll(ctx context.Context, engine Engine, rows []Row) error {
	return engine.Update(ctx, func(kv KV) error {
		for _, r := range rows {
			if err := kv.Put(r.Key, r.Value); err != nil {
				return err
			}
		}
		return nil
	})
}

// Copies returns copies of the rows whose keys have a prefix and are accepted by want, which may be nil.
func Copies(kv KV, prefix []byte, want func(key []byte) bool) (rows []Row, err error) {
	err = kv.Scan(prefix, PrefixEnd(prefix), func(key, value []byte) bool {
		if want == nil || want(key) {
			rows = append(rows, Row{Key: bytes.Clone(key), Value: bytes.Clone(value)})
		}
		return true
	})
	return rows, err
}

// DeleteAll deletes the keys of rows.
func DeleteAll(kv KV, rows []Row) error {
	for _, r := range rows {
		if err := kv.Delete(r.Key); err != nil {
			return err
		}
	}
	return nil
}
