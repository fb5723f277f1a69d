package table

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strings"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Key layout: "t/" table 0 key -> record, "i/" table 0 index 0 value 0 key ->
// nothing or what the index keeps beside, "e/" unix seconds (8 bytes) table 0 key -> nothing.

// RowKey returns the key of the row of the record at a key.
func (r Records) RowKey(key string) []byte { return []byte("t/" + r.kind.Name + "\x00" + key) }

// IndexPrefix begins the entries of index ix for a value; the keys of the records follow.
func (r Records) IndexPrefix(ix, value string) []byte {
	return []byte("i/" + r.kind.Name + "\x00" + ix + "\x00" + value + "\x00")
}

// Prefix begins the keys of the rows of the table with a name. The zero byte ends the name, so that no table's
// keys lie between another's.
func Prefix(name string) []byte { return append([]byte("t/"+name), 0) }

// IndexesPrefix begins the keys of all index entries of the table with a name.
func IndexesPrefix(name string) []byte { return append([]byte("i/"+name), 0) }

// NameOf names the table of a row, index or expiry key.
func NameOf(key []byte) string {
	rest := key[2:]
	if bytes.HasPrefix(key, []byte("e/")) {
		rest = rest[8:]
	}
	name, _, _ := bytes.Cut(rest, []byte{0})
	return string(name)
}

func (r Records) get(key string) (any, error) {
	return r.remembered("", key, func() (any, error) { return r.read(key) })
}

func (r Records) read(key string) (any, error) {
	row := r.RowKey(key)
	raw, err := r.raw(key, row)
	if err != nil {
		return nil, err
	}
	return r.decode(row, raw)
}

// raw returns the stored bytes of the record at key and row.
func (r Records) raw(key string, row []byte) ([]byte, error) {
	raw, err := r.tx.kv.Get(row)
	if err == nil && raw == nil {
		err = &missing{table: r.kind.Name, value: key}
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
func (r Records) look(key string) (any, error) {
	row := r.RowKey(key)
	raw, err := r.raw(key, row)
	if err != nil {
		return nil, err
	}
	return r.decodeKnown(row, raw)
}

func (r Records) has(key string) (bool, error) {
	raw, err := r.tx.kv.Get(r.RowKey(key))
	return raw != nil, err
}

func (r Records) find(ix, value string) (any, error) {
	return r.remembered(ix, value, func() (any, error) { return r.readBy(ix, value) })
}

func (r Records) readBy(ix, value string) (any, error) {
	key, found, err := r.firstKeyBy(ix, value)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, &missing{r.kind.Name, ix, value}
	}
	return r.read(key)
}

// firstKeyBy returns the key of the first record whose index ix has value.
func (r Records) firstKeyBy(ix, value string) (key string, found bool, err error) {
	err = r.eachKeyBy(ix, value, func(first []byte) bool {
		key, found = string(first), true
		return false
	})
	return key, found, err
}

// eachKeyBy calls fn with the keys of the records whose index ix has value, in order, until fn returns
// false. A key is valid only during the call.
func (r Records) eachKeyBy(ix, value string, fn func(key []byte) bool) error {
	if strings.ContainsRune(value, 0) { // never stored, see Write
		return nil
	}
	prefix := r.IndexPrefix(ix, value)
	return r.tx.kv.Scan(prefix, keyspace.PrefixEnd(prefix), func(entry, _ []byte) bool { return fn(entry[len(prefix):]) })
}

// by and scan, and list, listBy and rowsAt, are not inlined, because each package that imports this one would
// compile them once for every kind.
//
//go:noinline
func (r Records) by(ix, value string) iter.Seq2[any, error] {
	prefix := r.IndexPrefix(ix, value)
	return r.rememberedAll(ix, value, func(yield func(any, error) bool) {
		if strings.ContainsRune(value, 0) { // never stored, see Write
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

// KeysBy returns the keys of the records whose index ix has value, in order.
func (r Records) KeysBy(ix, value string) (keys []string, err error) {
	err = r.eachKeyBy(ix, value, func(key []byte) bool {
		keys = append(keys, string(key))
		return true
	})
	return keys, err
}

// EachInOrder calls fn with the keys of the records whose value of index ix starts with a text, in the order of
// those values, and with what the entries keep beside, until fn returns false. Both are valid only during the call.
func (r Records) EachInOrder(ix, start string, fn func(key, beside []byte) bool) error {
	prefix := bytes.TrimSuffix(r.IndexPrefix(ix, start), []byte{0})
	return r.tx.kv.Scan(prefix, keyspace.PrefixEnd(prefix), func(entry, beside []byte) bool {
		return fn(entry[bytes.LastIndexByte(entry, 0)+1:], beside)
	})
}

// KeysInOrder returns at most limit keys of the records whose value of index ix starts with a text, in the
// order of those values.
func (r Records) KeysInOrder(ix, start string, limit int) (keys []string, err error) {
	err = r.EachInOrder(ix, start, func(key, _ []byte) bool {
		keys = append(keys, string(key))
		return len(keys) < limit
	})
	return keys, err
}

// Bound deletes one of the records whose value of index ix starts with a text, if there are more of them
// than most: the first in the order of those values.
func (r Records) Bound(ix, start string, most int) error {
	var first string
	n := 0
	err := r.EachInOrder(ix, start, func(key, _ []byte) bool {
		if n++; n == 1 {
			first = string(key)
		}
		return n <= most
	})
	if err != nil || n <= most {
		return err
	}
	return r.Delete(first)
}

// scan yields the records whose keys start with a text, in key order.
//
//go:noinline
func (r Records) scan(start string) iter.Seq2[any, error] {
	prefix := r.RowKey(start)
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

// Delete removes the record at a key; it is not an error if there is none.
func (r Records) Delete(key string) error { return r.DeleteRow(r.RowKey(key)) }

// DeleteAll removes the records at keys.
func (r Records) DeleteAll(keys []string) error {
	for _, key := range keys {
		if err := r.Delete(key); err != nil {
			return err
		}
	}
	return nil
}

// DeleteRow removes the record at the key of a row; it is not an error if there is none.
func (r Records) DeleteRow(row []byte) error {
	raw, err := r.tx.kv.Get(row)
	if err != nil || raw == nil {
		return err
	}
	was, err := r.indexingOf(row, raw)
	if err != nil {
		return err
	}
	key := string(row[len(Prefix(r.kind.Name)):])
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

func (r Records) put(d Document) error {
	v, raw, err := r.kind.Encode(d)
	if err != nil {
		return err
	}
	return r.Write(v, raw)
}

// Document returns the whole record at a key, or an error that wraps ErrNotFound. The caller may change it.
func (r Records) Document(key string) (Document, error) {
	raw, err := r.raw(key, r.RowKey(key))
	if err != nil {
		return nil, err
	}
	var d Document
	return d, json.Unmarshal(raw, &d)
}

// Write writes a record, a pointer to a value of the kind's type, with its stored bytes. It returns an error that
// wraps ErrConflict, before it writes anything, if another record has a value that must be unique.
func (r Records) Write(v any, raw []byte) error {
	key := r.kind.key(v)
	if key == "" || strings.ContainsRune(key, 0) {
		return fmt.Errorf("%s: %q cannot be a key", r.kind.Name, key)
	}
	row := r.RowKey(key)
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
