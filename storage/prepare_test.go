package storage_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/tenant0/tenant0/storage"
)

// role returns an update that writes a role with a name.
func role(id, name string) func(*storage.Tx) error {
	return func(tx *storage.Tx) error { return tx.Roles.Put(storage.Document{"id": id, "name": name}) }
}

func roleNames(tx *storage.Tx) (names []string, err error) {
	for r, err := range tx.Roles.All() {
		if err != nil {
			return nil, err
		}
		names = append(names, r.Name)
	}
	return names, nil
}

func nothing(*storage.Tx) error { return nil }

// TestWritersDoNotWaitForWhatIsPrepared writes while a change is being prepared, in the same
// goroutine: if the change held the write lock, the write would wait forever.
func TestWritersDoNotWaitForWhatIsPrepared(t *testing.T) {
	s := open(t)
	runs := 0
	err := s.Prepare(t.Context(), func(tx *storage.Tx) error {
		runs++
		storage.Slow("this") // which panics within a transaction
		s.update(func(tx *storage.Tx) error { return tx.ClientSecrets.Put(storage.ClientSecret{ClientID: "other"}) })
		return role("rol_1", "Clerk")(tx)
	}, role("rol_2", "Driver"))
	if err != nil {
		t.Fatal(err)
	}
	s.view(func(tx *storage.Tx) error {
		names, err := roleNames(tx)
		if !slices.Equal(names, []string{"Clerk", "Driver"}) {
			t.Errorf("the store has %v", names)
		}
		if other, _ := tx.ClientSecrets.Has("other"); !other {
			t.Error("what the other writer wrote is gone")
		}
		return err
	})
	if runs != 1 {
		t.Errorf("it is prepared %d times, although nothing that it reads has changed", runs)
	}
}

// TestWhatIsPreparedIsOfOneState changes what a change has read while it is being prepared.
func TestWhatIsPreparedIsOfOneState(t *testing.T) {
	reads := map[string]func(*storage.Tx) error{
		"one record": func(tx *storage.Tx) error { _, err := tx.Roles.Get("rol_0"); return err },
		"no record":  func(tx *storage.Tx) error { _, err := tx.Roles.Get("rol_5"); return storage.Optional(err) },
		"all": func(tx *storage.Tx) error {
			_, err := roleNames(tx)
			return err
		},
		"the first": func(tx *storage.Tx) error {
			for _, err := range tx.Roles.All() {
				return err
			}
			return nil
		},
	}
	changes := map[string]func(*storage.Tx) error{
		"another name": role("rol_0", "Changed"), "one more": role("rol_5", "New"),
		"one less": func(tx *storage.Tx) error { return tx.Roles.Delete("rol_0") },
		"nothing":  nothing,
	}
	for _, way := range []struct {
		read, change string
		runs         int
	}{
		{"one record", "another name", 2},
		{"one record", "nothing", 1},
		{"no record", "one more", 2},
		{"one record", "one more", 1},
		{"all", "one more", 2},
		{"all", "one less", 2},
		{"all", "another name", 2},
		{"all", "nothing", 1},
		{"the first", "another name", 2},
		{"the first", "nothing", 1},
	} {
		t.Run(way.read+", "+way.change, func(t *testing.T) {
			s := open(t)
			s.update(role("rol_0", "Clerk"))
			runs := 0
			err := s.Prepare(t.Context(), func(tx *storage.Tx) error {
				runs++
				if err := storage.Optional(reads[way.read](tx)); err != nil {
					return err
				}
				if runs == 1 {
					s.update(changes[way.change])
				}
				return role("rol_9", fmt.Sprint("Run ", runs))(tx)
			}, nothing)
			if err != nil {
				t.Fatal(err)
			}
			s.view(func(tx *storage.Tx) error {
				kept, err := tx.Roles.Get("rol_9")
				if want := fmt.Sprint("Run ", way.runs); kept.Name != want || runs != way.runs {
					t.Errorf("of %d runs %q is kept, want %q", runs, kept.Name, want)
				}
				return err
			})
		})
	}
}

// TestWhatAlwaysChangesIsPreparedInTheEnd changes what is read again and again, until the change is
// prepared while it holds the write lock.
func TestWhatAlwaysChangesIsPreparedInTheEnd(t *testing.T) {
	s := open(t)
	const drafts = 5
	runs := 0
	prepare := func(tx *storage.Tx) error {
		runs++
		if _, err := roleNames(tx); err != nil {
			return err
		}
		if runs <= drafts {
			s.update(role("rol_0", fmt.Sprint("Change ", runs)))
		}
		return role("rol_1", "Kept")(tx)
	}
	if err := s.Prepare(t.Context(), prepare, nothing); err != nil {
		t.Fatal(err)
	}
	s.view(func(tx *storage.Tx) error {
		names, err := roleNames(tx)
		if !slices.Equal(names, []string{"Change 5", "Kept"}) {
			t.Errorf("the store has %v", names)
		}
		return err
	})
}

// TestNothingOfWhatFailsIsKept covers the failure of each part, and a rehearsal that succeeds.
func TestNothingOfWhatFailsIsKept(t *testing.T) {
	failed := errors.New("it failed")
	fails := func(tx *storage.Tx) error { return errors.Join(role("rol_2", "Driver")(tx), failed) }
	for name, run := range map[string]func(s store) error{
		"prepare":   func(s store) error { return s.Prepare(t.Context(), fails, nothing) },
		"then":      func(s store) error { return s.Prepare(t.Context(), role("rol_1", "Clerk"), fails) },
		"rehearsal": func(s store) error { return s.DryRun(t.Context(), fails) },
		"good rehearsal": func(s store) error {
			if err := s.DryRun(t.Context(), role("rol_1", "Clerk")); err != nil {
				return err
			}
			return failed
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			if err := run(s); !errors.Is(err, failed) {
				t.Errorf("it ends with %v", err)
			}
			s.view(func(tx *storage.Tx) error {
				names, err := roleNames(tx)
				if len(names) > 0 {
					t.Errorf("%v is kept", names)
				}
				return err
			})
		})
	}
}

// TestAFaultOfNoState fails because of two records that never had these values at the same time.
func TestAFaultOfNoState(t *testing.T) {
	s := open(t)
	s.update(role("rol_1", "Old"))
	s.update(role("rol_2", "Old two"))
	runs := 0
	err := s.DryRun(t.Context(), func(tx *storage.Tx) error {
		runs++
		first, err := tx.Roles.Get("rol_1")
		if err != nil {
			return err
		}
		if runs == 1 {
			s.update(role("rol_1", "New"))
			s.update(role("rol_2", "New two"))
		}
		second, err := tx.Roles.Get("rol_2")
		if err == nil && second.Name != first.Name+" two" {
			err = fmt.Errorf("%q and %q", first.Name, second.Name)
		}
		return err
	})
	if err != nil || runs != 2 {
		t.Errorf("after %d runs: %v", runs, err)
	}
}
