package storage

import (
	"encoding/json"
	"maps"
	"slices"

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
	set, err := members.Of(before, names)
	if err != nil {
		return err
	}
	if err := change(set); err != nil {
		return err
	}
	after, ok := members.With(before, set)
	if !ok {
		if after, err = setAnew(before, set); err != nil {
			return err
		}
	}
	if err := r.measure(len(after) - len(before)); err != nil {
		return err
	}
	r.memo(r.tx.known).keep(row, after, v)
	return r.tx.kv.Put(row, after)
}

// setAnew is members.With for an object that is not written as Marshal would.
func setAnew(raw []byte, set map[string]json.RawMessage) ([]byte, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, err
	}
	maps.Copy(all, set)
	return json.Marshal(all)
}

func (r records) documentOf(key string, names []string) (Document, error) {
	raw, err := r.raw(key, r.rowKey(key))
	if err != nil {
		return nil, err
	}
	brief, ok := members.Only(raw, names)
	if !ok {
		brief = raw
	}
	d := Document{}
	err = json.Unmarshal(brief, &d)
	maps.DeleteFunc(d, func(name string, _ any) bool { return !slices.Contains(names, name) })
	return d, err
}
