package objects

import (
	"slices"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// declared are all kinds of objects. They determine what is deleted with an object: the objects whose
// kind has it as the owner, and the objects whose kind refers to it.
var declared []*Kind

// declare adds a kind to declared. Each kind is declared once, in the declaration of its variable.
func declare(k *Kind) *Kind {
	declared = append(declared, k)
	return k
}

// reference says that the objects of a kind refer to an object of another kind.
type reference struct {
	to *Kind
	// value returns the id by which an object refers to the other, "" if it refers to none.
	value func(parent string, doc storage.Document) string
	// as is the member of the other object that holds this value if that is not its id.
	as string
	// index is the index that finds the objects by the value; it is used only for kinds with their
	// own table.
	index string
	// unlinked says that the objects have no link for the value, so that all objects of the kind are
	// searched.
	unlinked bool
}

// by returns a reference through the id that a member holds.
func by(member string, to *Kind) reference {
	return reference{to: to, value: memberValue(member)}
}

// byUnlinked returns such a reference without a link.
func byUnlinked(member string, to *Kind) reference {
	return reference{to: to, value: memberValue(member), unlinked: true}
}

func memberValue(member string) func(string, storage.Document) string {
	return func(_ string, doc storage.Document) string { return storage.Text(doc, member) }
}

// linksOf returns the values by which an object that has no table of its own can be found, whatever
// its parent is.
func linksOf(kind *resource.Kind, parent string, doc storage.Document) (values []string) {
	i := slices.IndexFunc(declared, func(k *Kind) bool { return k.Kind == kind })
	if i < 0 {
		return nil // settings, which are a single document
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

// forget deletes what belongs to a deleted object, and what refers to it.
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

// forgetReferring deletes the objects that refer to another object by a value.
func (k *Kind) forgetReferring(tx *storage.Tx, ref reference, value string) error {
	if k.table == nil {
		if ref.unlinked {
			return tx.DeleteDocuments(k.Name, value, func(doc storage.Document) bool { return ref.value("", doc) == value })
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
