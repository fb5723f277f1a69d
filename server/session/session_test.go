package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func request(cookie string) *http.Request {
	r := &http.Request{Header: http.Header{}}
	if cookie != "" {
		r.Header.Set("Cookie", "auth0="+cookie)
	}
	return r
}

// TestCookiesOfSessions: a cookie leads only to its own session, a part of a cookie to none, and a cookie of
// an earlier version works until its browser logs in again.
func TestCookiesOfSessions(t *testing.T) {
	db, err := storage.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	earlier := keys.Random(32)
	old := storage.Session{CookieHash: keys.Hash(earlier), ID: keys.Random(24), UserID: "ann", ExpiresAt: noon.Add(time.Hour), IdleExpiresAt: noon.Add(time.Hour)}
	find := func(cookie string) (s storage.Session, err error) {
		err = db.View(t.Context(), func(tx *storage.Tx) error {
			s, err = session.Cookies{}.Find(tx, request(cookie), noon)
			return err
		})
		return s, err
	}
	begin := func(before string) (cookie string) {
		var finish func(http.ResponseWriter)
		err := db.Update(t.Context(), func(tx *storage.Tx) (err error) {
			finish, err = session.Cookies{}.Begin(tx, request(before), storage.Session{UserID: "ann"}, noon)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		answer := httptest.NewRecorder()
		finish(answer)
		return answer.Result().Cookies()[0].Value
	}
	if err := db.Update(t.Context(), func(tx *storage.Tx) error { return tx.Sessions.Put(old) }); err != nil {
		t.Fatal(err)
	}
	if s, err := find(earlier); err != nil || s.ID != old.ID {
		t.Errorf("the cookie of an earlier version leads to %q, %v", s.ID, err)
	}
	first, second := begin(""), begin(earlier)
	for cookie, other := range map[string]string{first: second, second: first} {
		s, err := find(cookie)
		if err != nil || len(s.ID) != 32 || !strings.HasPrefix(s.CookieHash, s.ID) || strings.Contains(cookie, s.ID[keys.StampLength:]) || strings.Contains(s.CookieHash, cookie[keys.StampLength:]) {
			t.Errorf("cookie %q leads to the session %q at %q, %v", cookie, s.ID, s.CookieHash, err)
		}
		if o, err := find(other); err != nil || o.ID == s.ID {
			t.Errorf("two cookies lead to one session, %v", err)
		}
		for _, wrong := range []string{
			s.ID, s.CookieHash, cookie[1:], cookie[:len(cookie)-1], cookie + "A", "00000000" + cookie[keys.StampLength:],
			cookie[:keys.StampLength] + other[keys.StampLength:], cookie[keys.StampLength:], keys.Hash(cookie),
		} {
			if wrong == other || wrong == cookie {
				continue // they began at the same time
			}
			if s, err := find(wrong); !storage.IsNotFound(err) {
				t.Errorf("%q leads to the session %q, %v", wrong, s.ID, err)
			}
		}
	}
	if _, err := find(earlier); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the session that a login has replaced is there: %v", err)
	}
}

// TestAUseChangesNothingThatIsShared: Used does not modify a session that others may share.
func TestAUseChangesNothingThatIsShared(t *testing.T) {
	clients := append(make([]string, 0, 4), "first") // with room for more
	s := storage.Session{CookieHash: "c", Clients: clients, Metadata: storage.Document{"k": "v"}, Methods: []storage.AuthenticationMethod{{Name: "pwd"}}}
	used := session.Used(s, httptest.NewRequest(http.MethodGet, "/", http.NoBody), "second", storage.Tenant{}, noon)
	used.Clients[0] = "changed"
	if want := []string{"first", "", "", ""}; !slices.Equal(clients[:4], want) || len(used.Clients) != 2 {
		t.Errorf("after a use by another application the first reads %q, and the session has %q", clients[:4], used.Clients)
	}
	if !s.LastUsedAt.IsZero() || !used.LastUsedAt.Equal(noon) {
		t.Errorf("the uses are at %s and at %s", s.LastUsedAt, used.LastUsedAt)
	}
}
