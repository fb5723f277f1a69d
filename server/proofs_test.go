package server_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// The ways in which a proof (a token, a code, a ticket …) may be wrong.
const (
	expired       = "expired"
	notYet        = "not yet valid"
	otherAudience = "for something else"
	otherClient   = "another application's"
	otherUser     = "another user's"
	otherTenant   = "another tenant's"
	changed       = "changed after it was made"
	algNone       = "signed with nothing, alg none"
	algHS256      = "signed with the public key as a secret, alg HS256"
	twice         = "used a second time"
)

var allWays = []string{expired, notYet, otherAudience, otherClient, otherUser, otherTenant, changed, algNone, algHS256, twice}

// way is one way to make a wrong proof out of a good one. If wrong is nil, reason says why no such wrong
// proof exists; else a reason means that the server accepts it, and says why that is right.
type way struct {
	wrong  func(p *proving, good string) string
	reason string
	// spent is set if the good proof must be invalid after this, even when the clock
	// is set back.
	spent bool
}

func never(reason string) way { return way{reason: reason} }

func refused(wrong func(p *proving, good string) string) way { return way{wrong: wrong} }

func accepted(reason string, wrong func(p *proving, good string) string) way {
	return way{wrong: wrong, reason: reason}
}

func spent(wrong func(p *proving, good string) string) way { return way{wrong: wrong, spent: true} }

// place is a place at which the server accepts something as a proof.
type place struct {
	// issue returns a good proof. accepts uses a proof and reports whether the server
	// accepted it.
	issue   func(p *proving) string
	accepts func(p *proving, proof string) bool
	ways    map[string]way
}

// proving is a tenant in which a place is tried, with a new browser for each attempt.
type proving struct {
	managed
	place place
	more  map[string]string // what belongs to the proof issued last
	// neighbour is another tenant in the same process, once one was needed.
	neighbour *proving
}

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// after returns the good proof after moving the clock by d from noon, which may be back.
func after(d time.Duration) func(*proving, string) string {
	return func(p *proving, good string) string {
		p.Freeze(noon.Add(d))
		return good
	}
}

// used uses the good proof once and returns it, for a second use.
func used(p *proving, good string) string {
	p.t.Helper()
	if !p.place.accepts(p, good) {
		p.t.Error("a good one is refused")
	}
	return good
}

// ofAnotherTenant tries a proof of another tenant in the same process, and returns it if it is accepted. Else it returns
// one of a tenant in another process, with the same keys.
func ofAnotherTenant(p *proving, _ string) string {
	p.t.Helper()
	if p.neighbour == nil {
		s := p.MakeTenant("neighbour")
		p.neighbour = &proving{managed: managed{s, p.t, s.Client()}, place: p.place, more: map[string]string{}}
	}
	p.neighbour.Freeze(noon)
	if wrong := p.place.issue(p.neighbour); p.place.accepts(p, wrong) {
		p.t.Error("one of another tenant in the same process is accepted")
		return wrong
	}
	elsewhere := newProving(p.t, p.place)
	elsewhere.Freeze(noon)
	return elsewhere.place.issue(elsewhere)
}

// flipped tries the good proof with one character changed, at several positions, and returns the first
// that the server accepts, or else the last. The last character of a part in base64 has bits that mean
// nothing, and it is changed in these, too.
func flipped(p *proving, good string) string {
	p.t.Helper()
	wrong := ""
	for i := range good {
		if i+1 < len(good) && good[i+1] != '.' {
			continue
		}
		const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		if at := strings.IndexByte(digits, good[i]); at >= 0 {
			if wrong = good[:i] + digits[at^1:][:1] + good[i+1:]; p.place.accepts(p, wrong) {
				return wrong
			}
		}
	}
	for _, i := range []int{len(good) - 2, len(good) / 2, len(good) - 12} {
		b := []byte(good)
		if b[i]++; b[i] > 'f' && b[i] < 'p' || b[i] > 'z' || b[i] == ':' || b[i] == '.' {
			b[i] = 'a'
		}
		if b[i] == good[i] {
			b[i] = 'b'
		}
		if wrong = string(b); p.place.accepts(p, wrong) {
			break
		}
	}
	return wrong
}

// noJWT are the ways of a proof that is a random string.
var noJWT = map[string]way{
	algNone:  never("it is no JWT"),
	algHS256: never("it is no JWT"),
	changed:  refused(flipped), otherTenant: refused(ofAnotherTenant),
	notYet: never("it is good from when it is made and states no beginning"),
}

// with returns ways with more added; more takes precedence.
func with(ways, more map[string]way) map[string]way {
	all := maps.Clone(ways)
	maps.Copy(all, more)
	return all
}

func newProving(t *testing.T, pl place) *proving {
	t.Helper()
	return &proving{managed: startManaged(t), place: pl, more: map[string]string{}}
}

// allPlaces returns all places at which the server accepts a proof.
func allPlaces() map[string]place {
	places := map[string]place{}
	for _, some := range []map[string]place{hints(), links(), tokensAndCodes(), factorsAndTickets(), exchanges(), codesAndMarks(), fromProviders()} {
		maps.Copy(places, some)
	}
	return places
}

// TestProofs tries every wrong proof at every place that takes proofs, and checks that a refused
// attempt changes nothing: the good proof still works after it.
func TestProofs(t *testing.T) {
	places := allPlaces()
	for _, name := range slices.Sorted(maps.Keys(places)) {
		t.Run(name, func(t *testing.T) {
			pl := places[name]
			p := newProving(t, pl)
			fresh := func() string {
				p.Freeze(noon)
				p.browser = p.Client()
				return pl.issue(p)
			}
			if !pl.accepts(p, fresh()) {
				t.Fatal("a good one is refused")
			}
			for _, what := range allWays {
				w, told := pl.ways[what]
				switch {
				case !told || w.wrong == nil && w.reason == "":
					t.Errorf("%s: nothing is said of it", what)
					continue
				case w.wrong == nil:
					continue
				}
				good := fresh()
				if got, want := pl.accepts(p, w.wrong(p, good)), w.reason != ""; got != want {
					t.Errorf("%s: accepted %v, want %v", what, got, want)
				}
				if w.reason != "" || w.spent {
					continue
				}
				p.Freeze(noon)
				if !pl.accepts(p, good) {
					t.Errorf("%s: after it the good one is refused", what)
				}
			}
		})
	}
}

// logIn logs a user in with the browser and returns the tokens.
func (p *proving) logIn(l servertest.Login) map[string]any {
	p.t.Helper()
	return p.Exchange(p.browser, p.Login(p.browser, l))
}

// apart calls do with another browser in place of the current one.
func (p *proving) apart(do func()) {
	own := p.browser
	p.browser = p.Client()
	do()
	p.browser = own
}

// get fetches a URL, with a bearer token unless it is "", and returns the status.
func (p *proving) get(target, bearer string) int {
	p.t.Helper()
	var headers []string
	if bearer != "" {
		headers = []string{"Authorization", "Bearer " + bearer}
	}
	status, _ := p.send(http.MethodGet, target, nil, headers...)
	return status
}
