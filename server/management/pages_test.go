package management_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage"
)

// grownRole and grownOrganization are the role and the organization of every user of a grown tenant, and
// grownClient is the application for which all users have a grant.
const grownRole, grownOrganization, grownClient = "rol_grown", "org_grown", "grown0"

// grown starts a server whose tenant has the given number of users, each in an organization, with a role
// and with a grant, and a twentieth as many applications, connections and organizations.
func grown(tb testing.TB, users int) *servertest.Server {
	tb.Helper()
	data := tb.TempDir()
	at := servertest.Config(func(c *config.Config) { c.Data = data })
	s := servertest.Start(tb, at)
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	db, err := storage.Open(s.OpenData())
	if err != nil {
		tb.Fatal(err)
	}
	err = db.Update(tb.Context(), func(tx *storage.Tx) error { return grow(tx, users) })
	if err != nil {
		tb.Fatal(err)
	}
	if err := db.Close(); err != nil {
		tb.Fatal(err)
	}
	return servertest.Start(tb, at)
}

func grow(tx *storage.Tx, users int) error {
	if err := tx.Roles.Put(storage.Document{"id": grownRole, "name": "Grown"}); err != nil {
		return err
	}
	for i := range users / 20 {
		client := storage.Document{
			"client_id": fmt.Sprint("grown", i), "name": fmt.Sprint("Grown ", i), "app_type": "spa", "is_first_party": true, "global": false,
			"callbacks": []any{fmt.Sprintf("https://app%d.example.com/callback", i)},
		}
		connection := storage.Document{"id": fmt.Sprint("con_", i), "name": fmt.Sprint("grown-", i), "strategy": "auth0", "options": storage.Document{}}
		organization := storage.Document{"id": fmt.Sprint("org_", i), "name": fmt.Sprint("grown-", i)}
		if i == 0 {
			organization["id"] = grownOrganization
		}
		w := storage.Write{ID: organization["id"].(string), Document: organization}
		for _, err := range []error{tx.Clients.Put(client), tx.Connections.Put(connection), tx.Documents(storage.OrganizationsKind, "").Put(w)} {
			if err != nil {
				return err
			}
		}
	}
	for i := range users {
		id := fmt.Sprintf("auth0|%024d", i)
		user := storage.Document{
			"user_id": id, "email": fmt.Sprintf("user%d@example.com", i), "name": fmt.Sprint("User ", i),
			"identities": []any{storage.Document{"connection": "grown-0", "provider": "auth0", "user_id": id[6:]}},
		}
		grant := storage.Document{"id": fmt.Sprint("cgr_", i), "clientID": grownClient, "user_id": id, "audience": "urn:grown", "scope": []any{"read"}}
		for _, err := range []error{
			tx.Users.Put(user), tx.Grants.Put(grant), objects.AddMember(tx, grownOrganization, id),
			tx.UserAccess.Put(storage.UserAccess{UserID: id, Roles: []string{grownRole}}),
		} {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// grownLists are lists of a grown tenant: the path, the member that holds the list in an answer with
// totals, and whether the list has checkpoint pagination (a cursor) too.
var grownLists = []struct {
	path, key string
	cursors   bool
}{
	{"/users?", "users", false},
	{"/users?q=email:user*&", "users", false},
	{"/users?sort=email:-1&", "users", false},
	{"/clients?fields=client_id,app_type&", "clients", true},
	{"/clients?fields=client_id&is_global=false&", "clients", true},
	{"/clients?fields=client_id&app_type=spa&is_first_party=true&", "clients", true},
	{"/clients?fields=client_id&app_type=spa,native&", "clients", true},
	{"/connections?fields=id&", "connections", true},
	{"/connections?fields=id&strategy=auth0&", "connections", true},
	{"/connections?fields=id&name=grown-1&", "connections", true},
	{"/organizations?", "organizations", true},
	{"/organizations?sort=name:1&", "organizations", true},
	{"/organizations/" + grownOrganization + "/members?", "members", true},
	{"/roles/" + grownRole + "/users?", "users", true},
	{"/grants?", "grants", false},
	{"/grants?client_id=" + grownClient + "&", "grants", false},
	{"/grants?client_id=" + grownClient + "&audience=urn:other&", "grants", false},
	{"/client-grants?client_id=" + servertest.Management + "&", "client_grants", true},
}

// TestPagesMakeUpTheList: pages by number, with and without totals, and pages by cursor contain together
// exactly what one page with everything contains.
func TestPagesMakeUpTheList(t *testing.T) {
	tenant := grown(t, 60)
	c := &client{t: t, tenant: tenant, http: tenant.Client()}
	c.token = c.machineToken("")
	for _, tt := range grownLists {
		t.Run(tt.path, func(t *testing.T) {
			c := &client{t: t, tenant: c.tenant, http: c.http, token: c.token}
			_, answer := c.do(http.MethodGet, tt.path+"per_page=100", nil)
			all, ok := answer.([]any)
			if !ok {
				t.Fatalf("no list: %v", answer)
			}
			if len(all) == 0 && !strings.Contains(tt.path, "other") {
				t.Error("there is nothing in the list")
			}
			var numbered, totalled, cursored []any
			const size = 7
			for page := range len(all)/size + 2 {
				_, answer = c.do(http.MethodGet, fmt.Sprintf("%sper_page=%d&page=%d", tt.path, size, page), nil)
				numbered = append(numbered, answer.([]any)...)
				_, answer = c.do(http.MethodGet, fmt.Sprintf("%sper_page=%d&page=%d&include_totals=true", tt.path, size, page), nil)
				with := answer.(object)
				totalled = append(totalled, with[tt.key].([]any)...)
				if with["total"] != float64(len(all)) || with["start"] != float64(page*size) {
					t.Errorf("page %d starts at %v of %v, want %d of %d", page, with["start"], with["total"], page*size, len(all))
				}
			}
			next, more := "", tt.cursors
			for more && len(cursored) <= len(all) {
				_, answer = c.do(http.MethodGet, fmt.Sprintf("%stake=%d&from=%s", tt.path, size, url.QueryEscape(next)), nil)
				cursored = append(cursored, answer.(object)[tt.key].([]any)...)
				next, more = answer.(object)["next"].(string)
			}
			if !tt.cursors {
				cursored = all
			}
			for name, got := range map[string][]any{"by number": numbered, "with totals": totalled, "from a cursor": cursored} {
				if diff := cmp.Diff(all, append([]any{}, got...)); diff != "" {
					t.Errorf("pages %s (-all +pages):\n%s", name, diff)
				}
			}
		})
	}
}

// BenchmarkPages measures a page with totals of a small tenant's lists and of a large tenant's. Both pages
// have the same number of items.
func BenchmarkPages(b *testing.B) {
	for _, users := range []int{100, 20_000} {
		tenant := grown(b, users)
		client := tenant.Client()
		_, token := tenant.Token(client, tenant.ManagementForm())
		for _, tt := range grownLists {
			rq, err := http.NewRequestWithContext(b.Context(), http.MethodGet, tenant.URL+"api/v2"+tt.path+"per_page=5&include_totals=true", nil)
			if err != nil {
				b.Fatal(err)
			}
			rq.Header.Set("Authorization", fmt.Sprint("Bearer ", token["access_token"]))
			b.Run(fmt.Sprintf("%s/%d", strings.ReplaceAll(tt.path, "/", ":"), users), func(b *testing.B) {
				for b.Loop() {
					resp, err := client.Do(rq)
					if err != nil {
						b.Fatal(err)
					}
					_, err = io.Copy(io.Discard, resp.Body)
					if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
						b.Fatal(resp.Status, err)
					}
				}
			})
		}
	}
}
