package table

import (
	"encoding/json"

	"github.com/tenant0/tenant0/storage/members"
)

// PutBeside changes members of the document at key that the server does not act on. Because they are
// not part of the typed record, the record is not decoded again, its index entries stay, and a Watch
// is not told. change receives the named members that exist, and sets their new values in the same
// map.
func (r Records) PutBeside(key string, names []string, change func(members map[string]json.RawMessage) error) error {
	row := r.RowKey(key)
	before, err := r.raw(key, row)
	if err != nil {
		return err
	}
	v, err := r.decodeKnown(row, before)
	if err != nil {
		return err
	}
	set, err := members.Of[json.RawMessage](before, names)
	if err != nil {
		return err
	}
	if err := change(set); err != nil {
		return err
	}
	after, err := members.With(before, set)
	if err != nil {
		return err
	}
	if err := r.measure(len(after) - len(before)); err != nil {
		return err
	}
	r.memo(r.tx.known).keep(row, after, v)
	return r.tx.kv.Put(row, after)
}

// documentOf returns the named members of the document at key.
func (r Records) documentOf(key string, names []string) (Document, error) {
	raw, err := r.raw(key, r.RowKey(key))
	if err != nil {
		return nil, err
	}
	return members.Of[any](raw, names)
}
