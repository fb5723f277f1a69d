package search_test

import (
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tenant0/tenant0/server/search"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
)

// BenchmarkUsers runs queries on stores of 10,000 and of 100,000 users. For the large
// store it reports the time of a query, how many times as long it takes as reading
// every user, and how many times as long as it would if its time grew in proportion
// to the users.
func BenchmarkUsers(b *testing.B) {
	stores := []*store{newStore(b, 10_000), newStore(b, 100_000)}
	one := func(int) int { return 1 }
	part := func(of int) func(int) int { return func(users int) int { return users / of } }
	const read = "no query, every user read"
	took := map[string]float64{} // ns, by case and users
	for _, c := range []struct {
		name, q, sort string
		want          func(users int) int
	}{
		{read, "", "", part(1)},
		{"exact term, indexed", `email:"User00042@example.com"`, "", one},
		{"exact term, not indexed", `nickname:user00042`, "", one},
		{"free scan, nothing found", `nobody`, "", func(int) int { return 0 }},
		{"free scan, everything found", `Username-Password-Authentication`, "", part(1)},
		{"prefix", `name:user\ 0000*`, "", func(int) int { return 10 }},
		{"wildcard", `name:*ser*042`, "", part(1000)},
		{"nested metadata", `app_metadata.subscription.plan:"gold" AND user_metadata.addresses.city:Paris`, "", part(10)},
		{"existence", `NOT _exists_:app_metadata.subscription.until`, "", part(1)},
		{"range of numbers", `logins_count:[100 TO 200}`, "", part(10)},
		{"range of dates", `last_login:[2024-03 TO 2024-05}`, "", part(5)},
		{"sorted", `email_verified:true`, "name:-1", part(2)},
	} {
		for _, s := range stores {
			b.Run(fmt.Sprintf("%s/%d", c.name, s.users), func(b *testing.B) {
				for b.Loop() {
					if found, want := s.find(b, c.q, c.sort), c.want(s.users); found != want {
						b.Fatalf("%d users found, and not %d", found, want)
					}
				}
				ns := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
				took[fmt.Sprint(c.name, s.users)] = ns
				b.ReportMetric(ns/1e6, "ms/query")
				if s.users < 100_000 {
					return
				}
				if all := took[fmt.Sprint(read, s.users)]; all > 0 {
					b.ReportMetric(ns/all, "x/read")
				}
				if few := took[fmt.Sprint(c.name, 10_000)]; few > 0 {
					b.ReportMetric(ns/few/10, "x/linear")
				}
			})
		}
	}
}

// store is a bbolt file with users.
type store struct {
	users int
	db    *storage.DB
}

func newStore(b *testing.B, users int) *store {
	b.Helper()
	engine, err := bolt.Open(filepath.Join(b.TempDir(), "users.db"), bolt.Options{NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := engine.Close(); err != nil {
			b.Error(err)
		}
	})
	db, err := storage.Open(engine)
	if err != nil {
		b.Fatal(err)
	}
	for first := 0; first < users; first += 2000 {
		err := db.Update(b.Context(), func(tx *storage.Tx) error {
			for i := first; i < first+2000; i++ {
				if err := tx.Users.Put(user(i)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return &store{users, db}
}

func user(i int) storage.Document {
	cities := []string{"Paris", "Rome", "Oslo", "Lima", "Cairo", "Quito", "Delhi", "Tokyo", "Accra", "Perth"}
	return storage.Document{
		"user_id": fmt.Sprintf("auth0|%024d", i), "email": fmt.Sprintf("user%05d@example.com", i), "email_verified": i%2 == 0,
		"name": fmt.Sprintf("User %05d", i), "nickname": fmt.Sprintf("user%05d", i), "given_name": "User", "family_name": fmt.Sprintf("Number %d", i),
		"picture":    fmt.Sprintf("https://s.gravatar.com/avatar/%032x?s=480&r=pg&d=https%%3A%%2F%%2Fcdn.auth0.com%%2Favatars%%2Fus.png", i),
		"created_at": "2023-01-01T00:00:00.000Z", "updated_at": "2024-01-01T00:00:00.000Z",
		"last_login": fmt.Sprintf("2024-%02d-15T10:00:00.000Z", i%10+1), "last_ip": fmt.Sprintf("10.0.%d.%d", i/250%250, i%250), "logins_count": i % 1000,
		"identities": []any{map[string]any{
			"connection": "Username-Password-Authentication", "provider": "auth0", "user_id": fmt.Sprintf("%024d", i), "isSocial": false,
		}},
		"user_metadata": map[string]any{"color": "blue", "addresses": []any{map[string]any{"city": cities[i%10]}, map[string]any{"city": cities[(i+1)%10]}}},
		"app_metadata": map[string]any{
			"authorization": map[string]any{"groups": []any{"staff", "admins"}, "roles": []any{"user"}},
			"subscription":  map[string]any{"plan": []string{"gold", "tin", "gold", "iron"}[i%4]},
		},
	}
}

// find runs a query, sorts the users that it finds and returns their number.
func (s *store) find(b *testing.B, query, sort string) int {
	b.Helper()
	q, err := search.Parse(query, search.Users)
	if err != nil {
		b.Fatal(err)
	}
	var order search.Order
	if sort != "" {
		if order, err = search.ParseOrder(sort, search.Users); err != nil {
			b.Fatal(err)
		}
	}
	found := 0
	var keys []search.Key
	err = s.db.View(b.Context(), func(tx *storage.Tx) error {
		plan := q.Plan(lookup(b, tx))
		for _, key := range plan.Keys {
			doc, err := tx.Users.Document(key)
			if err != nil {
				return err
			}
			if matches, err := q.MatchDocument(doc); err != nil || !matches {
				return err
			}
			found++
		}
		if plan.Narrowed {
			return nil
		}
		for row, err := range tx.Users.Rows() {
			if err != nil {
				return err
			}
			if !plan.Match("", row.JSON) {
				continue
			}
			found++
			if sort != "" {
				keys = append(keys, order.Key(row.JSON))
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	slices.SortFunc(keys, order.Compare)
	return found
}

// lookup uses the indexes of the store.
func lookup(b *testing.B, tx *storage.Tx) search.Lookup {
	b.Helper()
	return func(field, value string) (iter.Seq[string], bool) {
		return func(yield func(string) bool) {
			for user, err := range tx.Users.By(field, value) {
				if err != nil {
					b.Fatal(err)
				}
				if !yield(user.UserID) {
					return
				}
			}
		}, field == "email"
	}
}
