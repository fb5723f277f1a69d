package storage

import (
	"encoding/json"

	"github.com/tenant0/tenant0/storage/members"
)

// putBeside changes members of the document at key that the server does not act on, so that the record
// that it is stays the same: that is not decoded anew, what leads to it stays, and who watches is not
// told. change gets those of the members that are there, and sets what is to be.
func (r records) putBeside(key string, names []string, change func(members map[string]json.RawMessage) error) error {
	row := r.rowKey(key)
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

// documentOf is of the document at key the members with names.
func (r records) documentOf(key string, names []string) (Document, error) {
	raw, err := r.raw(key, r.rowKey(key))
	if err != nil {
		return nil, err
	}
	return members.Of[any](raw, names)
}
