// Package objects holds the tenant's objects, independently of HTTP: the rules for each kind
// of object beyond the description of its members, and what a change of an object does. This
// file has what all kinds have in common: defaults and times, members that only the server
// writes, conflicts, links, and what is deleted together with an object. The special rules
// of a kind are in a file of its own, such as clients.go.
//
// A change is made within a transaction, and collects in its Effects what is to be done
// after the commit. Slow work, such as hashing a password or generating a key, is done
// before the transaction, and so is the check of what was sent by resource.Kind.Check.
package objects

import (
	"maps"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Kind is a kind of objects: its members, where its objects are stored, which objects they
// belong to, how they are found, and what a change of one does.
type Kind struct {
	*resource.Kind
	// Owner is the kind that the objects belong to, as credentials belong to an application;
	// nil for none. An object of a kind with an owner has a parent object, which must exist.
	Owner *Kind
	// table opens the table of a kind that has one of its own, because the server acts on
	// its objects. It is nil for all other kinds, which share one table.
	table func(*storage.Tx) Store
	// refers lists the references of an object to objects of other kinds. The object is
	// deleted when one of these objects is deleted, as it is when its owner is.
	refers []reference
	// found returns additional values by which an object can be found, whatever its parent
	// is; nil for none.
	found func(doc storage.Document) []string

	// before checks a new or changed object, and completes it; old is nil for a new one.
	// after makes the other changes that follow from the change, once the object is written.
	before, after func(o Collection, doc, old storage.Document) error
	// deleted removes other things that depend on a deleted object, or returns an error to
	// refuse the deletion.
	deleted func(o Collection, doc storage.Document) error
}

// Open returns the store of the objects with a parent, which is "" for a kind without an
// owner. If the parent does not exist, the error is the owner's Missing.
func (k *Kind) Open(tx *storage.Tx, parent string) (Store, error) {
	if k.Owner != nil {
		if err := k.Owner.Require(tx, parent); err != nil {
			return nil, err
		}
	}
	if k.table != nil {
		return k.table(tx), nil
	}
	return DocumentStoreOf(tx, k.Kind, parent), nil
}

// Find returns the object with an id, or the error k.Missing. The kind must not have an
// owner.
func (k *Kind) Find(tx *storage.Tx, id string) (storage.Document, error) {
	st, err := k.Open(tx, "")
	if err != nil {
		return nil, err
	}
	return k.orMissing(st.Document(id))
}

// Require returns an error if there is no object with an id. The kind must not have an
// owner.
func (k *Kind) Require(tx *storage.Tx, id string) error {
	_, err := k.Find(tx, id)
	return err
}

// orMissing replaces an error that wraps storage.ErrNotFound by k.Missing.
func (k *Kind) orMissing(doc storage.Document, err error) (storage.Document, error) {
	if storage.IsNotFound(err) {
		return nil, k.Missing
	}
	return doc, err
}

// Collection is the objects of a kind with a parent, which may be "", within one change.
type Collection struct {
	*Change
	Kind   *Kind
	Parent string
	Store  Store
	// sent has the members that were sent for the object which is created or changed. A
	// change leaves all other members as they are.
	sent storage.Document
}

// In returns the objects of a kind with a parent, for changing them in ch. parent is "" for
// a kind without an owner.
func (k *Kind) In(ch *Change, parent string) (Collection, error) {
	st, err := k.Open(ch.Tx, parent)
	return Collection{Change: ch, Kind: k, Parent: parent, Store: st}, err
}

// Find returns the object with an id, or the kind's error Missing.
func (o Collection) Find(id string) (storage.Document, error) {
	return o.Kind.orMissing(o.Store.Document(id))
}

// Put writes an object without checks. It returns the kind's error Taken for a conflict.
func (o Collection) Put(doc storage.Document) error {
	err := o.Store.Put(doc)
	if storage.IsConflict(err) && o.Kind.Taken != nil {
		return o.Kind.Taken.With(err)
	}
	return err
}

// Create makes an object from sent, which must have been checked. It completes sent, and
// returns it as the object.
func (o Collection) Create(sent storage.Document) (storage.Document, error) {
	o.sent = maps.Clone(sent)
	if o.Kind.before != nil {
		if err := o.Kind.before(o, sent, nil); err != nil {
			return nil, err
		}
	}
	if o.GivenID != "" {
		sent[o.Kind.ID] = o.GivenID
	}
	o.Kind.Fill(sent, o.Now)
	return sent, o.keep(sent, nil)
}

// Update changes members of an object, as PATCH does, and returns the object as it is
// stored.
func (o Collection) Update(id string, change storage.Document) (storage.Document, error) {
	return o.rewrite(id, change, func(doc storage.Document) storage.Document {
		o.Kind.Merge(doc, change, o.Now)
		return doc
	})
}

// Replace replaces all writable members of an object, as PUT does, and keeps the members
// that the server has set.
func (o Collection) Replace(id string, sent storage.Document) (storage.Document, error) {
	return o.rewrite(id, sent, func(old storage.Document) storage.Document {
		doc := storage.Document{}
		for name, f := range o.Kind.Fields {
			if value, ok := old[name]; ok && f.Access != resource.Writable {
				doc[name] = value
			}
		}
		doc[o.Kind.ID] = old[o.Kind.ID]
		o.Kind.Merge(doc, sent, o.Now)
		o.Kind.Fill(doc, o.Now)
		return doc
	})
}

// rewrite applies a change to an object, and stores it.
func (o Collection) rewrite(id string, sent storage.Document, apply func(storage.Document) storage.Document) (storage.Document, error) {
	o.sent = sent
	old, err := o.Find(id)
	if err != nil {
		return nil, err
	}
	doc, err := o.Find(id)
	if err != nil {
		return nil, err
	}
	doc = apply(doc)
	if o.Kind.before != nil {
		if err := o.Kind.before(o, doc, old); err != nil {
			return nil, err
		}
	}
	return doc, o.keep(doc, old)
}

// keep writes an object, and then calls the kind's after.
func (o Collection) keep(doc, old storage.Document) error {
	if err := o.Put(doc); err != nil || o.Kind.after == nil {
		return err
	}
	return o.Kind.after(o, doc, old)
}

// Delete deletes an object and what depends on it, and returns the deleted object.
func (o Collection) Delete(id string) (storage.Document, error) {
	doc, err := o.Find(id)
	if err != nil {
		return nil, err
	}
	if err := o.Store.Delete(id); err != nil {
		return doc, err
	}
	if o.Kind.deleted != nil {
		if err := o.Kind.deleted(o, doc); err != nil {
			return doc, err
		}
	}
	return doc, o.Kind.forget(o.Tx, doc)
}
