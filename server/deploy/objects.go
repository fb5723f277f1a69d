package deploy

import (
	"context"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Objects are the objects of a tenant in one transaction, as those have them who may do
// everything: with their secrets, and lists whole. What Auth0's Management API refuses is
// refused here, with the [*apierr.Error] of its answer. Values are those of JSON.
type Objects interface {
	// Kind describes what is at a path.
	Kind(path string) *resource.Kind
	// List returns all of the list at a place, as it is now.
	List(p Place) ([]storage.Document, error)
	// Get returns what is at a place, or an error that wraps [storage.ErrNotFound].
	Get(p Place) (any, error)
	// Create adds an object to the list at a place, and returns it as it is kept. id is the
	// id that it is to have, "" for a new one.
	Create(p Place, body any, id string) (any, error)
	// Change changes members of what is at a place, and returns it as it is kept.
	Change(p Place, body any) (any, error)
	// Set makes what is at a place what it is given, and returns it as it is kept.
	Set(p Place, body any) (any, error)
	// Remove removes from the list at a place what it is given.
	Remove(p Place, body any) error
	// Restore adds an object to the list at a place, or makes it what is there, as a tenant
	// file has it: with the members that only the server writes, and without the checks of
	// what is sent. What goes with a new one, such as a message, is left out. id is that of
	// Create.
	Restore(p Place, doc storage.Document, id string) (any, error)
}

// Effects are what changes of objects bring about besides them.
type Effects interface {
	// Settle writes, in the transaction, what the changes so far have left to write once for
	// all of them.
	Settle() error
	// CarryOut brings about what is outside of the store. It is called once the transaction of the changes is kept,
	// and outside of any. An error is that of a message that could not be sent; what comes
	// after it is not done.
	CarryOut() error
}

// Opener gives the objects of a tenant in a transaction, and the effects of what is
// changed in them.
type Opener func(context.Context, *storage.Tx) (Objects, Effects)

// writer is one of the ways to write to a place.
type writer func(Objects, Place, any) (any, error)

// created adds an object with an id of its own to the list at a place.
func created(o Objects, p Place, body any) (any, error) { return o.Create(p, body, "") }

// Place is where a tenant has an object or a list: a path as that of the Management API,
// and the values of the variables in it, in their order. What a variable is called, such
// as {id}, means nothing.
type Place struct {
	Path   string
	Values []string
}

func at(path string, values ...string) Place { return Place{path, values} }

// one is the place of one object of a list.
func one(path, id string) Place { return at(path+"/{}", id) }

// below is a place whose path goes on.
func (p Place) below(path string, values ...string) Place {
	return Place{p.Path + path, append(slices.Clip(p.Values), values...)}
}

// String is the path with the values in it, as reports have it.
func (p Place) String() string {
	parts, rest := strings.Split(p.Path, "/"), p.Values
	for i, part := range parts {
		if strings.HasPrefix(part, "{") && len(rest) > 0 {
			parts[i], rest = rest[0], rest[1:]
		}
	}
	return strings.Join(parts, "/")
}
