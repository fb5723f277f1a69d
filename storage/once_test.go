package storage_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage"
)

func TestACodeIsRedeemedOnce(t *testing.T) {
	const codes, racers = 200, 8
	s := open(t)
	s.update(func(tx *storage.Tx) error {
		for i := range codes {
			c := storage.Code{Hash: fmt.Sprint("h", i), GrantID: fmt.Sprint("g", i), ExpiresAt: noon.Add(time.Minute)}
			if err := tx.Codes.Put(c); err != nil {
				return err
			}
		}
		return nil
	})
	var redeemed, reused atomic.Int32
	var wait sync.WaitGroup
	for i := range codes * racers {
		wait.Go(func() {
			n := i % codes
			err := s.RedeemCode(t.Context(), storage.Code{Hash: fmt.Sprint("h", n), GrantID: fmt.Sprint("g", n)}, noon, &storage.RefreshToken{ID: fmt.Sprint("g", n)})
			switch {
			case err == nil:
				redeemed.Add(1)
			case errors.Is(err, storage.ErrReused):
				reused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if redeemed.Load() != codes || reused.Load() != codes*(racers-1) {
		t.Errorf("%d successes and %d reuses, want %d and %d", redeemed.Load(), reused.Load(), codes, codes*(racers-1))
	}
	s.view(func(tx *storage.Tx) error {
		for i := range codes {
			kept, err := tx.RefreshTokens.Has(fmt.Sprint("g", i))
			revoked, err2 := tx.RevokedGrants.Has(fmt.Sprint("g", i))
			if err := errors.Join(err, err2); err != nil {
				return err
			}
			if kept || !revoked {
				t.Errorf("code %d: the refresh token is there: %v, the grant is revoked: %v", i, kept, revoked)
			}
		}
		return nil
	})
}

func TestAnAssertionIsUsedOnce(t *testing.T) {
	s := open(t)
	var used atomic.Int32
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			err := s.UseAssertion(t.Context(), storage.UsedAssertion{ID: "client\x01jti", ExpiresAt: noon})
			if err == nil {
				used.Add(1)
			} else if !errors.Is(err, storage.ErrReused) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if used.Load() != 1 {
		t.Errorf("%d of 16 uses of an assertion succeed", used.Load())
	}
}

// exchange is one use of a refresh token in a sequence of uses, at a time in seconds. Tokens are
// given by name.
type exchange struct {
	at      int
	token   string
	next    string // of the token that replaces it
	want    error
	rotated bool
}

func TestRefreshTokenFamilies(t *testing.T) {
	const overlap = 10 // seconds
	for _, tt := range []struct {
		name     string
		rotating bool
		overlap  int
		story    []exchange
		ended    bool
	}{
		{"a token that does not rotate is used again and again", false, 0, []exchange{
			{0, "a", "x", nil, false}, {0, "a", "y", nil, false}, {999, "a", "z", nil, false},
		}, false},
		{"each exchange brings the next", true, 0, []exchange{
			{0, "a", "b", nil, true}, {1, "b", "c", nil, true}, {2, "c", "d", nil, true},
		}, false},
		{"a replaced token ends the family", true, 0, []exchange{
			{0, "a", "b", nil, true}, {1, "a", "x", storage.ErrReused, false}, {2, "b", "c", storage.ErrNotFound, false},
		}, true},
		{"without an overlap even at the same instant", true, 0, []exchange{
			{0, "a", "b", nil, true}, {0, "a", "x", storage.ErrReused, false},
		}, true},
		{"and at an instant before, when the clock was moved back", true, 0, []exchange{
			{5, "a", "b", nil, true}, {0, "a", "x", storage.ErrReused, false},
		}, true},
		{"within the overlap it brings a sibling, and both go on", true, overlap, []exchange{
			{0, "a", "b", nil, true},
			{overlap, "a", "c", nil, true},
			{overlap, "b", "d", nil, true},
			{overlap, "c", "e", nil, true},
			{overlap, "d", "f", nil, true},
		}, false},
		{"past the overlap it ends the family", true, overlap, []exchange{
			{0, "a", "b", nil, true}, {overlap + 1, "a", "x", storage.ErrReused, false},
		}, true},
		{"the overlap begins with the first exchange and is not moved by later ones", true, overlap, []exchange{
			{0, "a", "b", nil, true}, {9, "a", "c", nil, true}, {11, "a", "x", storage.ErrReused, false},
		}, true},
		{"the last but one ends the family within the overlap as well", true, overlap, []exchange{
			{0, "a", "b", nil, true}, {1, "b", "c", nil, true}, {2, "a", "x", storage.ErrReused, false},
		}, true},
		{"a token that never was ends the family", true, overlap, []exchange{
			{0, "never", "x", storage.ErrReused, false},
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			s.update(func(tx *storage.Tx) error {
				return tx.RefreshTokens.Put(storage.RefreshToken{ID: "family", Rotating: tt.rotating, Tokens: []storage.Token{{Hash: "a"}}})
			})
			for _, x := range tt.story {
				rotated, err := s.ExchangeRefreshToken(t.Context(), storage.Exchange{
					ID: "family", Hash: x.token, Next: x.next, Now: noon.Add(time.Duration(x.at) * time.Second),
					Overlap: time.Duration(tt.overlap) * time.Second,
				})
				if !errors.Is(err, x.want) || rotated != x.rotated {
					t.Errorf("at %d s %q gives rotated %v, %v, want %v, %v", x.at, x.token, rotated, err, x.rotated, x.want)
				}
			}
			s.view(func(tx *storage.Tx) error {
				if has, _ := tx.RefreshTokens.Has("family"); has == tt.ended {
					t.Errorf("the family is there: %v", has)
				}
				if has, _ := tx.RevokedGrants.Has("family"); has != tt.ended {
					t.Errorf("the family is revoked: %v", has)
				}
				return nil
			})
		})
	}
}

func TestRefreshTokensEndByTheirTimes(t *testing.T) {
	at := func(hours int) time.Time { return noon.Add(time.Duration(hours) * time.Hour) }
	for _, tt := range []struct {
		name           string
		absolute, idle time.Time
		now            time.Time
		want           error
	}{
		{"before both ends", at(2), at(1), at(0), nil},
		{"at the idle end", at(2), at(1), at(1), storage.ErrNotFound},
		{"at the absolute end", at(1), time.Time{}, at(1), storage.ErrNotFound},
		{"with no ends", time.Time{}, time.Time{}, at(100000), nil},
	} {
		s := open(t)
		s.update(func(tx *storage.Tx) error {
			return tx.RefreshTokens.Put(storage.RefreshToken{ID: "f", ExpiresAt: tt.absolute, IdleExpiresAt: tt.idle, Tokens: []storage.Token{{Hash: "a"}}})
		})
		if _, err := s.ExchangeRefreshToken(t.Context(), storage.Exchange{ID: "f", Hash: "a", Now: tt.now}); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestAFamilyStaysBounded exchanges the first token again and again within the overlap: the list of
// the family's tokens stays short.
func TestAFamilyStaysBounded(t *testing.T) {
	s := open(t)
	s.update(func(tx *storage.Tx) error {
		return tx.RefreshTokens.Put(storage.RefreshToken{ID: "f", Rotating: true, Tokens: []storage.Token{{Hash: "a"}}})
	})
	for i := range 300 {
		_, err := s.ExchangeRefreshToken(t.Context(), storage.Exchange{ID: "f", Hash: "a", Next: fmt.Sprint("n", i), Now: noon, Overlap: time.Minute})
		if err != nil && !errors.Is(err, storage.ErrReused) && !storage.IsNotFound(err) {
			t.Fatal(err)
		}
	}
	s.view(func(tx *storage.Tx) error {
		family, err := tx.RefreshTokens.Get("f")
		if len(family.Tokens) > 50 {
			t.Errorf("the family has grown to %d tokens", len(family.Tokens))
		}
		return storage.Optional(err)
	})
}

func TestOldestTokensAndSessionsEndPastTheBound(t *testing.T) {
	s := open(t)
	for i := range 205 {
		code := storage.Code{Hash: fmt.Sprint("h", i), GrantID: fmt.Sprintf("g%03d", i), ExpiresAt: noon}
		s.update(func(tx *storage.Tx) error { return tx.Codes.Put(code) })
		token := &storage.RefreshToken{ID: code.GrantID, Issue: storage.Issue{UserID: "u", ClientID: "c"}}
		if err := s.RedeemCode(t.Context(), code, noon, token); err != nil {
			t.Fatal(err)
		}
		s.update(func(tx *storage.Tx) error {
			at := noon.Add(time.Duration(i) * time.Minute)
			return tx.StartSession(storage.Session{
				CookieHash: fmt.Sprintf("s%03d", i), ID: fmt.Sprint("id", i), UserID: "u", LastUsedAt: at,
				ExpiresAt: noon.AddDate(1, 0, 0), IdleExpiresAt: noon.AddDate(1, 0, 0),
			}, "")
		})
	}
	s.view(func(tx *storage.Tx) error {
		tokens, sessions := 0, 0
		for token, err := range tx.RefreshTokens.All() {
			if err != nil {
				return err
			}
			if tokens == 0 && token.ID != "g005" {
				t.Errorf("the oldest refresh token left is %s, want g005", token.ID)
			}
			tokens++
		}
		for _, err := range tx.Sessions.All() {
			if err != nil {
				return err
			}
			sessions++
		}
		newest, err := tx.Sessions.Has("s204")
		if tokens != 200 || sessions > 100 || sessions < 50 || !newest {
			t.Errorf("%d refresh tokens, %d sessions, the newest there: %v", tokens, sessions, newest)
		}
		return err
	})
}

func TestALoginReplacesTheSessionOfItsBrowser(t *testing.T) {
	s := open(t)
	start := func(hash, id, replaces string) {
		s.update(func(tx *storage.Tx) error {
			return tx.StartSession(storage.Session{CookieHash: hash, ID: id, UserID: "u", ExpiresAt: noon, IdleExpiresAt: noon}, replaces)
		})
	}
	start("old", "1", "")
	start("new", "2", "old")
	s.view(func(tx *storage.Tx) error {
		old, _ := tx.Sessions.Has("old")
		fresh, err := tx.Sessions.Has("new")
		if old || !fresh {
			t.Errorf("the old session is there: %v, the new one: %v", old, fresh)
		}
		return err
	})
}
