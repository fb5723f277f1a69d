package objects

import (
	"iter"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Store stores the objects of a kind.
type Store interface {
	// Document returns the document with an id, or an error that wraps
	// storage.ErrNotFound.
	Document(id string) (storage.Document, error)
	// Put writes a document, or returns an error that wraps storage.ErrConflict.
	Put(doc storage.Document) error
	Delete(id string) error
	Lister
}

// Lister lists documents.
type Lister interface {
	// List returns the documents in the order in which they were created.
	List() storage.List
}

// Indexed lists the documents that an index finds.
type Indexed interface {
	// ListBy returns the documents that an index finds for a value.
	ListBy(ix, value string) storage.List
}

// TableStore is the Store of a kind that has its own table because the server acts on its
// objects.
type TableStore[T any] struct{ storage.Resources[T] }

// DocumentStore is the Store of a kind that is only configuration. All such kinds share one table.
type DocumentStore struct {
	storage.Documents
	Kind   *resource.Kind
	parent string
}

// DocumentStoreOf returns the objects of a kind with a parent, which is "" for none.
func DocumentStoreOf(tx *storage.Tx, kind *resource.Kind, parent string) DocumentStore {
	return DocumentStore{Documents: tx.Documents(kind.Name, parent), Kind: kind, parent: parent}
}

// Put implements Store.
func (p DocumentStore) Put(doc storage.Document) error {
	id, _ := doc[p.Kind.ID].(string)
	w := storage.Write{ID: id, Document: doc, Links: linksOf(p.Kind, p.parent, doc)}
	for _, name := range p.Kind.Unique {
		if value, ok := doc[name].(string); ok {
			w.Unique = append(w.Unique, key(name, value))
		}
	}
	return p.Documents.Put(w)
}

// key joins parts to a value by which an object is found.
func key(parts ...string) string { return strings.Join(parts, "\x01") }

// collect reads all documents of a list, since nothing may be written while the list is
// being read.
func collect(list iter.Seq2[storage.Document, error]) (all []storage.Document, err error) {
	for doc, err := range list {
		if err != nil {
			return nil, err
		}
		all = append(all, doc)
	}
	return all, nil
}
