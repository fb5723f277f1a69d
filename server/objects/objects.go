// Package objects holds the tenant's objects without HTTP: it says what an object is beyond
// the description of its members, and what a change of one means. What all kinds have in
// common is in this file: defaults and times, members that only the server writes,
// conflicts, links, and what goes with an object that is deleted. What is special about a
// kind is said in a file of its own, such as clients.go.
//
// A change is made within a transaction, and says in its Effects what is to be done once
// that is kept. What is slow, as hashing a password or making a key, is done before the
// transaction. What may be sent is held against the kind before it, too, by
// resource.Kind.Check: nothing waits for that.
package objects

import (
	"maps"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Kind is a kind of objects: what its members are, where the objects are kept, what they
// belong to, what they are found by, and what a change of one means.
type Kind struct {
	*resource.Kind
	// Owner is the kind of what the objects belong to, as credentials do to an application;
	// nil for none. An object of a kind with an owner has a parent, which has to be there.
	Owner *Kind
	// table opens the table of a kind that the server acts on. All other kinds are kept in
	// one table: nil.
	table func(*storage.Tx) Store
	// refers says which objects of other kinds an object refers to. It goes when one of them
	// does, as it goes with what it belongs to.
	refers []reference
	// found gives further values by which an object is found, in whatever parent it is; nil
	// for none.
	found func(doc storage.Document) []string

	// before checks a new or changed object, and completes it: old is nil for a new one.
	// after does what else the change brings along, once the object is written.
	before, after func(o Collection, doc, old storage.Document) error
	// deleted takes along what else depends on an object that is gone, or refuses.
	deleted func(o Collection, doc storage.Document) error
}

// Open returns where the objects of a kind are kept that belong to a parent, "" for a kind
// that has no owner. Where the parent is not there the error is the owner's answer.
func (k *Kind) Open(tx *storage.Tx, parent string) (Store, error) {
	if k.Owner != nil {
		if err := k.Owner.Require(tx, parent); err != nil {
			return nil, err
		}
	}
	if k.table != nil {
		return k.table(tx), nil
	}
	return PlainOf(tx, k.Kind, parent), nil
}

// Find returns the object with an id, or the kind's answer for none. It is of a kind that
// has no owner.
func (k *Kind) Find(tx *storage.Tx, id string) (storage.Document, error) {
	st, err := k.Open(tx, "")
	if err != nil {
		return nil, err
	}
	return k.orMissing(st.Document(id))
}

// Require sees that there is an object with an id, of a kind that has no owner.
func (k *Kind) Require(tx *storage.Tx, id string) error {
	_, err := k.Find(tx, id)
	return err
}

// orMissing is a document that was looked for, or the kind's answer for none.
func (k *Kind) orMissing(doc storage.Document, err error) (storage.Document, error) {
	if storage.IsNotFound(err) {
		return nil, k.Missing
	}
	return doc, err
}

// Collection is the objects of a kind that belong to a parent, "" for none, in one change.
type Collection struct {
	*Change
	Kind   *Kind
	Parent string
	Store  Store
	// sent is what was sent of the object that is created or changed: what it holds and is
	// not asked for is not changed.
	sent storage.Document
}

// In returns the objects of a kind that belong to a parent, "" for a kind that has no
// owner, for a change of them.
func (k *Kind) In(ch *Change, parent string) (Collection, error) {
	st, err := k.Open(ch.Tx, parent)
	return Collection{Change: ch, Kind: k, Parent: parent, Store: st}, err
}

// Find returns the object with an id, or the kind's answer for none.
func (o Collection) Find(id string) (storage.Document, error) {
	return o.Kind.orMissing(o.Store.Document(id))
}

// Put writes an object as it is, or gives the kind's answer to a conflict.
func (o Collection) Put(doc storage.Document) error {
	err := o.Store.Put(doc)
	if storage.IsConflict(err) && o.Kind.Taken != nil {
		return o.Kind.Taken.With(err)
	}
	return err
}

// Create makes an object of what was sent, and checked, which is the object afterwards.
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

// Update changes members of the object with an id, as PATCH does, and returns it as it
// is kept.
func (o Collection) Update(id string, change storage.Document) (storage.Document, error) {
	return o.rewrite(id, change, func(doc storage.Document) storage.Document {
		o.Kind.Merge(doc, change, o.Now)
		return doc
	})
}

// Replace replaces all of the object with an id that may be changed, as PUT does, and
// keeps what the server made.
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

// rewrite applies a change to the object with an id.
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

// keep writes an object and what the change brings along.
func (o Collection) keep(doc, old storage.Document) error {
	if err := o.Put(doc); err != nil || o.Kind.after == nil {
		return err
	}
	return o.Kind.after(o, doc, old)
}

// Delete removes the object with an id and what depends on it, and returns it as it was.
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
