package table

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Kinds whose lists are in the order of creation store a place for each record, a
// number that only grows. Two index entries hold it: "i/" table 0 "order" 0 place
// (8 bytes) -> key, and "i/" table 0 "place" 0 key -> place.

// Row is one stored record of a list.
type Row struct {
	// Place sorts the record among the others of the list. It does not change when
	// the record does.
	Place string
	Key   string
	JSON  []byte // valid until the transaction ends
}

// Document decodes the row.
func (r Row) Document() (doc Document, err error) {
	if err := json.Unmarshal(r.JSON, &doc); err != nil {
		return nil, fmt.Errorf("record %q: %w: %w", r.Key, keyspace.ErrDamaged, err)
	}
	return doc, nil
}

func (r Records) orderPrefix() []byte { return []byte("i/" + r.kind.Name + "\x00order\x00") }

func (r Records) placeKey(key string) []byte {
	return []byte("i/" + r.kind.Name + "\x00place\x00" + key)
}

// line gives a new record the last place.
func (r Records) line(key string) error {
	if !r.kind.ordered {
		return nil
	}
	prefix := r.orderPrefix()
	var last uint64
	err := r.tx.kv.ScanBack(prefix, keyspace.PrefixEnd(prefix), func(entry, _ []byte) bool {
		last = binary.BigEndian.Uint64(entry[len(prefix):])
		return false
	})
	if err != nil {
		return err
	}
	place := binary.BigEndian.AppendUint64(nil, last+1)
	if err := r.tx.kv.Put(append(prefix, place...), []byte(key)); err != nil {
		return err
	}
	return r.tx.kv.Put(r.placeKey(key), place)
}

// leave removes the place of a deleted record.
func (r Records) leave(key string) error {
	if !r.kind.ordered {
		return nil
	}
	place, err := r.tx.kv.Get(r.placeKey(key))
	if err != nil || place == nil {
		return err
	}
	if err := r.tx.kv.Delete(append(r.orderPrefix(), place...)); err != nil {
		return err
	}
	return r.tx.kv.Delete(r.placeKey(key))
}

// Rows yields every record in the order of creation. The sequence ends after an
// error. Records written while it runs may or may not be seen.
func (t Resources[T]) Rows() iter.Seq2[Row, error] { return t.RowsAfter("") }

// RowsAfter yields the rows of Rows that follow a place.
func (t Resources[T]) RowsAfter(place string) iter.Seq2[Row, error] {
	return t.List().Rows(place, 0)
}

func (r Records) rowAt(place []byte, key string) (Row, error) {
	raw, err := r.tx.kv.Get(r.RowKey(key))
	if err == nil && raw == nil {
		err = fmt.Errorf("%s %q has a place and is not there: %w", r.kind.Name, key, keyspace.ErrDamaged)
	}
	return Row{hex.EncodeToString(place), key, raw}, err
}

// RowsAt yields the records with the given keys, in the order of creation. Keys
// without a record are left out.
func (t Resources[T]) RowsAt(keys []string) iter.Seq2[Row, error] { return t.records.rowsAt(keys) }

//go:noinline
func (r Records) rowsAt(keys []string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var rows []Row
		for _, key := range keys {
			place, err := r.tx.kv.Get(r.placeKey(key))
			if err != nil {
				yield(Row{}, err)
				return
			}
			if place == nil {
				continue
			}
			row, err := r.rowAt(place, key)
			if err != nil {
				yield(row, err)
				return
			}
			rows = append(rows, row)
		}
		slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a.Place, b.Place) })
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// Documents yields the same records as Rows, decoded.
func (t Resources[T]) Documents() iter.Seq2[Document, error] { return decoded(t.Rows()) }

//go:noinline
func decoded(rows iter.Seq2[Row, error]) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		for row, err := range rows {
			var doc Document
			if err == nil {
				doc, err = row.Document()
			}
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}
