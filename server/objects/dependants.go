package objects

import (
	"slices"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// declared are all kinds, by the descriptions of their members. What goes with an object
// that is deleted follows from it: the objects whose kind says that it is their owner, and
// those whose kind says that they refer to it.
var declared []*Kind

// declare makes a kind known. Every kind is declared once, where its variable is.
func declare(k *Kind) *Kind {
	declared = append(declared, k)
	return k
}

// reference says that objects of a kind refer to an object of another kind.
type reference struct {
	to *Kind
	// value is what an object refers to the other by, "" for none: the id of the other.
	value func(parent string, doc storage.Document) string
	// as is the member of the other object that has that value, where it is not its id.
	as string
	// index is the index of the kind's table that leads from the value to the objects, of a
	// kind with a table.
	index string
	// unlinked says that no link leads to the objects, so that all of the kind are looked at.
	unlinked bool
}

// by is a reference by the id that a member holds.
func by(member string, to *Kind) reference {
	return reference{to: to, value: memberValue(member)}
}

// byUnlinked is such a reference that no link leads to.
func byUnlinked(member string, to *Kind) reference {
	return reference{to: to, value: memberValue(member), unlinked: true}
}

func memberValue(member string) func(string, storage.Document) string {
	return func(_ string, doc storage.Document) string { return storage.Text(doc, member) }
}

// linksOf are the values that lead to an object without a table of its own, in whatever parent it is.
func linksOf(kind *resource.Kind, parent string, doc storage.Document) (values []string) {
	i := slices.IndexFunc(declared, func(k *Kind) bool { return k.Kind == kind })
	if i < 0 {
		return nil // settings, of which there is one document
	}
	k := declared[i]
	for _, ref := range k.refers {
		if value := ref.value(parent, doc); value != "" && !ref.unlinked {
			values = append(values, value)
		}
	}
	if k.found != nil {
		values = append(values, k.found(doc)...)
	}
	return values
}

// forget removes what belongs to an object that is gone, and what refers to it.
func (k *Kind) forget(tx *storage.Tx, gone storage.Document) error {
	id := storage.Text(gone, k.ID)
	for _, other := range declared {
		if other.Owner == k {
			if err := tx.Documents(other.Name, id).DeleteAll(); err != nil {
				return err
			}
		}
		for _, ref := range other.refers {
			if ref.to != k {
				continue
			}
			value := id
			if ref.as != "" {
				value = storage.Text(gone, ref.as)
			}
			if err := other.forgetReferring(tx, ref, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetReferring removes the objects that refer to another by a value.
func (k *Kind) forgetReferring(tx *storage.Tx, ref reference, value string) error {
	if k.table == nil {
		if ref.unlinked {
			return tx.DeleteDocuments(k.Name, func(doc storage.Document) bool { return ref.value("", doc) == value })
		}
		return tx.DeleteLinked(value, k.Name)
	}
	st := k.table(tx)
	referring, err := collect(st.(Indexed).ListBy(ref.index, value).Documents())
	if err != nil {
		return err
	}
	for _, doc := range referring {
		if err := st.Delete(storage.Text(doc, k.ID)); err != nil {
			return err
		}
		if err := k.forget(tx, doc); err != nil {
			return err
		}
	}
	return nil
}
