package objects

import (
	"iter"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Store is where the objects of a kind are kept.
type Store interface {
	// Document returns the document with an id, or an error that wraps
	// storage.ErrNotFound.
	Document(id string) (storage.Document, error)
	// Put writes a document, or returns an error that wraps storage.ErrConflict.
	Put(doc storage.Document) error
	Delete(id string) error
	Lister
}

// Lister is where documents are that can be listed.
type Lister interface {
	// List is the documents in the order in which they were made.
	List() storage.List
}

// Indexed is a Lister with lists of the documents that have a value.
type Indexed interface {
	// ListBy is the documents that an index leads to by a value.
	ListBy(ix, value string) storage.List
}

// Acted keeps a kind that the server acts on in a table of its own.
type Acted[T any] struct{ storage.Resources[T] }

// Plain keeps a kind that is configuration alone among all others of that sort.
type Plain struct {
	storage.Documents
	Kind   *resource.Kind
	parent string
}

// PlainOf returns the objects of a kind that belong to a parent, "" for none.
func PlainOf(tx *storage.Tx, kind *resource.Kind, parent string) Plain {
	return Plain{Documents: tx.Documents(kind.Name, parent), Kind: kind, parent: parent}
}

// Put implements Store.
func (p Plain) Put(doc storage.Document) error {
	id, _ := doc[p.Kind.ID].(string)
	w := storage.Write{ID: id, Document: doc, Links: linksOf(p.Kind, p.parent, doc)}
	for _, name := range p.Kind.Unique {
		if value, ok := doc[name].(string); ok {
			w.Unique = append(w.Unique, key(name, value))
		}
	}
	return p.Documents.Put(w)
}

// key joins what an object is found by.
func key(parts ...string) string { return strings.Join(parts, "\x01") }

// collect takes all documents of a list: what is read is written only once the list is read.
func collect(list iter.Seq2[storage.Document, error]) (all []storage.Document, err error) {
	for doc, err := range list {
		if err != nil {
			return nil, err
		}
		all = append(all, doc)
	}
	return all, nil
}
