package server_test

import (
	"errors"
	"iter"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage"
)

// counts returns the number of records of each kind that logins and tokens create.
func counts(t *testing.T, db *storage.DB) map[string]int {
	t.Helper()
	n := map[string]int{}
	err := db.View(t.Context(), func(tx *storage.Tx) error {
		return errors.Join(
			count(n, "sessions", tx.Sessions), count(n, "transactions", tx.Transactions), count(n, "codes", tx.Codes),
			count(n, "refresh tokens", tx.RefreshTokens), count(n, "revoked grants", tx.RevokedGrants), count(n, "used assertions", tx.UsedAssertions),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func count[T any](n map[string]int, name string, table interface{ All() iter.Seq2[T, error] }) error {
	for _, err := range table.All() {
		if err != nil {
			return err
		}
		n[name]++
	}
	return nil
}

// expectNothing waits until no record is left that logins or tokens created.
func expectNothing(t *testing.T, db *storage.DB) {
	t.Helper()
	deadline := time.After(servertest.Patience)
	for {
		left := counts(t, db)
		if len(left) == 0 {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("long after everything had expired there are (-want +got):\n%s", cmp.Diff(map[string]int{}, left))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// TestUseLeavesNothingBehind logs in hundreds of times, with codes that are never redeemed,
// logins that are never finished, tokens that are revoked, and consent that is declined; then
// it lets everything expire. It repeats this several times.
func TestUseLeavesNothingBehind(t *testing.T) {
	servertest.NeedsFile(t)
	const rounds, logins = 8, 400
	s := servertest.Start(t, servertest.HTTP())
	browser := s.Client()
	nothing := counts(t, s.DB())
	if len(nothing) != 0 {
		t.Fatalf("a new tenant has %v", nothing)
	}
	spa := func(params url.Values) servertest.Login {
		return servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: params}
	}
	use := func(i int) {
		if i%50 == 0 {
			browser = s.Client() // a new session
		}
		login := s.Login(browser, spa(nil))
		switch i % 5 {
		case 0: // never redeemed
		case 1:
			tokens := s.Exchange(browser, login)
			form := url.Values{"client_id": {servertest.SPA}, "token": {tokens["refresh_token"].(string)}}
			resp, err := browser.PostForm(s.URL+"oauth/revoke", form)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		case 2:
			tokens := s.Exchange(browser, login)
			form := url.Values{"grant_type": {"refresh_token"}, "client_id": {servertest.SPA}, "refresh_token": {tokens["refresh_token"].(string)}}
			if status, body := s.Token(browser, form); status != http.StatusOK {
				t.Fatalf("%d %v", status, body)
			}
		case 3:
			target, _ := s.AuthorizeURL(spa(url.Values{"prompt": {"login"}}))
			s.Visit(browser, target) // never finished
		case 4:
			s.Exchange(browser, login)
			s.Token(browser, login.Form()) // reused
		}
	}
	size := func() int64 {
		info, err := os.Stat(filepath.Join(s.Data, "tenant0.db"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}

	var first int64
	for round := range rounds {
		for i := range logins {
			use(i)
		}
		used := counts(t, s.DB())
		for name, least := range map[string]int{"sessions": logins / 50, "transactions": logins / 10, "codes": logins / 10, "refresh tokens": logins / 10, "revoked grants": logins / 10} {
			if used[name] < least {
				t.Errorf("after %d logins there are %d %s, want at least %d", logins, used[name], name, least)
			}
		}
		if round == 0 {
			first = size()
		}
		s.Advance(60 * 24 * time.Hour)
		expectNothing(t, s.DB())
	}
	// The file reuses room that became free. It grows by doubling, and room that a reader still sees
	// is not free yet, so two doublings prove nothing; keeping what all rounds have written would
	// take three.
	if last := size(); last > 4*first {
		t.Errorf("the file has grown from %d to %d bytes", first, last)
	}
}
