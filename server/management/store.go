package management

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// store is where the documents of a resource are kept.
type store interface {
	// Document returns the document with an id, or an error that wraps
	// storage.ErrNotFound.
	Document(id string) (storage.Document, error)
	// Put writes a document, or returns an error that wraps storage.ErrConflict.
	Put(doc storage.Document) error
	Delete(id string) error
	lister
}

// lister is where documents are that can be listed.
type lister interface {
	// List is the documents in the order in which they were made.
	List() storage.List
}

// indexed is a lister with lists of the documents that have a value.
type indexed interface {
	// ListBy is the documents that an index leads to by a value.
	ListBy(ix, value string) storage.List
}

// acted keeps a kind that the server acts on in a table of its own.
type acted[T any] struct{ storage.Resources[T] }

// plain keeps a kind that is configuration alone among all others of that sort.
type plain struct {
	storage.Documents
	kind  *resource.Kind
	links func(storage.Document) []string
}

// Put implements store.
func (p plain) Put(doc storage.Document) error {
	id, _ := doc[p.kind.ID].(string)
	w := storage.Write{ID: id, Document: doc}
	for _, name := range p.kind.Unique {
		if value, ok := doc[name].(string); ok {
			w.Unique = append(w.Unique, name+"\x01"+value)
		}
	}
	if p.links != nil {
		w.Links = p.links(doc)
	}
	return p.Documents.Put(w)
}

// plain returns the documents of a kind that belong to a parent, "" for none.
func (c *call) plain(tx *storage.Tx, kind *resource.Kind, parent string) plain {
	return plain{Documents: tx.Documents(kind.Name, parent), kind: kind}
}
