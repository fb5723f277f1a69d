package storage

import "encoding/json"

// putBeside changes members of the document at key that the server does not act on, so that the record
// that it is stays the same: that is not decoded anew, what leads to it stays, and who watches is not
// told.
func (r records) putBeside(key string, change func(members map[string]json.RawMessage) error) error {
	row := r.rowKey(key)
	before, err := r.raw(key, row)
	if err != nil {
		return err
	}
	v, err := r.decodeKnown(row, before)
	if err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(before, &members); err != nil {
		return err
	}
	if err := change(members); err != nil {
		return err
	}
	after, err := json.Marshal(members)
	if err != nil {
		return err
	}
	if err := r.measure(len(after) - len(before)); err != nil {
		return err
	}
	r.memo(r.tx.known).keep(row, after, v)
	return r.tx.kv.Put(row, after)
}
