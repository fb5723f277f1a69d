package table

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// A list holds some records of a kind in a fixed order: all records of an ordered kind,
// those with a value of a listed index, or those with one name (Spec.List). Its length
// is stored at "i/" table 0 "count" 0 list -> number (decimal), so that reading the length
// or one page takes no longer for a long list than for a short one. Ordered kinds also
// store the places in each list of a listed index: "i/" table 0 "listed" 0 list 0 place ->
// key.

// wholeList is the name of the list of all records of an ordered kind.
const wholeList = ""

func listOf(ix, value string) string { return ix + "\x00" + value }

// lists returns the names of the lists that contain a record.
func (k *Kind) lists(v any) (names []string) {
	if k.ordered {
		names = append(names, wholeList)
	}
	if k.list != nil {
		names = append(names, k.list(v))
	}
	for _, ix := range k.indexes {
		if !ix.listed {
			continue
		}
		for _, value := range ix.values(v) {
			names = append(names, listOf(ix.name, value))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (r Records) listPart(part string) []byte {
	return []byte("i/" + r.kind.Name + "\x00" + part + "\x00")
}

func (r Records) countKey(list string) []byte {
	return append(r.listPart("count"), list...)
}

func (r Records) listedPrefix(list string) []byte {
	return append(r.listPart("listed"), list+"\x00"...)
}

// relist moves a record from the lists that contained it to those that contain it now.
func (r Records) relist(key string, was, is []string) error {
	for _, list := range was {
		if !slices.Contains(is, list) {
			if err := r.enlist(key, list, -1); err != nil {
				return err
			}
		}
	}
	for _, list := range is {
		if !slices.Contains(was, list) {
			if err := r.enlist(key, list, +1); err != nil {
				return err
			}
		}
	}
	return nil
}

// enlist adds a record to a list (by is 1) or removes it from the list (by is -1). The
// record keeps its place among all records of its kind while it is in any list.
func (r Records) enlist(key, list string, by int) error {
	count, err := r.count(list)
	if err != nil {
		return err
	}
	if count += by; count > 0 {
		err = r.tx.kv.Put(r.countKey(list), strconv.AppendInt(nil, int64(count), 10))
	} else {
		err = r.tx.kv.Delete(r.countKey(list))
	}
	if err != nil || !r.kind.ordered || list == wholeList {
		return err
	}
	place, err := r.tx.kv.Get(r.placeKey(key))
	if err != nil || place == nil {
		return err
	}
	entry := append(r.listedPrefix(list), place...)
	if by > 0 {
		return r.tx.kv.Put(entry, []byte(key))
	}
	return r.tx.kv.Delete(entry)
}

// count is the number of records in a list.
func (r Records) count(list string) (int, error) {
	raw, err := r.tx.kv.Get(r.countKey(list))
	if err != nil || raw == nil {
		return 0, err
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil {
		return 0, fmt.Errorf("the number of %s in %q is %q: %w", r.kind.Name, list, raw, keyspace.ErrDamaged)
	}
	return n, nil
}

// Recount rebuilds the lists of a kind from its records.
func (r Records) Recount() error {
	for _, part := range []string{"count", "listed"} {
		if err := r.deleteEntries(r.listPart(part)); err != nil {
			return err
		}
	}
	for v, err := range r.scan("") {
		if err != nil {
			return err
		}
		if err := r.relist(r.kind.key(v), nil, r.kind.lists(v)); err != nil {
			return err
		}
	}
	return nil
}

// List is a list of records. A page of it can be read without reading the rest.
type List struct {
	records Records
	name    string
	// prefix is the beginning of the list's keys, which a record's place follows; nil for a
	// list that is always empty.
	prefix []byte
	// numbered says that places are numbers, which a Row shows in hexadecimal.
	numbered bool
	// counted says that the length of the list is stored.
	counted bool
	row     func(place, value []byte) (Row, error)
}

// List contains all records, in the order of their creation.
func (t Resources[T]) List() List { return t.records.list() }

// ListBy contains the records whose index ix has value: in the order of their creation if
// the index is listed, otherwise in key order.
func (t Resources[T]) ListBy(ix, value string) List { return t.records.listBy(ix, value) }

// ListBy contains the records whose index ix has value, in key order.
func (t Table[T]) ListBy(ix, value string) List { return t.records.listBy(ix, value) }

//go:noinline
func (r Records) list() List {
	return List{records: r, name: wholeList, prefix: r.orderPrefix(), numbered: true, counted: true, row: r.rowOf}
}

//go:noinline
func (r Records) listBy(ix, value string) List {
	if strings.ContainsRune(value, 0) { // never stored, see write
		return List{records: r}
	}
	l := List{records: r, name: listOf(ix, value), prefix: r.IndexPrefix(ix, value)}
	l.row = func(place, _ []byte) (Row, error) {
		raw, err := r.tx.kv.Get(r.RowKey(string(place)))
		return Row{string(place), string(place), raw}, err
	}
	l.counted = slices.ContainsFunc(r.kind.indexes, func(k kindIndex) bool { return k.name == ix && k.listed })
	if l.counted && r.kind.ordered {
		l.prefix, l.numbered, l.row = r.listedPrefix(l.name), true, r.rowOf
	}
	return l
}

// rowOf returns the Row for an entry of an ordered list.
func (r Records) rowOf(place, key []byte) (Row, error) { return r.rowAt(place, string(key)) }

// Named returns the list with a name (Spec.List), in key order. The keys of its records, and of no others, begin with
// start, which their places follow; show turns a record into a Row.
func (t Table[T]) Named(name, start string, show func(T) Row) List {
	return t.records.named(name, start, func(record any) Row { return show(*record.(*T)) })
}

func (r Records) named(name, start string, show func(record any) Row) List {
	return List{
		records: r, name: name, prefix: r.RowKey(start), counted: true,
		row: func(place, raw []byte) (Row, error) {
			record, err := r.decodeListed(r.RowKey(start+string(place)), raw)
			if err != nil {
				return Row{}, err
			}
			return show(record), nil
		},
	}
}

// Showing returns the list with each row replaced by what show makes of it.
func (l List) Showing(show func(Row) (Row, error)) List {
	row := l.row
	l.row = func(place, value []byte) (Row, error) {
		r, err := row(place, value)
		if err != nil {
			return r, err
		}
		return show(r)
	}
	return l
}

// Count returns the number of records in the list.
func (l List) Count() (n int, err error) {
	if l.prefix == nil {
		return 0, nil
	}
	if l.counted {
		return l.records.count(l.name)
	}
	err = l.records.tx.kv.Scan(l.prefix, keyspace.PrefixEnd(l.prefix), func(_, _ []byte) bool {
		n++
		return true
	})
	return n, err
}

// Rows yields the records of the list that follow the place after ("" for the beginning),
// leaving out the first skip of them. The sequence ends after an error. Records written
// while it runs may or may not be seen.
func (l List) Rows(after string, skip int) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		from, err := l.start(after, skip)
		if err != nil {
			yield(Row{}, err)
		}
		if err != nil || from == nil {
			return
		}
		for entry, err := range keyspace.Forward(l.records.tx.kv, from, keyspace.PrefixEnd(l.prefix)) {
			var row Row
			if err == nil {
				row, err = l.row(entry.Key[len(l.prefix):], entry.Value)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// Documents yields the documents of the list. The sequence ends after an error.
func (l List) Documents() iter.Seq2[Document, error] { return decoded(l.Rows("", 0)) }

// start returns a key from which Rows reads: that of its first row, or a key between that
// row and the one before it; nil if there is no such row. The values of skipped rows are
// not read.
func (l List) start(after string, skip int) (from []byte, err error) {
	from = l.prefix
	if place := l.behind(after); place != nil {
		from = slices.Concat(l.prefix, place, []byte{0})
	}
	if skip <= 0 || from == nil {
		return from, nil
	}
	var found []byte
	err = l.records.tx.kv.Scan(from, keyspace.PrefixEnd(l.prefix), func(key, _ []byte) bool {
		if skip == 0 {
			found = bytes.Clone(key)
		}
		skip--
		return found == nil
	})
	return found, err
}

// behind converts a Row's place to the form that keys have, nil if there is none.
func (l List) behind(place string) []byte {
	if place == "" {
		return nil
	}
	if !l.numbered {
		return []byte(place)
	}
	number, err := hex.DecodeString(place)
	if err != nil || len(number) != 8 {
		return nil
	}
	return number
}
