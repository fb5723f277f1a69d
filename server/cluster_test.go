package server_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server"
	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

// balanced returns a client whose requests go to the servers in turn, as behind a load
// balancer.
func balanced(servers []*servertest.Server) *http.Client { return servertest.InTurn(servers...) }

// of returns a client whose requests all go to one server.
func of(s *servertest.Server) *http.Client { return servertest.InTurn(s) }

func TestALoginGoesFromServerToServer(t *testing.T) {
	servers := cluster(t, 3, pgtest.Shared(t).Empty(t))
	first := servers[0]
	for range 4 { // with each the pages are others' turn
		client := balanced(servers)
		tokens := first.Exchange(client, first.Login(client, servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"scope": {"openid offline_access"}}}))
		old, _ := tokens["refresh_token"].(string)
		if old == "" {
			t.Fatalf("a login across the servers ends with %v", tokens)
		}
		refresh := func(s *servertest.Server, token string) (int, map[string]any) {
			return first.Token(of(s), url.Values{"grant_type": {"refresh_token"}, "client_id": {servertest.SPA}, "refresh_token": {token}})
		}
		status, rotated := refresh(servers[1], old)
		next, _ := rotated["refresh_token"].(string)
		if status != http.StatusOK || next == "" || next == old {
			t.Fatalf("a rotation at another server: %d %v", status, rotated)
		}
		if status, body := refresh(servers[2], old); status != http.StatusForbidden {
			t.Errorf("the old token at a third server: %d %v, want a refusal", status, body)
		}
		if status, body := refresh(servers[0], next); status != http.StatusForbidden {
			t.Errorf("after the reuse the new token at the first server: %d %v, want a refusal", status, body)
		}
	}
}

func TestACodeIsRedeemedOnceAmongAllServers(t *testing.T) {
	const codes, racers = 50, 8
	servers := cluster(t, 3, pgtest.Shared(t).Empty(t))
	first := servers[0]
	browser := balanced(servers)
	clients := []*http.Client{of(servers[0]), of(servers[1]), of(servers[2])}
	for n := range codes {
		login := first.Login(browser, servertest.Login{})
		form := url.Values{
			"grant_type": {"authorization_code"}, "client_id": {servertest.Mobile}, "code": {login.Get("code")},
			"redirect_uri": {servertest.MobileCallback}, "code_verifier": {login.Verifier},
		}
		var successes atomic.Int64
		var wait sync.WaitGroup
		for i := range racers {
			wait.Go(func() {
				resp, err := clients[i%len(clients)].PostForm(first.URL+"oauth/token", form)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					successes.Add(1)
				}
			})
		}
		wait.Wait()
		if successes.Load() != 1 {
			t.Fatalf("code %d is redeemed %d times", n, successes.Load())
		}
	}
}

// kidOf returns the key id in a token's header.
func kidOf(t *testing.T, token any) string {
	t.Helper()
	text, _ := token.(string)
	head, _, _ := strings.Cut(text, ".")
	raw, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	var header struct {
		Kid string `json:"kid"`
	}
	if err := json.Unmarshal(raw, &header); err != nil {
		t.Fatal(err)
	}
	return header.Kid
}

// publishes returns the key ids of the keys that a server publishes in its JWKS.
func publishes(t *testing.T, s *servertest.Server, client *http.Client) (kids []string) {
	t.Helper()
	resp, err := client.Get(s.URL + ".well-known/jwks.json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var set struct {
		Keys []struct {
			Kid string `json:"kid"`
		} `json:"keys"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		kids = append(kids, k.Kid)
	}
	return kids
}

// TestNoServerSignsWithAKeyThatAnotherDoesNotPublish rotates the keys at each server while
// all servers issue tokens.
func TestNoServerSignsWithAKeyThatAnotherDoesNotPublish(t *testing.T) {
	servers := cluster(t, 3, pgtest.Shared(t).Empty(t))
	first := servers[0]
	var rotations sync.WaitGroup
	var done atomic.Bool
	rotations.Go(func() {
		defer done.Store(true)
		for _, s := range servers {
			resp, err := http.Post(s.ControlURL()+"/keys/rotate", "", nil)
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("rotate: %v %v", resp, err)
				return
			}
			resp.Body.Close()
		}
	})
	defer rotations.Wait()
	used := map[string]bool{}
	for i := 0; !done.Load() || i%9 != 0; i++ {
		status, body := first.Token(of(servers[i%3]), cronForm())
		if status != http.StatusOK {
			t.Fatal(status, body)
		}
		kid := kidOf(t, body["access_token"])
		used[kid] = true
		other := servers[(i/3)%3]
		if kids := publishes(t, first, of(other)); !slices.Contains(kids, kid) {
			t.Fatalf("a server signs with %s, and another publishes %v", kid, kids)
		}
	}
	if len(used) < 2 {
		t.Errorf("tokens had %d keys only, so nothing was seen", len(used))
	}
	current := map[string]bool{}
	for deadline := time.Now().Add(servertest.Patience); time.Now().Before(deadline); { // everywhere within a second, on a quiet machine
		clear(current)
		for _, s := range servers {
			_, body := first.Token(of(s), cronForm())
			current[kidOf(t, body["access_token"])] = true
		}
		if len(current) == 1 {
			return
		}
	}
	t.Errorf("long after the rotation the servers sign with %v", current)
}

func TestServersHaveOneClock(t *testing.T) {
	servers := cluster(t, 3, pgtest.Shared(t).Empty(t))
	shown := func(s *servertest.Server) string {
		status, body := controlStatus(t, s, "/clock")
		if status != http.StatusOK {
			t.Fatal(status, body)
		}
		return body
	}
	servers[1].Freeze(time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC))
	for n, s := range servers {
		if got := shown(s); !strings.Contains(got, "2031-05-06T07:08:09Z") || !strings.Contains(got, "true") {
			t.Errorf("the clock of server %d shows %s", n, got)
		}
	}
	servers[2].Advance(time.Hour)
	for n, s := range servers {
		if got := shown(s); !strings.Contains(got, "2031-05-06T08:08:09Z") {
			t.Errorf("an hour later the clock of server %d shows %s", n, got)
		}
	}
	servers[0].Reset()
	for n, s := range servers {
		if got := shown(s); strings.Contains(got, "2031") {
			t.Errorf("after a reset the clock of server %d shows %s", n, got)
		}
	}
}

func TestServersThatStartTogetherMakeOneTenant(t *testing.T) {
	store := pgtest.Shared(t).Empty(t)
	servers := make([]*servertest.Server, 3)
	errs := make([]error, len(servers))
	var wait sync.WaitGroup
	for i := range servers {
		wait.Go(func() {
			servers[i], errs[i] = servertest.Try(t, servertest.Config(func(c *config.Config) { c.Store = store }))
		})
	}
	wait.Wait()
	for i, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
		if servers[i].URL != servers[0].URL {
			t.Errorf("the servers have the issuers %s and %s", servers[0].URL, servers[i].URL)
		}
	}
}

func TestServersHaveOneInbox(t *testing.T) {
	servers := cluster(t, 2, pgtest.Shared(t).Empty(t))
	first := servers[0]
	resp, err := of(servers[1]).PostForm(first.URL+"dbconnections/change_password", url.Values{
		"client_id": {servertest.SPA}, "connection": {"Username-Password-Authentication"}, "email": {servertest.Employee},
	})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if m := first.WaitForMessage(servertest.Employee, ""); m.Link == "" {
		t.Errorf("the first server has %+v of what the second sent", m)
	}
	first.ClearInbox()
	if left := servers[1].Inbox(); len(left) != 0 {
		t.Errorf("after the first has cleared it, the inbox of the second has %v", left)
	}
}

// TestTenantsAreCopiedToADatabaseAndBack copies two tenants and a new user from files to a database and back
// to another folder. A second copy into the same database is refused.
func TestTenantsAreCopiedToADatabaseAndBack(t *testing.T) {
	servertest.NeedsFile(t)
	data, back := t.TempDir(), t.TempDir()
	in := func(folder string) servertest.Option {
		return servertest.Config(func(c *config.Config) { c.Data, c.Issuer = folder, "http://localhost:4400/" })
	}
	s := servertest.Start(t, in(data))
	status, made := s.Manage(of(s), http.MethodPost, "users", map[string]any{
		"connection": "Username-Password-Authentication", "email": "copied@example.com", "password": servertest.Password,
	})
	if status != http.StatusCreated {
		t.Fatal(status, made)
	}
	if resp, err := http.Post(s.ControlURL()+"/tenants", "application/json", strings.NewReader(`{"name": "w1", "seed": "empty"}`)); err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatal(resp, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	store := pgtest.Shared(t).Empty(t)
	if names, err := server.CopyStore(data, store); err != nil || !slices.Equal(names, []string{"default", "w1"}) {
		t.Fatal(names, err)
	}
	if _, err := server.CopyStore(data, store); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second copy: %v, want a refusal", err)
	}
	if names, err := server.CopyStore(store, back); err != nil || !slices.Equal(names, []string{"default", "w1"}) {
		t.Fatal(names, err)
	}
	for name, option := range map[string]servertest.Option{
		"the database": servertest.Config(func(c *config.Config) { c.Store = store }), "the folder": in(back),
	} {
		s := servertest.Start(t, option)
		status, found := s.Manage(of(s), http.MethodGet, "users-by-email?email=copied@example.com", nil)
		if all, _ := found.([]any); status != http.StatusOK || len(all) != 1 {
			t.Errorf("in %s there is %d %v", name, status, found)
		}
		if status, body := controlStatus(t, s, "/tenants/w1"); status != http.StatusOK {
			t.Errorf("in %s the further tenant is %d %s", name, status, body)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestStreamsGetEachEventOnce causes events at all servers, stops the server that delivers them, and
// checks that each event arrives once and in order.
func TestStreamsGetEachEventOnce(t *testing.T) {
	var mu sync.Mutex
	var got []string
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var entries []struct {
			ID   string `json:"log_id"`
			Data struct {
				Type string `json:"type"`
			} `json:"data"`
		}
		if err := json.NewDecoder(r.Body).Decode(&entries); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, e := range entries {
			if e.Data.Type == "seccft" {
				got = append(got, e.ID)
			}
		}
	}))
	t.Cleanup(receiver.Close)
	servers := cluster(t, 3, pgtest.Shared(t).Empty(t))
	first := servers[0]
	status, body := first.Manage(of(first), http.MethodPost, "log-streams", map[string]any{
		"name": "all", "type": "http", "startFrom": time.Now().UTC().Format(time.RFC3339Nano), "sink": map[string]any{"httpEndpoint": receiver.URL, "httpContentType": "application/json", "httpContentFormat": "JSONARRAY"},
	})
	if status != http.StatusCreated && status != http.StatusOK {
		t.Fatal(status, body)
	}
	sent := 0
	exchange := func(servers []*servertest.Server) {
		for range 12 {
			for _, s := range servers {
				if status, body := first.Token(of(s), cronForm()); status != http.StatusOK {
					t.Fatal(status, body)
				}
				sent++
			}
		}
	}
	arrived := func(least int) (all []string) {
		for deadline := time.Now().Add(servertest.Patience); ; {
			mu.Lock()
			all = slices.Clone(got)
			mu.Unlock()
			if len(all) >= least || time.Now().After(deadline) {
				return all
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	exchange(servers)
	before := len(arrived(sent))
	if before < sent {
		t.Fatalf("%d of %d events have arrived", before, sent)
	}
	if err := servers[0].Close(); err != nil { // the first to start is the first to deliver
		t.Fatal(err)
	}
	exchange(servers[1:])
	all := arrived(before + 24)
	if !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("the events arrive out of order or twice: %v", all)
	}
	if len(all) < before+24 {
		t.Errorf("%d events have arrived, want %d: %s", len(all), before+24, fmt.Sprint(all))
	}
}
