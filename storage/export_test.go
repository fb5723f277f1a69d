package storage

import (
	"encoding/json"

	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/members"
)

// OpenWith is Open with other migration steps between the formats.
func OpenWith(engine keyspace.Engine, steps []func(keyspace.KV) error) (*DB, error) {
	return open(engine, steps)
}

// Clone returns the copy of a transaction on which a change works.
func (t Transaction) Clone() Transaction { return t.clone() }

// EntriesOf has the kinds with indexedMembers by name. Each function fills a record, and returns its index entries as they are
// written for the whole record, and as they are deleted when only the indexedMembers are decoded.
var EntriesOf = map[string]func(fill func(record any)) (written, deleted []string, err error){
	codes.name: entriesOf(codes), refreshTokens.name: entriesOf(refreshTokens), sessions.name: entriesOf(sessions), transactions.name: entriesOf(transactions),
}

func entriesOf[T any](k kindOf[T]) func(fill func(any)) (written, deleted []string, err error) {
	return func(fill func(any)) (written, deleted []string, err error) {
		whole := new(T)
		fill(whole)
		raw, err := json.Marshal(whole)
		if err != nil {
			return nil, nil, err
		}
		part, err := k.decode(members.Only(raw, k.indexedMembers))
		if err != nil {
			return nil, nil, err
		}
		r := records{kind: k.kind}
		for _, l := range r.links(k.kind.key(whole), whole) {
			written = append(written, string(l.entry))
		}
		for _, l := range r.links(k.kind.key(part), part) {
			deleted = append(deleted, string(l.entry))
		}
		return written, deleted, nil
	}
}
