package table

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Expiries is the prefix of all expiry entries.
const Expiries = "e/"

// expirySeconds is the length of the time in an expiry entry.
const expirySeconds = 8

// Expired returns at most limit of the expiry entries of records that expired before the second of now.
func Expired(kv keyspace.KV, now time.Time, limit int) (entries [][]byte, err error) {
	from := []byte(Expiries)
	err = kv.Scan(from, slices.Concat(from, expiryBytes(now)), func(entry, _ []byte) bool {
		entries = append(entries, bytes.Clone(entry))
		return len(entries) < limit
	})
	return entries, err
}

// RowOfExpiry returns the key of the row that an expiry entry names.
func RowOfExpiry(entry []byte) ([]byte, error) {
	const start = len(Expiries) + expirySeconds
	if bytes.IndexByte(entry[min(len(entry), start):], 0) < 0 {
		return nil, fmt.Errorf("an expiry names no record: %w", keyspace.ErrDamaged)
	}
	return append([]byte("t/"), entry[start:]...), nil
}

func expiryBytes(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(max(t.Unix(), 0)))
}
