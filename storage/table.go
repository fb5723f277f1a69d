package storage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// spec describes one kind of record.
type spec[T any] struct {
	name    string
	key     func(T) string
	indexes []index[T]
	// expires returns when a record may be swept; nil or the zero time means never.
	expires func(T) time.Time
	// remember keeps decoded records in memory, for kinds that are read at every request and written
	// seldom.
	remember bool
	// recent keeps only the most recently read ones, for kinds with many records that are read several
	// times within a login. Reading a list does not count.
	recent bool
	// cacheLookups keeps the results of look-ups in memory, for kinds that are read at every request and
	// written seldom; remember implies it.
	cacheLookups bool
	// measured stores the total size of all records.
	measured bool
	// indexedMembers are the members of the stored JSON from which key, indexes and expires are computed:
	// deleting a record decodes only these. nil means all members.
	indexedMembers []string
	// ordered keeps the order in which the records were created, for lists.
	ordered bool
	// list names the list that contains a record, if a kind has many lists; nil for none.
	list func(T) string
}

// index finds records by values other than their key.
type index[T any] struct {
	name   string
	unique bool
	values func(T) []string
	// beside is a text that the entries of a record keep, so that who scans the index need not read the
	// record; nil for none. It must not change while the record exists.
	beside func(T) string
	// listed makes a List of the records with the same value.
	listed bool
}

// kind is a spec without the type of its records. Records are passed as *T.
//
// Each package that imports this one compiles the methods of Table and Resources again for every kind of
// record, whether it uses them or not. So these types only add the type of a record; kind and records do
// the work.
type kind struct {
	name              string
	decode            func(raw []byte) (any, error)
	key               func(any) string
	indexes           []kindIndex
	expires           func(any) time.Time
	list              func(any) string
	remember, recent  bool
	cacheLookups      bool
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

// kindOf is the kind whose records have type T.
type kindOf[T any] struct{ *kind }

// key is the key of a record.
func (k kindOf[T]) key(v T) string { return k.kind.key(&v) }

// declare makes a kind from its spec.
func declare[T any](s spec[T]) kindOf[T] {
	k := &kind{
		name: s.name, remember: s.remember, recent: s.recent, cacheLookups: s.cacheLookups || s.remember, ordered: s.ordered, measured: s.measured,
		indexedMembers: s.indexedMembers,
		decode: func(raw []byte) (any, error) {
			v := new(T)
			return v, json.Unmarshal(raw, v)
		},
		key: func(v any) string { return s.key(*v.(*T)) },
	}
	if k.cacheLookups {
		tablesWithCachedLookups[k.name] = true
	}
	for _, ix := range s.indexes {
		of := kindIndex{name: ix.name, unique: ix.unique, listed: ix.listed, values: func(v any) []string { return ix.values(*v.(*T)) }}
		if ix.beside != nil {
			of.beside = func(v any) string { return ix.beside(*v.(*T)) }
		}
		k.indexes = append(k.indexes, of)
	}
	if s.list != nil {
		k.list = func(v any) string { return s.list(*v.(*T)) }
	}
	if s.expires != nil {
		k.expires = func(v any) time.Time { return s.expires(*v.(*T)) }
	}
	return kindOf[T]{k}
}

// records implements the tables of every kind.
type records struct {
	tx   *Tx
	kind *kind
}

// Table is a kind of record that the server itself writes.
type Table[T any] struct{ records records } // not embedded, because each package would then compile all its methods

// Resources is a kind of record that the Management API describes. It is written as a Document, which
// keeps every member, and read as a T, which has only the members that the server acts on.
type Resources[T any] struct{ records records }

// Key layout: "t/" table 0 key -> record, "i/" table 0 index 0 value 0 key ->
// nothing or what the index keeps beside, "e/" unix seconds (8 bytes) table 0 key -> nothing.

func (r records) rowKey(key string) []byte { return []byte("t/" + r.kind.name + "\x00" + key) }

func (r records) indexPrefix(ix, value string) []byte {
	return []byte("i/" + r.kind.name + "\x00" + ix + "\x00" + value + "\x00")
}

// tableOf names the table of a row, index or expiry key.
func tableOf(key []byte) string {
	rest := key[2:]
	if bytes.HasPrefix(key, []byte("e/")) {
		rest = rest[8:]
	}
	name, _, _ := bytes.Cut(rest, []byte{0})
	return string(name)
}

// Get returns the record at key, or an error that wraps ErrNotFound.
func (t Table[T]) Get(key string) (T, error) { return as[T](t.records.get(key)) }

// GetShared is Get for callers that do not change the record or anything it refers to: it may be shared with
// others, even in a write transaction.
func (t Table[T]) GetShared(key string) (T, error) { return as[T](t.records.look(key)) }

// Has reports whether there is a record at key.
func (t Table[T]) Has(key string) (bool, error) { return t.records.has(key) }

// Find returns the first record whose index ix has value, or an error that
// wraps ErrNotFound.
func (t Table[T]) Find(ix, value string) (T, error) { return as[T](t.records.find(ix, value)) }

// By yields the records whose index ix has value, in key order. The sequence
// ends after an error.
func (t Table[T]) By(ix, value string) iter.Seq2[T, error] { return all[T](t.records.by(ix, value)) }

// All yields every record in key order. The sequence ends after an error. Records written while it runs
// may or may not be seen.
func (t Table[T]) All() iter.Seq2[T, error] { return all[T](t.records.scan("")) }

// Delete removes the record at key; it is not an error if there is none.
func (t Table[T]) Delete(key string) error { return t.records.delete(key) }

// Put writes the record. It returns an error that wraps ErrConflict, before it writes anything, if another
// record has a value that must be unique. Later readers may share what the record refers to, so the caller
// must not change it any more.
func (t Table[T]) Put(v T) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return t.records.write(&v, raw)
}

// Get returns the record at key, or an error that wraps ErrNotFound.
func (t Resources[T]) Get(key string) (T, error) { return as[T](t.records.get(key)) }

// GetShared is Get for callers that do not change the record or anything it refers to: it may be shared with
// others, even in a write transaction.
func (t Resources[T]) GetShared(key string) (T, error) { return as[T](t.records.look(key)) }

// Has reports whether there is a record at key.
func (t Resources[T]) Has(key string) (bool, error) { return t.records.has(key) }

// Find returns the first record whose index ix has value, or an error that
// wraps ErrNotFound.
func (t Resources[T]) Find(ix, value string) (T, error) { return as[T](t.records.find(ix, value)) }

// By yields the records whose index ix has value, in key order. The sequence
// ends after an error.
func (t Resources[T]) By(ix, value string) iter.Seq2[T, error] {
	return all[T](t.records.by(ix, value))
}

// All yields every record in key order. The sequence ends after an error. Records written while it runs
// may or may not be seen.
func (t Resources[T]) All() iter.Seq2[T, error] { return all[T](t.records.scan("")) }

// Delete removes the record at key; it is not an error if there is none.
func (t Resources[T]) Delete(key string) error { return t.records.delete(key) }

// Put writes the document. It returns an error that wraps ErrConflict, before it writes anything, if
// another record has a value that must be unique.
func (t Resources[T]) Put(d Document) error { return t.records.put(d) }

// Document returns the whole record at key, or an error that wraps ErrNotFound. The caller may change it.
func (t Resources[T]) Document(key string) (Document, error) { return t.records.document(key) }

// DocumentOf returns the named members of the record at key, or an error that wraps ErrNotFound. The
// caller may change it.
func (t Resources[T]) DocumentOf(key string, names ...string) (Document, error) {
	return t.records.documentOf(key, names)
}

// as converts a record to its type.
func as[T any](v any, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return *v.(*T), nil
}

// all applies as to a sequence.
func all[T any](records iter.Seq2[any, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		records(func(v any, err error) bool { return yield(as[T](v, err)) })
	}
}

func (r records) get(key string) (any, error) {
	return r.remembered("", key, func() (any, error) { return r.read(key) })
}

func (r records) read(key string) (any, error) {
	row := r.rowKey(key)
	raw, err := r.raw(key, row)
	if err != nil {
		return nil, err
	}
	return r.decode(row, raw)
}

// raw returns the stored bytes of the record at key and row.
func (r records) raw(key string, row []byte) ([]byte, error) {
	raw, err := r.tx.kv.Get(row)
	if err == nil && raw == nil {
		err = &missing{table: r.kind.name, value: key}
	}
	return raw, err
}

// missing says that there is no record. It is not made by fmt.Errorf, because hardly anybody reads its
// text: many records need not exist.
type missing struct{ table, index, value string }

// Error implements error.
func (m *missing) Error() string {
	if m.index == "" {
		return fmt.Sprintf("%s %q: %v", m.table, m.value, ErrNotFound)
	}
	return fmt.Sprintf("%s with %s %q: %v", m.table, m.index, m.value, ErrNotFound)
}

// Unwrap says that the error is ErrNotFound.
func (*missing) Unwrap() error { return ErrNotFound }

// look is get for callers that do not change the record; it works in write transactions as well.
func (r records) look(key string) (any, error) {
	row := r.rowKey(key)
	raw, err := r.raw(key, row)
	if err != nil {
		return nil, err
	}
	return r.decodeKnown(row, raw)
}

func (r records) has(key string) (bool, error) {
	raw, err := r.tx.kv.Get(r.rowKey(key))
	return raw != nil, err
}

func (r records) find(ix, value string) (any, error) {
	return r.remembered(ix, value, func() (any, error) { return r.readBy(ix, value) })
}

func (r records) readBy(ix, value string) (any, error) {
	key, found, err := r.firstKeyBy(ix, value)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, &missing{r.kind.name, ix, value}
	}
	return r.read(key)
}

// firstKeyBy returns the key of the first record whose index ix has value.
func (r records) firstKeyBy(ix, value string) (key string, found bool, err error) {
	err = r.eachKeyBy(ix, value, func(first []byte) bool {
		key, found = string(first), true
		return false
	})
	return key, found, err
}

// eachKeyBy calls fn with the keys of the records whose index ix has value, in order, until fn returns
// false. A key is valid only during the call.
func (r records) eachKeyBy(ix, value string, fn func(key []byte) bool) error {
	if strings.ContainsRune(value, 0) { // never stored, see write
		return nil
	}
	prefix := r.indexPrefix(ix, value)
	return r.tx.kv.Scan(prefix, keyspace.PrefixEnd(prefix), func(entry, _ []byte) bool { return fn(entry[len(prefix):]) })
}

// by and scan, and rows and rowsAt, are not inlined, because each package that imports this one would
// compile them once for every kind.
//
//go:noinline
func (r records) by(ix, value string) iter.Seq2[any, error] {
	prefix := r.indexPrefix(ix, value)
	return r.rememberedAll(ix, value, func(yield func(any, error) bool) {
		if strings.ContainsRune(value, 0) { // never stored, see write
			return
		}
		for entry, err := range keyspace.Forward(r.tx.kv, prefix, keyspace.PrefixEnd(prefix)) {
			var v any
			if err == nil {
				v, err = r.read(string(entry.Key[len(prefix):]))
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	})
}

// keysBy returns the keys of the records whose index ix has value, in order.
func (r records) keysBy(ix, value string) (keys []string, err error) {
	err = r.eachKeyBy(ix, value, func(key []byte) bool {
		keys = append(keys, string(key))
		return true
	})
	return keys, err
}

// keysInOrder returns at most limit keys of the records whose value of index ix starts with a text, in the
// order of those values.
func (r records) keysInOrder(ix, start string, limit int) (keys []string, err error) {
	prefix := strings.TrimSuffix(string(r.indexPrefix(ix, start)), "\x00")
	err = r.tx.kv.Scan([]byte(prefix), keyspace.PrefixEnd([]byte(prefix)), func(entry, _ []byte) bool {
		keys = append(keys, string(entry[bytes.LastIndexByte(entry, 0)+1:]))
		return len(keys) < limit
	})
	return keys, err
}

// bound deletes one of the records whose value of index ix starts with a text, if there are more of them
// than most: the first in the order of those values.
func (r records) bound(ix, start string, most int) error {
	prefix := []byte(strings.TrimSuffix(string(r.indexPrefix(ix, start)), "\x00"))
	var first string
	n := 0
	err := r.tx.kv.Scan(prefix, keyspace.PrefixEnd(prefix), func(entry, _ []byte) bool {
		if n++; n == 1 {
			first = string(entry[bytes.LastIndexByte(entry, 0)+1:])
		}
		return n <= most
	})
	if err != nil || n <= most {
		return err
	}
	return r.delete(first)
}

// scan yields the records whose keys start with a text, in key order.
//
//go:noinline
func (r records) scan(start string) iter.Seq2[any, error] {
	prefix := r.rowKey(start)
	return func(yield func(any, error) bool) {
		for row, err := range keyspace.Forward(r.tx.kv, prefix, keyspace.PrefixEnd(prefix)) {
			var v any
			if err == nil {
				v, err = r.decodeListed(row.Key, row.Value)
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

func (r records) delete(key string) error { return r.deleteKey(r.rowKey(key)) }

func (r records) deleteKey(row []byte) error {
	raw, err := r.tx.kv.Get(row)
	if err != nil || raw == nil {
		return err
	}
	was, err := r.indexingOf(row, raw)
	if err != nil {
		return err
	}
	key := string(row[len(tablePrefix(r.kind.name)):])
	if err := r.relink(key, was, indexing{}, nil); err != nil {
		return err
	}
	if err := r.leave(key); err != nil {
		return err
	}
	if err := r.measure(-len(raw)); err != nil {
		return err
	}
	r.changed(key, raw, nil)
	return r.tx.kv.Delete(row)
}

func (r records) put(d Document) error {
	v, raw, err := r.kind.encode(d)
	if err != nil {
		return err
	}
	return r.write(v, raw)
}

// encode returns the record and the stored bytes of a document.
func (k *kind) encode(d Document) (v any, raw []byte, err error) {
	if raw, err = json.Marshal(d); err != nil {
		return nil, nil, err
	}
	if v, err = k.decode(raw); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", k.name, err)
	}
	return v, raw, nil
}

func (r records) document(key string) (Document, error) {
	raw, err := r.raw(key, r.rowKey(key))
	if err != nil {
		return nil, err
	}
	var d Document
	return d, json.Unmarshal(raw, &d)
}

func (r records) write(v any, raw []byte) error {
	key := r.kind.key(v)
	if key == "" || strings.ContainsRune(key, 0) {
		return fmt.Errorf("%s: %q cannot be a key", r.kind.name, key)
	}
	row := r.rowKey(key)
	old, err := r.tx.kv.Get(row)
	if err != nil {
		return err
	}
	var was indexing
	if old != nil {
		if was, err = r.indexingOf(row, old); err != nil {
			return err
		}
	}
	is := r.indexing(key, v)
	added := without(is.links, was.links)
	if err := r.checkLinks(key, added); err != nil {
		return err
	}
	if old == nil {
		if err := r.line(key); err != nil {
			return err
		}
	}
	if err := r.relink(key, was, is, added); err != nil {
		return err
	}
	if err := r.measure(len(raw) - len(old)); err != nil {
		return err
	}
	r.changed(key, old, raw)
	if r.kind.recent { // so that the next reader need not decode it
		r.memo(r.tx.known).keep(row, raw, v)
	}
	return r.tx.kv.Put(row, raw)
}
