package objects

import (
	"fmt"
	"testing"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
)

// TestDependantsGoAlong: for every kind whose objects belong to or refer to others, it stores an object that
// depends on another and an independent one, deletes the other object, and checks that only the dependent one
// is deleted with it.
func TestDependantsGoAlong(t *testing.T) {
	const gone, stays = "gone", "stays"
	// of returns an object with every member by which a kind can refer to another, and its parent.
	of := func(value string) (parent string, doc storage.Document) {
		doc = storage.Document{}
		for _, member := range []string{"id", "client_id", "connection_id", "user_id", "grant_id", "action_id", "audience"} {
			doc[member] = value
		}
		return storage.MemberOf(value, value), doc
	}
	seen := 0
	for _, kind := range declared {
		relations := map[string]func(tx *storage.Tx) error{}
		if kind.Owner != nil {
			relations["belongs to "+kind.Owner.Name] = func(tx *storage.Tx) error {
				return kind.Owner.forget(tx, storage.Document{kind.Owner.ID: gone})
			}
		}
		for _, ref := range kind.refers {
			relations["refers to "+ref.to.Name] = func(tx *storage.Tx) error {
				to := storage.Document{ref.to.ID: gone}
				if ref.as != "" {
					to = storage.Document{ref.to.ID: "another value", ref.as: gone}
				}
				if got := ref.value(of(gone)); got != gone {
					return fmt.Errorf("the object here has %q for what it refers to: the test lacks a member", got)
				}
				return ref.to.forget(tx, to)
			}
		}
		for relation, forget := range relations {
			seen++
			t.Run(kind.Name+" "+relation, func(t *testing.T) {
				db, err := storage.Open(memory.New())
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = db.Close() }()
				err = db.Update(t.Context(), func(tx *storage.Tx) error {
					stores := map[string]Store{}
					for _, value := range []string{gone, stays} {
						parent, doc := of(value)
						if kind.Owner != nil {
							parent = value
						}
						doc[kind.ID] = value
						st := Store(DocumentStoreOf(tx, kind.Kind, parent))
						if kind.table != nil {
							st = kind.table(tx)
						}
						if err := st.Put(doc); err != nil {
							return err
						}
						stores[value] = st
					}
					if err := forget(tx); err != nil {
						return err
					}
					if _, err := stores[gone].Document(gone); !storage.IsNotFound(err) {
						t.Errorf("it did not go along: %v", err)
					}
					if _, err := stores[stays].Document(stays); err != nil {
						t.Errorf("what has nothing to do with it: %v", err)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			})
		}
	}
	if seen == 0 {
		t.Error("no kind belongs or refers to another")
	}
}

// TestAKindIsDeclaredOnce checks that no two declarations have the same name, and that the kinds
// that a kind belongs to or refers to are declared too.
func TestAKindIsDeclaredOnce(t *testing.T) {
	names := map[string]bool{}
	known := map[*Kind]bool{}
	for _, kind := range declared {
		if names[kind.Name] {
			t.Errorf("%s is declared twice", kind.Name)
		}
		names[kind.Name], known[kind] = true, true
	}
	for _, kind := range declared {
		if kind.Owner != nil && !known[kind.Owner] {
			t.Errorf("%s belongs to a kind that is not declared", kind.Name)
		}
		for _, ref := range kind.refers {
			if !known[ref.to] {
				t.Errorf("%s refers to a kind that is not declared", kind.Name)
			}
		}
	}
}
