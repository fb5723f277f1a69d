package table_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/memory"
	"github.com/tenant0/tenant0/storage/table"
)

// note is a record of a kind with every kind of index, list and bound.
type note struct {
	ID    string    `json:"id"`
	Slug  string    `json:"slug,omitempty"` // unique if there is one
	Owner string    `json:"owner"`
	Tags  []string  `json:"tags,omitempty"`
	Until time.Time `json:"until,omitzero"`
	Age   int       `json:"age"`
	Text  string    `json:"text,omitempty"`
}

func some(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

var notes = table.Declare(table.Spec[note]{
	Name: "notes", Key: func(n note) string { return n.ID }, Ordered: true, Measured: true,
	Expires: func(n note) time.Time { return n.Until },
	Indexes: []table.Index[note]{
		{Name: "slug", Unique: true, Values: func(n note) []string { return some(n.Slug) }},
		{Name: "owner", Values: func(n note) []string { return some(n.Owner) }},
		{Name: "tag", Listed: true, Values: func(n note) []string { return n.Tags }},
		{Name: "age", Values: func(n note) []string { return []string{fmt.Sprintf("%04d", n.Age)} }, Beside: func(n note) string { return n.ID + "!" }},
	},
})

// store is an engine with the caches of its tables.
type store struct {
	tb     testing.TB
	engine keyspace.Engine
	cache  *table.Cache
}

func open(tb testing.TB) *store {
	tb.Helper()
	s := &store{tb, table.Marking(memory.New()), table.NewCache()}
	tb.Cleanup(func() {
		if err := s.engine.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func (s *store) update(fn func(tx *table.Tx) error) error {
	s.tb.Helper()
	return s.engine.Update(s.tb.Context(), func(kv keyspace.KV) error {
		var tx table.Tx
		tx.Update(kv, s.cache)
		defer tx.End()
		return fn(&tx)
	})
}

func (s *store) view(fn func(tx *table.Tx)) {
	s.tb.Helper()
	err := s.engine.View(s.tb.Context(), func(kv keyspace.KV) error {
		var tx table.Tx
		tx.View(kv, s.cache)
		defer tx.End()
		fn(&tx)
		return nil
	})
	if err != nil {
		s.tb.Fatal(err)
	}
}

// model is what the table of notes should hold, in the order of creation.
type model []note

func (m model) index(id string) int {
	return slices.IndexFunc(m, func(n note) bool { return n.ID == id })
}

// put returns the model with a note, or false if another note has its slug.
func (m model) put(n note) (model, bool) {
	if n.Slug != "" && slices.ContainsFunc(m, func(other note) bool { return other.Slug == n.Slug && other.ID != n.ID }) {
		return m, false
	}
	if i := m.index(n.ID); i >= 0 {
		m[i] = n
		return m, true
	}
	return append(m, n), true
}

func (m model) ids(want func(note) bool) (ids []string) {
	for _, n := range m {
		if want(n) {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

// TestTheTableAgreesWithAModel writes and deletes notes at random. After each step every index, list,
// length, size and expiry must be that of the notes that are left, whichever way they came to be so.
func TestTheTableAgreesWithAModel(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			s := open(t)
			var m model
			for range 80 {
				m = step(t, s, m, random)
				s.view(func(tx *table.Tx) { compare(t, tx, m) })
			}
			if err := s.update(func(tx *table.Tx) error { return tx.Of(notes.Kind).Recount() }); err != nil {
				t.Fatal(err)
			}
			s.view(func(tx *table.Tx) { compare(t, tx, m) })
			for _, n := range m {
				if err := s.update(func(tx *table.Tx) error { return tx.Of(notes.Kind).Delete(n.ID) }); err != nil {
					t.Fatal(err)
				}
			}
			nothingLeft(t, s)
		})
	}
}

// step does one random change to the table and to the model.
func step(t *testing.T, s *store, m model, random *rand.Rand) model {
	t.Helper()
	id := fmt.Sprintf("note %02d", random.IntN(25))
	if random.IntN(4) == 0 {
		if err := s.update(func(tx *table.Tx) error { return table.New(tx, notes).Delete(id) }); err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(m, func(n note) bool { return n.ID == id })
	}
	n := note{ID: id, Owner: fmt.Sprint("owner ", random.IntN(4)), Age: random.IntN(50), Text: fmt.Sprintf("%*s", random.IntN(30), "text")}
	if random.IntN(2) == 0 {
		n.Slug = fmt.Sprint("slug ", random.IntN(12))
	}
	if random.IntN(2) == 0 {
		n.Until = time.Unix(int64(random.IntN(100)), 0).UTC()
	}
	for tag := range 3 {
		if random.IntN(2) == 0 {
			n.Tags = append(n.Tags, fmt.Sprint("tag ", tag))
		}
	}
	m, fits := m.put(n)
	err := s.update(func(tx *table.Tx) error { return table.New(tx, notes).Put(n) })
	if fits && err != nil || !fits && !errors.Is(err, table.ErrConflict) {
		t.Fatalf("put %+v: %v; the slug is free: %v", n, err, fits)
	}
	return m
}

func compare(t *testing.T, tx *table.Tx, m model) {
	t.Helper()
	same := func(what string, got, want []string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Fatalf("%s: %q, want %q", what, got, want)
		}
	}
	sorted := func(want func(note) bool) []string { return slices.Sorted(slices.Values(m.ids(want))) }
	records := table.New(tx, notes)
	same("all", idsOf(t, records.All()), sorted(func(note) bool { return true }))
	same("in order of creation", placed(t, table.NewResources(tx, notes).List(), len(m)), m.ids(func(note) bool { return true }))
	for i := range 4 {
		owner := fmt.Sprint("owner ", i)
		same(owner, idsOf(t, records.By("owner", owner)), sorted(func(n note) bool { return n.Owner == owner }))
		same("mentioning "+owner, idsOf(t, records.Mentioning("note 1", owner)), sorted(func(n note) bool { return n.Owner == owner && strings.HasPrefix(n.ID, "note 1") }))
	}
	for i := range 3 {
		tag := fmt.Sprint("tag ", i)
		want := m.ids(func(n note) bool { return slices.Contains(n.Tags, tag) })
		same(tag, placed(t, table.NewResources(tx, notes).ListBy("tag", tag), len(want)), want)
	}
	for i := range 12 {
		slug := fmt.Sprint("slug ", i)
		found, err := records.Find("slug", slug)
		want := m.ids(func(n note) bool { return n.Slug == slug })
		if len(want) == 0 && !errors.Is(err, table.ErrNotFound) || len(want) == 1 && (err != nil || found.ID != want[0]) {
			t.Fatalf("%s: %+v, %v; want %q", slug, found, err, want)
		}
	}
	compareDerived(t, tx, m)
}

// compareDerived compares what is kept of the notes together: order of age, expiries and size.
func compareDerived(t *testing.T, tx *table.Tx, m model) {
	t.Helper()
	byAge := slices.Clone(m)
	slices.SortFunc(byAge, func(a, b note) int { return cmp.Or(a.Age-b.Age, cmp.Compare(a.ID, b.ID)) })
	var aged, beside []string
	err := tx.Of(notes.Kind).EachInOrder("age", "", func(key, b []byte) bool {
		aged, beside = append(aged, string(key)), append(beside, string(b))
		return true
	})
	if want := byAge.ids(func(note) bool { return true }); err != nil || !slices.Equal(aged, want) {
		t.Fatalf("by age: %q, %v; want %q", aged, err, want)
	}
	for i, id := range aged {
		if beside[i] != id+"!" {
			t.Fatalf("beside the age of %s: %q", id, beside[i])
		}
	}
	entries, err := table.Expired(tx.KV(), time.Unix(50, 0), len(m)+1)
	if want := len(m.ids(func(n note) bool { return !n.Until.IsZero() && n.Until.Unix() < 50 })); err != nil || len(entries) != want {
		t.Fatalf("%d expired, %v; want %d", len(entries), err, want)
	}
	total := 0
	for _, n := range m {
		raw, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		total += len(raw)
	}
	if got := size(t, tx); got != total {
		t.Fatalf("the size is %d, want %d", got, total)
	}
}

// size is the stored size of all notes, in bytes.
func size(t *testing.T, tx *table.Tx) int {
	t.Helper()
	raw, err := tx.KV().Get(append(table.Prefix(table.SizesTable), "notes"...))
	var stored struct{ Bytes int }
	if err == nil && raw != nil {
		err = json.Unmarshal(raw, &stored)
	}
	if err != nil {
		t.Fatalf("the stored size is %q: %v", raw, err)
	}
	return stored.Bytes
}

func idsOf(t *testing.T, all func(func(note, error) bool)) (ids []string) {
	t.Helper()
	for n, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, n.ID)
	}
	return ids
}

// placed returns the keys of a list, which must have a length. Reading from each of its places must give what follows it.
func placed(t *testing.T, l table.List, length int) (ids []string) {
	t.Helper()
	if n, err := l.Count(); err != nil || n != length {
		t.Fatalf("the list has the length %d, %v; want %d", n, err, length)
	}
	rows := rowsOf(t, l, "", 0)
	for i, row := range rows {
		ids = append(ids, row.Key)
		if after := rowsOf(t, l, row.Place, 0); len(after) != len(rows)-i-1 {
			t.Fatalf("%d records follow place %d of %d", len(after), i, len(rows))
		}
		if skipped := rowsOf(t, l, "", i); len(skipped) != len(rows)-i || skipped[0].Key != row.Key {
			t.Fatalf("%d records are left without the first %d of %d", len(skipped), i, len(rows))
		}
	}
	return ids
}

func rowsOf(t *testing.T, l table.List, after string, skip int) (rows []table.Row) {
	t.Helper()
	for row, err := range l.Rows(after, skip) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// nothingLeft checks that the key space is empty, but for the mark of look-ups.
func nothingLeft(t *testing.T, s *store) {
	t.Helper()
	left := map[string]string{}
	s.view(func(tx *table.Tx) {
		err := tx.KV().Scan(nil, nil, func(key, value []byte) bool {
			left[string(key)] = string(value)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	delete(left, "settled")
	if len(left) > 0 {
		t.Errorf("left after the last record was deleted: %q", slices.Sorted(maps.Keys(left)))
	}
}
