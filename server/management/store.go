package management

import (
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Where the objects of resources are, see package objects.
type (
	store        = objects.Store
	lister       = objects.Lister
	indexed      = objects.Indexed
	acted[T any] = objects.Acted[T]
	plain        = objects.Plain
)

// plain returns the documents of a kind that belong to a parent, "" for none.
func (c *call) plain(tx *storage.Tx, kind *resource.Kind, parent string) plain {
	return objects.PlainOf(tx, kind, parent)
}
