package table_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/table"
)

// setting is a record of a kind whose look-ups are cached.
type setting struct {
	Name  string `json:"name"`
	Group string `json:"group"`
	Value string `json:"value"`
}

var settings = table.Declare(table.Spec[setting]{
	Name: "settings", Key: func(s setting) string { return s.Name }, Remember: true,
	Uncached: func(s setting) bool { return strings.HasPrefix(s.Value, "large") },
	Indexes:  []table.Index[setting]{{Name: "group", Values: func(s setting) []string { return []string{s.Group} }}},
})

func (s *store) must(fn func(tx *table.Tx) error) {
	s.tb.Helper()
	if err := s.update(fn); err != nil {
		s.tb.Fatal(err)
	}
}

func TestKeysAndValuesWithAZeroByteAreRefused(t *testing.T) {
	s := open(t)
	for name, n := range map[string]note{
		"no key": {}, "a zero byte in the key": {ID: "a\x00b"}, "a zero byte in an indexed value": {ID: "a", Owner: "x\x00y"},
	} {
		if err := s.update(func(tx *table.Tx) error { return table.New(tx, notes).Put(n) }); err == nil {
			t.Errorf("%s: stored", name)
		}
	}
	nothingLeft(t, s)
	s.must(func(tx *table.Tx) error { return table.New(tx, notes).Put(note{ID: "a", Owner: "x"}) })
	s.view(func(tx *table.Tx) {
		// With a zero byte a value could reach into the key that follows it.
		if found := idsOf(t, table.New(tx, notes).By("owner", "x\x00a")); len(found) > 0 {
			t.Errorf("found by a value with a zero byte: %q", found)
		}
		if _, err := table.New(tx, notes).Find("owner", "x\x00a"); !errors.Is(err, table.ErrNotFound) {
			t.Errorf("found by a value with a zero byte: %v", err)
		}
	})
}

func TestAnErrorOfAMissingRecordNamesIt(t *testing.T) {
	s := open(t)
	s.view(func(tx *table.Tx) {
		_, err := table.New(tx, notes).Get("n1")
		if !errors.Is(err, table.ErrNotFound) || err.Error() != `notes "n1": not found` {
			t.Errorf("Get: %v", err)
		}
		_, err = table.New(tx, notes).Find("slug", "s1")
		if !errors.Is(err, table.ErrNotFound) || err.Error() != `notes with slug "s1": not found` {
			t.Errorf("Find: %v", err)
		}
	})
}

func TestADamagedRowIsNamedByEveryReader(t *testing.T) {
	s := open(t)
	s.must(func(tx *table.Tx) error {
		return table.New(tx, notes).Put(note{ID: "n1", Owner: "o", Tags: []string{"t"}})
	})
	s.must(func(tx *table.Tx) error { return tx.KV().Put(tx.Of(notes.Kind).RowKey("n1"), []byte(`{"id":`)) })
	first := func(all func(func(note, error) bool)) (err error) {
		for _, err = range all {
			break
		}
		return err
	}
	s.view(func(tx *table.Tx) {
		records := table.New(tx, notes)
		_, got := records.Get("n1")
		_, found := records.Find("owner", "o")
		var listed error
		for _, listed = range table.NewResources(tx, notes).List().Documents() {
			break
		}
		for name, err := range map[string]error{
			"Get": got, "Find": found, "By": first(records.By("owner", "o")), "All": first(records.All()), "Documents": listed,
		} {
			if !errors.Is(err, keyspace.ErrDamaged) || !strings.Contains(err.Error(), "n1") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	if err := s.update(func(tx *table.Tx) error { return table.New(tx, notes).Delete("n1") }); !errors.Is(err, keyspace.ErrDamaged) {
		t.Errorf("Delete: %v", err)
	}
}

// TestAViewThatBeganBeforeAChange asks the same in a view of the earlier state and in one of the later state, in turn.
func TestAViewThatBeganBeforeAChange(t *testing.T) {
	s := open(t)
	put := func(value string) {
		s.must(func(tx *table.Tx) error { return table.New(tx, settings).Put(setting{"a", "g", value}) })
	}
	seen := func(tx *table.Tx) (values string) {
		got, err := table.New(tx, settings).Get("a")
		if err != nil {
			t.Fatal(err)
		}
		for of, err := range table.New(tx, settings).By("group", "g") {
			if err != nil {
				t.Fatal(err)
			}
			values += of.Value + " "
		}
		return values + got.Value
	}
	for _, size := range []string{"", "large "} {
		before, after := size+"1", size+"2"
		put(before)
		s.view(func(earlier *table.Tx) {
			_ = seen(earlier)
			put(after)
			for range 2 {
				s.view(func(later *table.Tx) {
					if got := seen(later); got != after+" "+after {
						t.Errorf("the later view sees %q", got)
					}
				})
				if got := seen(earlier); got != before+" "+before {
					t.Errorf("the earlier view sees %q", got)
				}
			}
		})
	}
}

func TestMentioning(t *testing.T) {
	s := open(t)
	for _, n := range []note{{ID: "a1", Owner: "o1"}, {ID: "a2", Owner: "o2", Text: "of o1"}, {ID: "a3", Tags: []string{"o1"}}, {ID: "b1", Owner: `o"1`}} {
		s.must(func(tx *table.Tx) error { return table.New(tx, notes).Put(n) })
	}
	s.view(func(tx *table.Tx) {
		for _, c := range []struct {
			start  string
			values []string
			want   string
		}{
			{"", []string{"o1"}, "a1 a3"}, // a part of a text is no value
			{"", []string{"o2", `o"1`}, "a2 b1"},
			{"a", []string{`o"1`}, ""},
			{"a", []string{"1", "2", "3", "4", "5", "6", "7", "o2"}, "a2"},
			{"a", []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}, "a1 a2 a3"},
		} {
			if got := strings.Join(idsOf(t, table.New(tx, notes).Mentioning(c.start, c.values...)), " "); got != c.want {
				t.Errorf("starting with %q and mentioning %q: %s; want %s", c.start, c.values, got, c.want)
			}
		}
	})
}

func TestBound(t *testing.T) {
	s := open(t)
	for i := range 5 {
		s.must(func(tx *table.Tx) error {
			return errors.Join(table.New(tx, notes).Put(note{ID: fmt.Sprint("n", i), Age: 40 - i, Owner: "o"}), tx.Of(notes.Kind).Bound("age", "00", 3))
		})
	}
	s.view(func(tx *table.Tx) {
		// The first in the order of ages go: n0 is the oldest.
		if left := strings.Join(idsOf(t, table.New(tx, notes).All()), " "); left != "n0 n1 n2" {
			t.Errorf("left: %s", left)
		}
		if keys, err := tx.Of(notes.Kind).KeysInOrder("age", "", 2); err != nil || strings.Join(keys, " ") != "n2 n1" {
			t.Errorf("by age: %q, %v", keys, err)
		}
	})
}

func TestBoundSize(t *testing.T) {
	s := open(t)
	const bytes = 1000
	for i := range 4 {
		s.must(func(tx *table.Tx) error {
			return table.New(tx, notes).Put(note{ID: fmt.Sprint("n", i), Age: i, Text: strings.Repeat("x", bytes)})
		})
	}
	s.must(func(tx *table.Tx) error { return tx.Of(notes.Kind).BoundSize(3 * bytes) })
	s.view(func(tx *table.Tx) {
		if left := strings.Join(idsOf(t, table.New(tx, notes).All()), " "); left != "n2 n3" {
			t.Errorf("left: %s", left)
		}
	})
	s.must(func(tx *table.Tx) error { return tx.Of(notes.Kind).BoundSize(0) })
	nothingLeft(t, s)
}

// TestIndexesAreRebuilt removes entries and places of records, as a data file of an earlier format has none.
func TestIndexesAreRebuilt(t *testing.T) {
	s := open(t)
	m := model{{ID: "b", Owner: "owner 0", Slug: "slug 0", Until: time.Unix(10, 0).UTC(), Tags: []string{"tag 0"}}, {ID: "a", Owner: "owner 0", Age: 7, Tags: []string{"tag 0"}}}
	for _, n := range m {
		s.must(func(tx *table.Tx) error { return table.New(tx, notes).Put(n) })
	}
	s.must(func(tx *table.Tx) error {
		records := tx.Of(notes.Kind)
		entries, err := keyspace.Copies(tx.KV(), []byte(table.Expiries), nil)
		return errors.Join(err, keyspace.DeleteAll(tx.KV(), entries), records.Unindex("owner"), records.Unindex("slug"), records.Unindex("age"), records.Unindex("tag"),
			records.Unindex("count"), records.Unindex("listed"), tx.KV().Delete(append(table.Prefix(table.SizesTable), "notes"...)))
	})
	s.view(func(tx *table.Tx) {
		if _, err := table.New(tx, notes).Find("slug", "slug 0"); !errors.Is(err, table.ErrNotFound) {
			t.Fatalf("found without an index: %v", err)
		}
	})
	s.must(func(tx *table.Tx) error {
		records := tx.Of(notes.Kind)
		return errors.Join(records.Reindex(), records.Recount(), records.MeasureAll())
	})
	s.view(func(tx *table.Tx) { compare(t, tx, m) })
}

func TestChangesAreRecordedInOrder(t *testing.T) {
	s := open(t)
	s.must(func(tx *table.Tx) error {
		records := table.New(tx, notes)
		tx.Record(func(name, key string) bool { return name == "notes" && key != "ignored" })
		err := errors.Join(records.Put(note{ID: "a", Owner: "1"}), records.Put(note{ID: "ignored"}), records.Put(note{ID: "a", Owner: "2"}), records.Delete("a"), records.Delete("none"))
		var told []string
		for _, c := range tx.Changes() {
			told = append(told, fmt.Sprintf("%s %s %s > %s", c.Table, c.Key, c.Before, c.After))
		}
		want := `notes a  > {"id":"a","owner":"1","age":0}
notes a {"id":"a","owner":"1","age":0} > {"id":"a","owner":"2","age":0}
notes a {"id":"a","owner":"2","age":0} > `
		if got := strings.Join(told, "\n"); got != want {
			t.Errorf("changes:\n%s\nwant:\n%s", got, want)
		}
		return err
	})
}

func TestRowOfExpiry(t *testing.T) {
	s := open(t)
	s.must(func(tx *table.Tx) error { return table.New(tx, notes).Put(note{ID: "n1", Until: time.Unix(5, 0)}) })
	s.view(func(tx *table.Tx) {
		entries, err := table.Expired(tx.KV(), time.Unix(6, 0), 10)
		if err != nil || len(entries) != 1 {
			t.Fatalf("expired: %q, %v", entries, err)
		}
		row, err := table.RowOfExpiry(entries[0])
		if err != nil || string(row) != string(tx.Of(notes.Kind).RowKey("n1")) || table.NameOf(entries[0]) != "notes" {
			t.Errorf("the row of %q: %q, %v", entries[0], row, err)
		}
	})
	for _, damaged := range []string{"", "e/", "e/12345678", "e/12345678notes"} {
		if _, err := table.RowOfExpiry([]byte(damaged)); !errors.Is(err, keyspace.ErrDamaged) {
			t.Errorf("the row of %q: %v", damaged, err)
		}
	}
}

func TestMembersBesideTheRecord(t *testing.T) {
	s := open(t)
	s.must(func(tx *table.Tx) error {
		return table.NewResources(tx, notes).Put(table.Document{"id": "n1", "owner": "o", "seen": 1})
	})
	s.must(func(tx *table.Tx) error {
		return tx.Of(notes.Kind).PutBeside("n1", []string{"seen"}, func(set map[string]json.RawMessage) error {
			if string(set["seen"]) != "1" {
				t.Errorf("the member was %s", set["seen"])
			}
			set["seen"] = json.RawMessage("22")
			return nil
		})
	})
	s.view(func(tx *table.Tx) {
		doc, err := table.NewResources(tx, notes).Document("n1")
		if err != nil || fmt.Sprint(doc) != "map[id:n1 owner:o seen:22]" {
			t.Errorf("the document: %v, %v", doc, err)
		}
		if found := idsOf(t, table.New(tx, notes).By("owner", "o")); len(found) != 1 {
			t.Errorf("by owner: %q", found)
		}
		if got, want := size(t, tx), len(`{"id":"n1","owner":"o","seen":22}`); got != want {
			t.Errorf("the size is %d, want %d", got, want)
		}
	})
	if err := s.update(func(tx *table.Tx) error { return tx.Of(notes.Kind).PutBeside("none", nil, nil) }); !errors.Is(err, table.ErrNotFound) {
		t.Errorf("a record that is not there: %v", err)
	}
}
