package storage

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage/table"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// A snapshot is a copy of every row of the tenant. The one with the empty name is the
// state after the seed: restoring it needs no seed file and no hashing. Others have names.

// snapshotPrefix begins the keys of the seed's snapshot, and namedPrefix those of the
// others, followed by their name and a zero byte. They sort after all other keys, so that
// an engine can append them without moving existing rows.
var snapshotPrefix, namedPrefix = []byte("z/"), []byte("z:")

func snapshotKey(name string) []byte {
	if name == "" {
		return snapshotPrefix
	}
	return slices.Concat(namedPrefix, []byte(name), []byte{0})
}

// keptTables hold the tenant's identity instead of its contents: a reset does not change
// them. Messages and traces are kept too; a caller that resets a tenant clears those
// itself, and no snapshot has them.
func (tx *Tx) keptTables() map[string]bool {
	return map[string]bool{signingKeys.Name: true, secrets.Name: true, messages.Name: true, traces.Name: true}
}

// SaveSnapshot stores the tenant's current state as the snapshot with a name, "" for the
// seed's, replacing an earlier one.
func (tx *Tx) SaveSnapshot(name string) error {
	if strings.ContainsRune(name, 0) {
		return fmt.Errorf("snapshot %q: a name has no zero byte", name)
	}
	if err := tx.DeleteSnapshot(name); err != nil {
		return err
	}
	prefix, keep := snapshotKey(name), tx.keptTables()
	for _, part := range tenantParts {
		for r, err := range keyspace.Forward(tx.kv(), []byte(part), keyspace.PrefixEnd([]byte(part))) {
			if err != nil {
				return err
			}
			if keep[table.NameOf(r.Key)] || isVolatile(r.Key) {
				continue
			}
			if err := tx.kv().Put(slices.Concat(prefix, r.Key), r.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// RestoreSnapshot restores the state at SaveSnapshot: later sessions and tokens are gone.
// Signing keys stay, and so do snapshots. It returns an error that wraps ErrNotFound if
// there is no snapshot with that name.
func (tx *Tx) RestoreSnapshot(name string) error {
	prefix := snapshotKey(name)
	kept, err := keyspace.Copies(tx.kv(), prefix, nil)
	if err != nil {
		return err
	}
	if len(kept) == 0 {
		return fmt.Errorf("snapshot %q: %w", name, ErrNotFound)
	}
	if err := tx.Clear(); err != nil {
		return err
	}
	for _, r := range kept {
		if err := tx.kv().Put(r.Key[len(prefix):], r.Value); err != nil {
			return err
		}
	}
	return nil
}

// HasSnapshot reports whether there is a snapshot with a name.
func (tx *Tx) HasSnapshot(name string) (has bool, err error) {
	prefix := snapshotKey(name)
	err = tx.kv().Scan(prefix, keyspace.PrefixEnd(prefix), func(_, _ []byte) bool {
		has = true
		return false
	})
	return has, err
}

// DeleteSnapshot deletes a snapshot; it is not an error if there is no such snapshot.
func (tx *Tx) DeleteSnapshot(name string) error {
	kept, err := keyspace.Copies(tx.kv(), snapshotKey(name), nil)
	if err != nil {
		return err
	}
	return keyspace.DeleteAll(tx.kv(), kept)
}

// Snapshots returns the names of all snapshots but the seed's, in order.
func (tx *Tx) Snapshots() (names []string, err error) {
	for from := namedPrefix; ; {
		var found []byte
		err := tx.kv().Scan(from, keyspace.PrefixEnd(namedPrefix), func(key, _ []byte) bool {
			found = bytes.Clone(key)
			return false
		})
		if err != nil || found == nil {
			return names, err
		}
		name, _, _ := bytes.Cut(found[len(namedPrefix):], []byte{0})
		names = append(names, string(name))
		from = keyspace.PrefixEnd(snapshotKey(string(name)))
	}
}

// Clear removes everything that the tenant holds, except the tables that keptTables names.
func (tx *Tx) Clear() error {
	live, err := tx.tenantRows()
	if err != nil {
		return err
	}
	return keyspace.DeleteAll(tx.kv(), live)
}

// tenantParts are the prefixes of the keys of expiries, index entries and rows.
var tenantParts = []string{"e/", "i/", "t/"}

// tenantRows returns the rows, index entries and expiries of all tables but the kept ones.
func (tx *Tx) tenantRows() ([]keyspace.Row, error) {
	keep := tx.keptTables()
	var all []keyspace.Row
	for _, prefix := range tenantParts {
		some, err := keyspace.Copies(tx.kv(), []byte(prefix), func(key []byte) bool { return !keep[table.NameOf(key)] })
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}
