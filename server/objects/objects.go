// Package objects holds the tenant's objects without HTTP: it creates, changes and deletes
// documents of a kind within a transaction, whoever asks for it. What all kinds have in
// common is here: defaults and times, members that only the server writes, conflicts and
// links. What is special about a kind is said by the hooks of its Collection. What may be
// sent is held against the kind before the transaction, by resource.Kind.Check: nothing
// waits for that.
package objects

import (
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Collection is the objects of a kind in one transaction.
type Collection struct {
	Kind  *resource.Kind
	Store Store
	// Before checks a new or changed object, and completes it: old is nil for a new one.
	// After does what else the change brings along, once the object is written; nil for
	// nothing.
	Before, After func(doc, old storage.Document) error
	// Deleted takes along what depends on an object that is gone; nil for nothing.
	Deleted func(doc storage.Document) error
}

// Find returns the object with an id, or the kind's answer for none.
func (o Collection) Find(id string) (storage.Document, error) {
	doc, err := o.Store.Document(id)
	if storage.IsNotFound(err) {
		return nil, o.Kind.Missing
	}
	return doc, err
}

// Put writes an object as it is, or gives the kind's answer to a conflict.
func (o Collection) Put(doc storage.Document) error {
	err := o.Store.Put(doc)
	if storage.IsConflict(err) && o.Kind.Taken != nil {
		return o.Kind.Taken.With(err)
	}
	return err
}

// Create makes an object of what was sent, and checked, which is the object afterwards. id is the id
// that it is to have, "" for a new one.
func (o Collection) Create(sent storage.Document, id string, now time.Time) error {
	if o.Before != nil {
		if err := o.Before(sent, nil); err != nil {
			return err
		}
	}
	if id != "" {
		sent[o.Kind.ID] = id
	}
	o.Kind.Fill(sent, now)
	return o.keep(sent, nil)
}

// Change changes members of the object with an id, as PATCH does, and returns it as it
// is kept.
func (o Collection) Change(id string, change storage.Document, now time.Time) (storage.Document, error) {
	return o.rewrite(id, func(doc storage.Document) storage.Document {
		o.Kind.Merge(doc, change, now)
		return doc
	})
}

// Replace replaces all of the object with an id that may be changed, as PUT does, and
// keeps what the server made.
func (o Collection) Replace(id string, sent storage.Document, now time.Time) (storage.Document, error) {
	return o.rewrite(id, func(old storage.Document) storage.Document {
		doc := storage.Document{}
		for name, f := range o.Kind.Fields {
			if value, ok := old[name]; ok && f.Access != resource.Writable {
				doc[name] = value
			}
		}
		doc[o.Kind.ID] = old[o.Kind.ID]
		o.Kind.Merge(doc, sent, now)
		o.Kind.Fill(doc, now)
		return doc
	})
}

// rewrite applies a change to the object with an id.
func (o Collection) rewrite(id string, apply func(storage.Document) storage.Document) (storage.Document, error) {
	old, err := o.Find(id)
	if err != nil {
		return nil, err
	}
	doc, err := o.Find(id)
	if err != nil {
		return nil, err
	}
	doc = apply(doc)
	if o.Before != nil {
		if err := o.Before(doc, old); err != nil {
			return nil, err
		}
	}
	return doc, o.keep(doc, old)
}

// keep writes an object and what the change brings along.
func (o Collection) keep(doc, old storage.Document) error {
	if err := o.Put(doc); err != nil || o.After == nil {
		return err
	}
	return o.After(doc, old)
}

// Delete removes the object with an id and what depends on it, and returns it as it was.
func (o Collection) Delete(id string) (storage.Document, error) {
	doc, err := o.Find(id)
	if err != nil {
		return nil, err
	}
	if err := o.Store.Delete(id); err != nil || o.Deleted == nil {
		return doc, err
	}
	return doc, o.Deleted(doc)
}
