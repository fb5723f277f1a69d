package server_test

import (
	"maps"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// TestOneOfManyUsesWins sends each proof that is good once in eight requests at the same time: exactly one
// of them is accepted. The hints of a logout are left out: requests of the same moment find the same session,
// and to end it twice is the same as to end it once.
func TestOneOfManyUsesWins(t *testing.T) {
	const rounds, racers = 5, 8
	places := allPlaces()
	delete(places, "id_token_hint")
	delete(places, "logout_hint")
	raced := 0
	for _, name := range slices.Sorted(maps.Keys(places)) {
		pl := places[name]
		if again := pl.ways[twice]; again.wrong == nil || again.reason != "" {
			continue
		}
		raced++
		t.Run(name, func(t *testing.T) {
			p := newProving(t, pl)
			for range rounds {
				p.Freeze(noon)
				p.browser = p.Client()
				good := pl.issue(p)
				var won atomic.Int32
				var wait sync.WaitGroup
				for range racers {
					racer := p.again()
					wait.Go(func() {
						if pl.accepts(racer, good) {
							won.Add(1)
						}
					})
				}
				wait.Wait()
				if won.Load() != 1 {
					t.Errorf("%d of %d uses are accepted", won.Load(), racers)
				}
			}
		})
	}
	if raced < 20 {
		t.Errorf("only %d proofs were tried", raced)
	}
}

// again returns a copy whose browser has the same cookies, and gets its own from then on.
func (p *proving) again() *proving {
	p.t.Helper()
	site, err := url.Parse(p.URL)
	if err != nil {
		p.t.Fatal(err)
	}
	other := *p
	other.more, other.browser = maps.Clone(p.more), p.Client()
	other.browser.Jar.SetCookies(site, p.browser.Jar.Cookies(site))
	return &other
}
