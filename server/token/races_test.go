package token_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// logIns logs in n times with one browser, which has a session after the first, and returns the forms for the tokens.
func (tn tenant) logIns(n int, client string, params ...string) []url.Values {
	tn.t.Helper()
	forms := make([]url.Values, n)
	for i := range forms {
		forms[i] = tn.logIn(client, params...).Form()
	}
	return forms
}

func TestEightRacersOnTwoHundredCodes(t *testing.T) {
	const codes, racers = 200, 8
	tn := start(t)
	forms := tn.logIns(codes, rotating)
	var successes atomic.Int32
	won := make([]atomic.Int32, codes)
	refreshTokens := make([]any, codes)
	var wait sync.WaitGroup
	for racer := range racers {
		wait.Go(func() {
			for i := range codes {
				n := (i + racer/2) % codes // in pairs, so that all do not stand in one queue
				status, body := tn.Token(tn.browser, forms[n])
				switch {
				case status == http.StatusOK:
					successes.Add(1)
					won[n].Add(1)
					refreshTokens[n] = body["refresh_token"]
				case status != 403 || body["error"] != "invalid_grant":
					t.Errorf("%d %v", status, body)
				}
			}
		})
	}
	wait.Wait()
	if successes.Load() != codes {
		t.Errorf("%d codes were redeemed %d times", codes, successes.Load())
	}
	for n := range won {
		if won[n].Load() != 1 {
			t.Errorf("code %d was redeemed %d times", n, won[n].Load())
		}
	}
	for n := 0; n < codes; n += 20 {
		if status, _ := tn.refresh(rotating, refreshTokens[n]); status != 403 {
			t.Errorf("code %d was reused and its refresh token is still good: %d", n, status)
		}
	}
}

// TestAWrongVerifierNeitherBurnsNorFrees the code: requests with a wrong verifier, and without one, race
// with the right one.
func TestAWrongVerifierNeitherBurnsNorFrees(t *testing.T) {
	const codes = 40
	tn := start(t)
	forms := tn.logIns(codes, rotating)
	var wait sync.WaitGroup
	for _, form := range forms {
		wrong, none := url.Values{}, url.Values{}
		for name := range form {
			wrong.Set(name, form.Get(name))
			none.Set(name, form.Get(name))
		}
		wrong.Set("code_verifier", strings.Repeat("w", 43))
		none.Del("code_verifier")
		for _, bad := range []url.Values{wrong, none, wrong, none} {
			wait.Go(func() {
				if status, body := tn.Token(tn.browser, bad); status != 403 {
					t.Errorf("a request without the verifier gets %d %v", status, body)
				}
			})
		}
	}
	wait.Wait()
	for _, form := range forms {
		if status, body := tn.Token(tn.browser, form); status != 200 {
			t.Errorf("after that the right verifier gets %d %v", status, body)
		}
	}
}

func TestConcurrentRefreshes(t *testing.T) {
	const racers = 8
	tn := start(t)
	race := func(client string, token any) (successes int, next []any) {
		var mu sync.Mutex
		var wait sync.WaitGroup
		for range racers {
			wait.Go(func() {
				status, body := tn.refresh(client, token)
				mu.Lock()
				defer mu.Unlock()
				if status == http.StatusOK {
					successes++
					next = append(next, body["refresh_token"])
				} else if status != 403 {
					t.Errorf("%d %v", status, body)
				}
			})
		}
		wait.Wait()
		return successes, next
	}
	for range 10 {
		successes, siblings := race(overlap, tn.tokens(overlap)["refresh_token"])
		if successes != racers {
			t.Errorf("within the overlap %d of %d refreshes succeed", successes, racers)
		}
		for _, sibling := range siblings {
			if status, body := tn.refresh(overlap, sibling); status != 200 {
				t.Errorf("a sibling: %d %v", status, body)
			}
		}
		successes, next := race(rotating, tn.tokens(rotating)["refresh_token"])
		if successes != 1 {
			t.Errorf("without an overlap %d of %d refreshes succeed", successes, racers)
		}
		for _, token := range next {
			if status, _ := tn.refresh(rotating, token); status != 403 {
				t.Errorf("the family lives on: %d", status)
			}
		}
		successes, _ = race(fixed, tn.tokens(fixed)["refresh_token"])
		if successes != racers {
			t.Errorf("of a token that does not rotate %d of %d refreshes succeed", successes, racers)
		}
	}
}

// startFuzz starts a tenant for a fuzz test.
func startFuzz(f *testing.F) fuzzTenant {
	f.Helper()
	s := servertest.Start(f, servertest.Seed(seed(nil)), servertest.HTTP())
	s.Freeze(noon)
	return fuzzTenant{s, s.Client()}
}

type fuzzTenant struct {
	*servertest.Server
	browser *http.Client
}

func (f fuzzTenant) with(t *testing.T) tenant {
	t.Helper()
	return tenant{f.Server, f.browser, t}
}
