package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/session"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/memory"
)

func open(t *testing.T) *storage.DB {
	t.Helper()
	db, err := storage.Open(memory.New())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// TestTransactionsAreOfOneKindAndOneBrowser: a state finds its transaction only on pages of its kind, in the browser
// that began it, and before it expires.
func TestTransactionsAreOfOneKindAndOneBrowser(t *testing.T) {
	db := open(t)
	type find func(*http.Request, string, time.Time) (storage.Transaction, error)
	var c session.Cookies
	pages := map[string]find{
		"login": func(r *http.Request, state string, now time.Time) (storage.Transaction, error) {
			return c.Transaction(db, r, state, now)
		},
		"factor": func(r *http.Request, state string, now time.Time) (storage.Transaction, error) {
			return c.FactorTransaction(db, r, state, now)
		},
		"logout": func(r *http.Request, state string, now time.Time) (storage.Transaction, error) {
			return c.LogoutTransaction(db, r, state, now)
		},
		"enrollment": func(r *http.Request, state string, now time.Time) (storage.Transaction, error) {
			return c.EnrollmentTransaction(db, r, state, now)
		},
		"upstream": func(r *http.Request, state string, now time.Time) (storage.Transaction, error) {
			return c.Upstream(db, r, "upstream "+state, now)
		},
	}
	kinds := []struct {
		name  string
		begun storage.Transaction
		pages []string
	}{
		{"a login", storage.Transaction{}, []string{"login", "factor", "upstream"}},
		{"a logout", storage.Transaction{Logout: &storage.LogoutRequest{}}, []string{"logout", "upstream"}},
		{"an enrollment", storage.Transaction{Enrollment: &storage.Enrollment{}}, []string{"factor", "enrollment", "upstream"}},
		{"a connected account", storage.Transaction{Connect: "vault"}, []string{"upstream"}},
	}
	for _, kind := range kinds {
		kind.begun.ExpiresAt = noon.Add(time.Hour)
		w := httptest.NewRecorder()
		state, err := c.Start(w, request(""), db, kind.begun)
		if err != nil {
			t.Fatal(err)
		}
		err = db.UpdateVolatile(t.Context(), func(tx *storage.Tx) error {
			return session.ChangeTransaction(tx, keys.Hash(state), noon, func(t *storage.Transaction) error {
				t.Upstream = &storage.UpstreamLogin{StateHash: keys.Hash("upstream " + state)}
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		own, other := request(""), request("")
		own.Header.Set("Cookie", w.Result().Cookies()[0].String())
		other.Header.Set("Cookie", "did="+keys.Random(32))
		for page, find := range pages {
			want := error(apierr.TransactionExpired)
			if slices.Contains(kind.pages, page) {
				want = nil
			}
			if _, err := find(own, state, noon); !errors.Is(err, want) {
				t.Errorf("%s at the page %s: %v, want %v", kind.name, page, err, want)
			}
			for _, foreign := range []*http.Request{request(""), other} {
				if _, err := find(foreign, state, noon); !errors.Is(err, apierr.TransactionForeign) {
					t.Errorf("%s at the page %s in another browser: %v", kind.name, page, err)
				}
			}
			if _, err := find(own, state, noon.Add(time.Hour)); !errors.Is(err, apierr.TransactionExpired) {
				t.Errorf("%s at the page %s after its hour: %v", kind.name, page, err)
			}
			if _, err := find(own, keys.Random(32), noon); !errors.Is(err, apierr.TransactionExpired) {
				t.Errorf("no transaction at the page %s: %v", page, err)
			}
		}
	}
}

func TestPartsOfPagesBeginNothing(t *testing.T) {
	db := open(t)
	image := request("")
	image.Header.Set("Sec-Fetch-Dest", "image")
	w := httptest.NewRecorder()
	if _, err := (session.Cookies{}).Start(w, image, db, storage.Transaction{ExpiresAt: noon}); !errors.Is(err, apierr.Subresource) || len(w.Result().Cookies()) > 0 {
		t.Errorf("an image begins a login: %v, with %v", err, w.Result().Cookies())
	}
}

// TestWhatBrowsersAreTold checks the attributes of the cookies.
func TestWhatBrowsersAreTold(t *testing.T) {
	sites := map[string]session.Cookies{"http": {}, "https": {Secure: true}, "second": {Tenant: "b"}}
	want := map[string][]string{
		"http":   {"auth0-mf=m; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax"},
		"second": {"auth0-mf_b=m; Path=/; Max-Age=7776000; HttpOnly; SameSite=Lax"},
		"https": {
			"auth0-mf=m; Path=/; Max-Age=7776000; HttpOnly; Secure; SameSite=None",
			"auth0-mf_compat=m; Path=/; Max-Age=7776000; HttpOnly; Secure",
		},
	}
	for name, c := range sites {
		w := httptest.NewRecorder()
		c.Remember(w, "m", false)
		if got := w.Header()["Set-Cookie"]; !slices.Equal(got, want[name]) {
			t.Errorf("at %s the cookies are %q, want %q", name, got, want[name])
		}
		w = httptest.NewRecorder()
		c.Remember(w, "m", true)
		for _, cookie := range w.Result().Cookies() {
			if cookie.MaxAge != 0 || !cookie.Expires.IsZero() {
				t.Errorf("at %s a cookie that ends with the browser is %s", name, cookie)
			}
		}
		w = httptest.NewRecorder()
		c.Forget(w)
		cookies := w.Result().Cookies()
		for _, cookie := range cookies {
			if cookie.MaxAge >= 0 || cookie.Value != "" {
				t.Errorf("at %s the session's cookie is not deleted by %s", name, cookie)
			}
		}
		if len(cookies) != len(want[name]) {
			t.Errorf("at %s %d cookies are deleted", name, len(cookies))
		}
		w = httptest.NewRecorder()
		mark := c.MarkForm(w)
		if form := w.Result().Cookies()[0]; form.Value != mark || !form.HttpOnly || form.Secure != c.Secure || form.SameSite != http.SameSiteLaxMode {
			t.Errorf("at %s the form's cookie is %s", name, form)
		}
	}
}

// TestLifetimes: a session ends after its idle lifetime and after its total lifetime, which are settings of the tenant
// for persistent and non-persistent sessions.
func TestLifetimes(t *testing.T) {
	var c session.Cookies
	for _, one := range []struct {
		name      string
		tenant    storage.Document
		idle, all time.Duration
		maxAge    int
	}{
		{"the defaults", storage.Document{}, 72 * time.Hour, 168 * time.Hour, 168 * 3600},
		{"the tenant's", storage.Document{"idle_session_lifetime": 2, "session_lifetime": 5}, 2 * time.Hour, 5 * time.Hour, 5 * 3600},
		{"those that end with the browser", storage.Document{"session_cookie": storage.Document{"mode": "non-persistent"}}, 24 * time.Hour, 72 * time.Hour, 0},
	} {
		db := open(t)
		var finish func(http.ResponseWriter)
		err := db.Update(t.Context(), func(tx *storage.Tx) (err error) {
			one.tenant["key"] = storage.TenantKey
			if err := tx.Tenant.Put(one.tenant); err != nil {
				return err
			}
			finish, err = c.Begin(tx, request(""), storage.Session{UserID: "ann"}, noon)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		finish(w)
		cookie := w.Result().Cookies()[0]
		if cookie.MaxAge != one.maxAge {
			t.Errorf("%s: the cookie lives for %d seconds, want %d", one.name, cookie.MaxAge, one.maxAge)
		}
		find := func(at time.Time) (s storage.Session, tenant storage.Tenant, err error) {
			err = db.View(t.Context(), func(tx *storage.Tx) error {
				if tenant, err = tx.Tenant.GetShared(storage.TenantKey); err != nil {
					return err
				}
				s, err = c.Find(tx, request(cookie.Value), at)
				return err
			})
			return s, tenant, err
		}
		s, tenant, err := find(noon.Add(one.idle - time.Second))
		if err != nil {
			t.Fatalf("%s: %v", one.name, err)
		}
		if _, _, err := find(noon.Add(one.idle)); !storage.IsNotFound(err) {
			t.Errorf("%s: an idle session lives: %v", one.name, err)
		}
		used := session.Used(s, httptest.NewRequest(http.MethodGet, "/", http.NoBody), "app", tenant, noon.Add(one.idle-time.Second))
		if want := noon.Add(2*one.idle - time.Second); !used.IdleExpiresAt.Equal(want) {
			t.Errorf("%s: a session that was used is idle at %s, want %s", one.name, used.IdleExpiresAt, want)
		}
		if used.IdleExpiresAt = noon.Add(2 * one.all); used.Live(noon.Add(one.all)) || !used.Live(noon.Add(one.all-time.Second)) {
			t.Errorf("%s: a session that is used lives until %s", one.name, used.ExpiresAt)
		}
		for client, want := range map[string]bool{"app": false, "new": true} {
			if got := session.UseCounts(used, client, tenant, used.LastUsedAt.Add(time.Second)); got != want {
				t.Errorf("%s: a use by %s counts: %v", one.name, client, got)
			}
		}
		if !session.UseCounts(used, "app", tenant, used.LastUsedAt.Add(time.Hour)) {
			t.Errorf("%s: a use an hour later does not count", one.name)
		}
	}
}
