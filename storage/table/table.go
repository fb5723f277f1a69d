package table

import (
	"encoding/json"
	"iter"
)

// Records are the records of a kind in one transaction, without their type: it implements Table and Resources.
type Records struct {
	tx   *Tx
	kind *Kind
}

// Of returns the records of a kind.
func (tx *Tx) Of(k *Kind) Records { return Records{tx, k} }

// Kind returns the kind of the records.
func (r Records) Kind() *Kind { return r.kind }

// Table is a kind of record that the server itself writes.
type Table[T any] struct{ records Records } // not embedded, because each package would then compile all its methods

// New returns the table of a kind in a transaction.
func New[T any](tx *Tx, k KindOf[T]) Table[T] { return Table[T]{Records{tx, k.Kind}} }

// Resources is a kind of record that the Management API describes. It is written as a Document, which
// keeps every member, and read as a T, which has only the members that the server acts on.
type Resources[T any] struct{ records Records }

// NewResources returns the resources of a kind in a transaction.
func NewResources[T any](tx *Tx, k KindOf[T]) Resources[T] { return Resources[T]{Records{tx, k.Kind}} }

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
func (t Table[T]) All() iter.Seq2[T, error] { return t.Starting("") }

// Starting yields the records whose keys start with a text, as All does.
func (t Table[T]) Starting(start string) iter.Seq2[T, error] { return all[T](t.records.scan(start)) }

// Mentioning yields the records whose keys start with a text, as All does, and in which one of the values occurs as a
// string, in any member. It decodes no others, which makes it much faster than All where few records are left. For
// more than eight values it yields all those records. So the caller has to look at the member that it means.
func (t Table[T]) Mentioning(start string, values ...string) iter.Seq2[T, error] {
	return all[T](t.records.mentioning(start, values))
}

// Delete removes the record at key; it is not an error if there is none.
func (t Table[T]) Delete(key string) error { return t.records.Delete(key) }

// Put writes the record. It returns an error that wraps ErrConflict, before it writes anything, if another
// record has a value that must be unique. Later readers may share what the record refers to, so the caller
// must not change it any more.
func (t Table[T]) Put(v T) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return t.records.Write(&v, raw)
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

// Mentioning yields the records in which one of the values occurs as a string, in any member, as that of a Table does.
func (t Resources[T]) Mentioning(values ...string) iter.Seq2[T, error] {
	return all[T](t.records.mentioning("", values))
}

// Delete removes the record at key; it is not an error if there is none.
func (t Resources[T]) Delete(key string) error { return t.records.Delete(key) }

// Put writes the document. It returns an error that wraps ErrConflict, before it writes anything, if
// another record has a value that must be unique.
func (t Resources[T]) Put(d Document) error { return t.records.put(d) }

// Document returns the whole record at key, or an error that wraps ErrNotFound. The caller may change it.
func (t Resources[T]) Document(key string) (Document, error) { return t.records.Document(key) }

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
