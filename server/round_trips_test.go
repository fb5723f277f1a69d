package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

// TestWhatARequestAsksTheDatabase counts the database round trips and statements of each kind of request. Since
// background work falls into some of the requests, the limit applies to the median.
func TestWhatARequestAsksTheDatabase(t *testing.T) {
	database := pgtest.Shared(t)
	proxy := pgtest.NewProxy(t, database.Addr())
	s := cluster(t, 1, proxy.URL(t, database.Empty(t)))[0]
	browser := s.Client()
	login := servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"scope": {"openid offline_access"}}}
	var code servertest.Result
	var tokens map[string]any
	ok := func(status int, body map[string]any) map[string]any {
		t.Helper()
		if status != http.StatusOK {
			t.Fatal(status, body)
		}
		return body
	}
	s.Login(browser, login) // begins the session, and says yes
	steps := []struct {
		name                   string
		do                     func()
		roundTrips, statements int64
	}{
		{"a token for a machine", func() { ok(s.Token(browser, cronForm())) }, 1, 1},
		{"a login on a session", func() { code = s.Login(browser, login) }, 2, 4},
		{"the exchange of its code", func() { tokens = s.Exchange(browser, code) }, 2, 4},
		{"a refresh", func() {
			refresh, _ := tokens["refresh_token"].(string)
			tokens = ok(s.Token(browser, url.Values{"grant_type": {"refresh_token"}, "client_id": {servertest.SPA}, "refresh_token": {refresh}}))
		}, 2, 4},
		{"userinfo", func() {
			access, _ := tokens["access_token"].(string)
			resp, err := browser.Get(s.URL + "userinfo?access_token=" + url.QueryEscape(access))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			ok(resp.StatusCode, nil)
		}, 1, 1},
	}
	const rounds = 15
	trips, statements := make([][]int64, len(steps)), make([][]int64, len(steps))
	for range rounds {
		for i, step := range steps {
			tripsBefore, statementsBefore := proxy.Counts()
			step.do()
			tripsAfter, statementsAfter := proxy.Counts()
			trips[i], statements[i] = append(trips[i], tripsAfter-tripsBefore), append(statements[i], statementsAfter-statementsBefore)
		}
	}
	for i, step := range steps {
		slices.Sort(trips[i])
		slices.Sort(statements[i])
		if trips[i][rounds/2] > step.roundTrips || statements[i][rounds/2] > step.statements {
			t.Errorf("%s takes %v round trips and %v statements, want %d and %d at most", step.name, trips[i], statements[i], step.roundTrips, step.statements)
		}
	}
	// A server without requests asks the database for little.
	tripsBefore, _ := proxy.Counts()
	time.Sleep(2 * time.Second)
	if after, _ := proxy.Counts(); after-tripsBefore > 40 {
		t.Errorf("in two seconds without a request there are %d round trips", after-tripsBefore)
	}
}
