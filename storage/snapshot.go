package storage

import (
	"bytes"
	"slices"
)

// The snapshot is a copy of every row of the tenant as its seed made it. Going
// back to it needs no seed file and no hashing.

// snapshotPrefix starts its keys. They come after all others, so that an engine
// takes them as they come and need not move what is there.
var snapshotPrefix = []byte("z/")

// keptTables say who the tenant is and not what is in it: a reset leaves them.
func (tx *Tx) keptTables() map[string]bool {
	return map[string]bool{tx.SigningKeys.records.kind.name: true, tx.Secrets.records.kind.name: true}
}

// KeepSnapshot makes what the tenant holds now the state that RestoreSnapshot
// goes back to.
func (tx *Tx) KeepSnapshot() error {
	old, err := tx.rows(snapshotPrefix, nil)
	if err != nil {
		return err
	}
	if err := tx.remove(old); err != nil {
		return err
	}
	live, err := tx.tenantRows()
	if err != nil {
		return err
	}
	for _, r := range live {
		if err := tx.kv.Put(slices.Concat(snapshotPrefix, r.key), r.value); err != nil {
			return err
		}
	}
	return nil
}

// RestoreSnapshot makes the tenant what it was at KeepSnapshot: sessions and
// tokens of later times are gone. Signing keys stay.
func (tx *Tx) RestoreSnapshot() error {
	kept, err := tx.rows(snapshotPrefix, nil)
	if err != nil {
		return err
	}
	if err := tx.Clear(); err != nil {
		return err
	}
	for _, r := range kept {
		if err := tx.kv.Put(r.key[len(snapshotPrefix):], r.value); err != nil {
			return err
		}
	}
	return nil
}

// Clear removes all that the tenant holds but its signing keys.
func (tx *Tx) Clear() error {
	live, err := tx.tenantRows()
	if err != nil {
		return err
	}
	return tx.remove(live)
}

type row struct{ key, value []byte }

// tenantRows are the rows, index entries and expiries of all but kept tables.
func (tx *Tx) tenantRows() ([]row, error) {
	keep := tx.keptTables()
	var all []row
	for _, prefix := range []string{"e/", "i/", "t/"} {
		some, err := tx.rows([]byte(prefix), func(key []byte) bool { return !keep[tableOf(key)] })
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// rows copies the rows whose key starts with prefix and that want, if any, takes.
func (tx *Tx) rows(prefix []byte, want func(key []byte) bool) ([]row, error) {
	var all []row
	err := tx.kv.Scan(prefix, prefixEnd(prefix), func(key, value []byte) bool {
		if want == nil || want(key) {
			all = append(all, row{bytes.Clone(key), bytes.Clone(value)})
		}
		return true
	})
	return all, err
}

func (tx *Tx) remove(rows []row) error {
	for _, r := range rows {
		if err := tx.kv.Delete(r.key); err != nil {
			return err
		}
	}
	return nil
}
