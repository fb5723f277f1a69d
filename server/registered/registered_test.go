package registered_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
)

// openAt opens a store with one application per address, each time in a different list of
// addresses, an organization and a custom domain.
func openAt(tb testing.TB, addresses []string) *storage.DB {
	tb.Helper()
	db, err := storage.Open(memory.New())
	if err != nil {
		tb.Fatal(err)
	}
	err = db.Update(tb.Context(), func(tx *storage.Tx) error {
		for i, address := range addresses {
			err := tx.Clients.Put(storage.Document{
				"client_id": fmt.Sprintf("client%06d", i), "name": "App", "is_first_party": i%5 > 0, "third_party_security_mode": "strict",
				"organization_usage": "allow", []string{"callbacks", "web_origins", "allowed_origins"}[i%3]: []any{address},
			})
			if err != nil {
				return err
			}
		}
		domain := storage.Document{"domain": "login.brand.test", "domain_metadata": storage.Document{"public_app": "app.brand.test"}}
		if err := tx.Documents(storage.CustomDomainsKind, "").Put(storage.Write{ID: "cd", Document: domain}); err != nil {
			return err
		}
		return tx.Documents(storage.OrganizationsKind, "").Put(storage.Write{ID: "org", Document: storage.Document{"id": "org", "name": "acme"}})
	})
	if err != nil {
		tb.Fatal(err)
	}
	return db
}

// TestOriginOfAnyIsThatOfOne: the index of origins finds every application that lists the
// origin.
func TestOriginOfAnyIsThatOfOne(t *testing.T) {
	long := strings.Repeat("a.", 250) + "example.com"
	addresses := []string{
		"https://app.example.com/callback", "HTTPS://APP2.Example.com/x?y", "http://localhost:3000", "https://*.example.org/cb", "https://pr-*.Preview.example.net",
		"https://{organization_name}.example.com/cb", "http://{organization_name}.localhost:3000", "https://{custom_domain.metadata.public_app}/cb",
		"https://{organization_name}.{custom_domain.metadata.public_app}", "https://*.com", "https://a.*.example.com", "*", "https://*", "demo://app.example.com",
		"com.example.app:/cb", "https://[::1]:8080/", "https://" + long, "https://*." + long, "https://" + strings.Repeat("b", 600) + ".test", "https://ÄPP.example.com",
		"https://{Organization_name}.example.com", "https://x{organization_name}.example.com", "https://{custom_domain.metadata.public_app}-*.example.com", "https://", "://x",
		"capacitor://localhost", "Ionic://LocalHost/", "capacitor://localhost/x", "file://*", "file:///callback", "demo://" + long + long + ".test", "demo://*",
	}
	for range 4 { // the party and the list of each change
		addresses = append(addresses, addresses[:32]...)
	}
	origins := []string{
		"https://app.example.com", "https://APP.example.com/", "https://app2.example.com", "http://app.example.com", "http://localhost:3000", "http://localhost:3001",
		"https://a.example.org", "https://a.b.example.org", "https://pr-1.preview.example.net", "https://acme.example.com", "https://other.example.com",
		"http://acme.localhost:3000", "https://app.brand.test", "https://acme.app.brand.test", "https://acme.com", "https://a.x.example.com", "demo://app.example.com",
		"null", "", "https://[::1]:8080", "https://" + long, "https://abcdefghijklm." + long, "https://" + strings.Repeat("b", 600) + ".test", "https://äpp.example.com",
		"https://app.brand.test-1.example.com", "capacitor://localhost", "CAPACITOR://localhost", "ionic://localhost", "file://", "file:///", "demo://" + long + long + ".test", "https://app.example.com/callback", "https://user@app.example.com", "https://app.example.com?", "https://*.example.org",
	}
	allowed := 0
	for i, address := range addresses {
		db := openAt(t, append(slices.Repeat([]string{"https://nobody.example"}, i%7), address))
		err := db.View(t.Context(), func(tx *storage.Tx) error {
			for _, host := range []string{"login.brand.test", "localhost:3000"} {
				for _, origin := range origins {
					want := false
					for client, err := range tx.Clients.All() {
						if err != nil {
							return err
						}
						one, err := registered.Of(tx, client, host).Origin(origin)
						if err != nil {
							return err
						}
						want = want || one
					}
					got, err := registered.OriginOfAny(tx, host, origin)
					if err != nil {
						return err
					}
					if got != want {
						t.Errorf("%q at %s with %q: %v, and of one %v", origin, host, address, got, want)
					}
					if got {
						allowed++
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if allowed < 60 {
		t.Errorf("only %d are allowed: the comparison says little", allowed)
	}
}

// BenchmarkOriginOfAny measures a CORS check with few and with many applications, for an origin
// that one of them lists and for one that none lists.
func BenchmarkOriginOfAny(b *testing.B) {
	for _, n := range []int{5, 5000} {
		var addresses []string
		for i := range n {
			addresses = append(addresses, fmt.Sprintf("https://app%d.example.com/callback", i))
		}
		db := openAt(b, addresses)
		for name, origin := range map[string]string{"listed": "https://app4.example.com", "foreign": "https://nobody.test"} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					err := db.View(b.Context(), func(tx *storage.Tx) error {
						allowed, err := registered.OriginOfAny(tx, "localhost:4000", origin)
						if err == nil && allowed != (name == "listed") {
							b.Fatal("the answer is wrong")
						}
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
