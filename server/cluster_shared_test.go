package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

// TestProofsAmongServers: tickets, codes, tokens and links that one server issues are accepted by the
// others, and a single-use one is accepted once by all servers together. Requests go to the servers in turn.
func TestProofsAmongServers(t *testing.T) {
	servers := cluster(t, 2, pgtest.Shared(t).Empty(t))
	servers[0].Beside(servers[1])
	places := allPlaces()
	for _, name := range slices.Sorted(maps.Keys(places)) {
		t.Run(name, func(t *testing.T) {
			servers[0].Reset()
			pl := places[name]
			p := &proving{managed: managed{servers[0], t, servers[0].Client()}, place: pl, more: map[string]string{}}
			p.Freeze(noon)
			if !pl.accepts(p, pl.issue(p)) {
				t.Error("a good one is refused")
			}
			w := pl.ways[twice]
			if w.wrong == nil {
				return
			}
			p.Freeze(noon)
			p.browser = p.Client()
			if got, want := pl.accepts(p, w.wrong(p, pl.issue(p))), w.reason != ""; got != want {
				t.Errorf("%s: accepted %v, want %v", twice, got, want)
			}
		})
	}
}

// TestServersCountAndKeepTogether spreads steps over servers of one database: sessions, failed logins,
// snapshots, imports and resets are shared by all.
func TestServersCountAndKeepTogether(t *testing.T) {
	servers := cluster(t, 2, pgtest.Shared(t).Empty(t))
	first, second := servers[0], servers[1]
	first.Beside(second)
	browser := first.Client()
	login := servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"scope": {"openid"}}}
	if r := first.Login(browser, login); r.Get("code") == "" {
		t.Fatalf("the login ends with %v", r)
	}
	login.Params = url.Values{"scope": {"openid"}, "prompt": {"none"}}
	for range 2 { // at each
		if r := first.Login(browser, login); r.Get("code") == "" || len(r.Pages) > 0 {
			t.Errorf("with the session a server answers %v", r)
		}
	}

	users := func(s *servertest.Server) string {
		t.Helper()
		status, body := first.Manage(of(s), http.MethodGet, "users?per_page=100", nil)
		if status != http.StatusOK {
			t.Fatal(status, body)
		}
		return fmt.Sprint(body)
	}
	tell := func(s *servertest.Server, method, path string, body any) {
		t.Helper()
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		rq, err := http.NewRequestWithContext(t.Context(), method, s.ControlURL()+path, strings.NewReader(string(raw)))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			t.Fatalf("%s %s: %s", method, path, resp.Status)
		}
	}
	tell(first, http.MethodPut, "/snapshots/before", object{})
	tell(second, http.MethodPost, "/import", object{"connection": "Username-Password-Authentication", "users": []object{{"email": "imported@example.com"}}})
	if !strings.Contains(users(first), "imported@example.com") {
		t.Error("a server lacks a user whom another has imported")
	}
	tell(second, http.MethodPost, "/snapshots/before/restore", object{})
	for _, s := range servers {
		if strings.Contains(users(s), "imported@example.com") {
			t.Error("a server still has a user after another has gone back to a snapshot")
		}
	}

	failed := 0
	attempt := func(s *servertest.Server, password string) int {
		status, _ := first.Token(of(s), url.Values{
			"grant_type": {"http://auth0.com/oauth/grant-type/password-realm"}, "client_id": {servertest.Web}, "client_secret": {servertest.WebSecret},
			"realm": {"Username-Password-Authentication"}, "username": {servertest.Manager}, "password": {password}, "scope": {"openid"},
		})
		return status
	}
	first.Manage(of(first), http.MethodPatch, "clients/"+servertest.Web, object{"grant_types": []string{"authorization_code", "password", "http://auth0.com/oauth/grant-type/password-realm"}})
	if status := attempt(second, servertest.Password); status != http.StatusOK {
		t.Fatalf("a login by password: %d", status)
	}
	for ; failed < 30; failed++ {
		if status := attempt(servers[failed%2], "wrong"); status == http.StatusTooManyRequests {
			break
		}
	}
	if status := attempt(servers[(failed+1)%2], servertest.Password); failed != 10 || status != http.StatusTooManyRequests {
		t.Errorf("after %d failures at both servers the right password gets %d", failed, status)
	}
	first.Reset()
	if status := attempt(second, "wrong"); status == http.StatusTooManyRequests {
		t.Error("after a reset at one server the block is there at the other")
	}
}
