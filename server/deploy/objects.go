package deploy

import (
	"context"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Objects gives access to the objects of a tenant in one transaction, as a caller of Auth0's Management API
// with all scopes has it, but with secrets included and lists complete. What the Management API refuses is
// refused here, with the [*apierr.Error] of its answer. Values are decoded JSON.
type Objects interface {
	// Kind returns the description of the objects at a path.
	Kind(path string) *resource.Kind
	// List returns the complete current list at a place.
	List(p Place) ([]storage.Document, error)
	// Get returns the object at a place, or an error that wraps [storage.ErrNotFound].
	Get(p Place) (any, error)
	// Create adds an object to the list at a place, and returns it as stored. It gets the given id, or a new
	// one if id is "".
	Create(p Place, body any, id string) (any, error)
	// Change changes members of the object at a place, like PATCH, and returns the object as stored.
	Change(p Place, body any) (any, error)
	// Set replaces the object at a place, like PUT, and returns the object as stored.
	Set(p Place, body any) (any, error)
	// Remove removes the items in body from the list at a place.
	Remove(p Place, body any) error
	// Restore adds or replaces an object at a place as a tenant file contains it: with members that only the
	// server writes, and without the checks of requests. Effects of a new object, such as messages, are left
	// out. id is as for Create.
	Restore(p Place, doc storage.Document, id string) (any, error)
}

// Effects are the side effects of changes to objects.
type Effects interface {
	// Settle writes, within the transaction, data that the changes so far have deferred in order to write it
	// only once.
	Settle() error
	// CarryOut carries out the effects outside of the store. It is called after the transaction of the
	// changes is committed, and not within any transaction. If a message cannot be sent, it returns the error
	// and leaves out the remaining effects.
	CarryOut() error
}

// Opener returns the objects of a tenant in a transaction, and the effects of changes to them.
type Opener func(context.Context, *storage.Tx) (Objects, Effects)

// writer is one of the methods of Objects that write to a place.
type writer func(Objects, Place, any) (any, error)

// created adds an object with a new id to the list at a place.
func created(o Objects, p Place, body any) (any, error) { return o.Create(p, body, "") }

// Place is the place of an object or a list: a path of the Management API, and the values of its variables,
// in order. The names of the variables, such as {id}, do not matter.
type Place struct {
	Path   string
	Values []string
}

func at(path string, values ...string) Place { return Place{path, values} }

// one returns the place of an object in the list at a path.
func one(path, id string) Place { return at(path+"/{}", id) }

// below returns the place at a subpath.
func (p Place) below(path string, values ...string) Place {
	return Place{p.Path + path, append(slices.Clip(p.Values), values...)}
}

// String returns the path with the values of the variables filled in.
func (p Place) String() string {
	parts, rest := strings.Split(p.Path, "/"), p.Values
	for i, part := range parts {
		if strings.HasPrefix(part, "{") && len(rest) > 0 {
			parts[i], rest = rest[0], rest[1:]
		}
	}
	return strings.Join(parts, "/")
}
