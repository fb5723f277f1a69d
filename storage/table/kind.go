package table

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/tenant0/tenant0/storage/members"
)

// Spec describes one kind of record.
type Spec[T any] struct {
	Name    string
	Key     func(T) string
	Indexes []Index[T]
	// Expires returns when a record may be swept; nil or the zero time means never.
	Expires func(T) time.Time
	// Remember keeps decoded records in memory, for kinds that are read at every request and written
	// seldom.
	Remember bool
	// Recent keeps only the most recently read ones, for kinds with many records that are read several
	// times within a login. Reading a list does not count.
	Recent bool
	// CacheLookups keeps the results of look-ups in memory, for kinds that are read at every request and
	// written seldom; Remember implies it.
	CacheLookups bool
	// Uncached says which records are too large for cached look-ups; nil for none.
	Uncached func(T) bool
	// Measured stores the total size of all records.
	Measured bool
	// IndexedMembers are the members of the stored JSON from which Key, Indexes and Expires are computed:
	// deleting a record decodes only these. nil means all members.
	IndexedMembers []string
	// Ordered keeps the order in which the records were created, for lists.
	Ordered bool
	// List names the list that contains a record, if a kind has many lists; nil for none.
	List func(T) string
}

// Index finds records by values other than their key.
type Index[T any] struct {
	Name   string
	Unique bool
	Values func(T) []string
	// Beside is a text that the entries of a record keep, so that who scans the index need not read the
	// record; nil for none. It must not change while the record exists.
	Beside func(T) string
	// Listed makes a List of the records with the same value.
	Listed bool
}

// Kind is a Spec without the type of its records. Records are passed as *T.
//
// Each package that imports this one compiles the methods of Table and Resources again for every kind of
// record, whether it uses them or not. So these types only add the type of a record; Kind and Records do
// the work.
type Kind struct {
	Name              string
	decode            func(raw []byte) (any, error)
	key               func(any) string
	indexes           []kindIndex
	expires           func(any) time.Time
	list              func(any) string
	remember, recent  bool
	cacheLookups      bool
	uncached          func(any) bool
	measured, ordered bool
	indexedMembers    []string
}

type kindIndex struct {
	name   string
	unique bool
	values func(any) []string
	beside func(any) string
	listed bool
}

// KindOf is the kind whose records have type T.
type KindOf[T any] struct{ *Kind }

// KeyOf returns the key of a record.
func (k KindOf[T]) KeyOf(v T) string { return k.key(&v) }

// Declare makes a kind from its Spec.
func Declare[T any](s Spec[T]) KindOf[T] {
	k := &Kind{
		Name: s.Name, remember: s.Remember, recent: s.Recent, cacheLookups: s.CacheLookups || s.Remember, ordered: s.Ordered, measured: s.Measured,
		indexedMembers: s.IndexedMembers,
		decode: func(raw []byte) (any, error) {
			v := new(T)
			return v, json.Unmarshal(raw, v)
		},
		key: func(v any) string { return s.Key(*v.(*T)) },
	}
	if k.cacheLookups {
		tablesWithCachedLookups[k.Name] = true
	}
	for _, ix := range s.Indexes {
		of := kindIndex{name: ix.Name, unique: ix.Unique, listed: ix.Listed, values: func(v any) []string { return ix.Values(*v.(*T)) }}
		if ix.Beside != nil {
			of.beside = func(v any) string { return ix.Beside(*v.(*T)) }
		}
		k.indexes = append(k.indexes, of)
	}
	if s.Uncached != nil {
		k.uncached = func(v any) bool { return s.Uncached(*v.(*T)) }
	}
	if s.List != nil {
		k.list = func(v any) string { return s.List(*v.(*T)) }
	}
	if s.Expires != nil {
		k.expires = func(v any) time.Time { return s.Expires(*v.(*T)) }
	}
	return KindOf[T]{k}
}

// Missing returns the error that there is no record with a key. It wraps ErrNotFound.
func (k *Kind) Missing(key string) error { return &missing{table: k.Name, value: key} }

// Encode returns the record and the stored bytes of a document.
func (k *Kind) Encode(d Document) (record any, raw []byte, err error) {
	if raw, err = json.Marshal(d); err != nil {
		return nil, nil, err
	}
	if record, err = k.decode(raw); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", k.Name, err)
	}
	return record, raw, nil
}

// DecodeIndexed decodes the members of a stored record from which its key, its indexes and its expiry are computed.
func (k *Kind) DecodeIndexed(raw []byte) (record any, err error) {
	if k.indexedMembers != nil {
		raw = members.Only(raw, k.indexedMembers)
	}
	return k.decode(raw)
}
