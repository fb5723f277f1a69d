package server_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// ask sends a request to /authorize, with headers in pairs of name and value.
func ask(t *testing.T, s *servertest.Server, browser *http.Client, params url.Values, headers ...string) int {
	t.Helper()
	target, _ := s.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: params})
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		rq.Header.Set(headers[i], headers[i+1])
	}
	resp, err := browser.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// TestPartsOfPagesBeginNoLogin: /authorize stores no login if a page loads it as an image or another
// resource, with a session or without one.
func TestPartsOfPagesBeginNoLogin(t *testing.T) {
	s := servertest.Start(t, servertest.HTTP())
	stranger, known := s.Client(), s.Client()
	s.Login(known, servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback})
	for _, tt := range []struct {
		dest, mode string
		kept       bool
	}{
		{"", "", true},
		{"document", "navigate", true},
		{"iframe", "navigate", true},
		{"frame", "navigate", true},
		{"empty", "cors", true},
		{"empty", "same-origin", true},
		{"empty", "", true},
		{"empty", "no-cors", false},
		{"image", "no-cors", false},
		{"script", "no-cors", false},
		{"script", "cors", false},
		{"style", "no-cors", false},
		{"font", "cors", false},
		{"audio", "no-cors", false},
		{"video", "no-cors", false},
		{"track", "cors", false},
		{"worker", "same-origin", false},
		{"sharedworker", "same-origin", false},
		{"serviceworker", "same-origin", false},
		{"object", "navigate", false},
		{"embed", "navigate", false},
		{"manifest", "cors", false},
		{"what is to come", "no-cors", false},
	} {
		for name, browser := range map[string]*http.Client{"a stranger": stranger, "a session": known} {
			var headers []string
			if tt.dest != "" {
				headers = append(headers, "Sec-Fetch-Dest", tt.dest)
			}
			if tt.mode != "" {
				headers = append(headers, "Sec-Fetch-Mode", tt.mode)
			}
			before := counts(t, s.DB())
			status := ask(t, s, browser, nil, headers...)
			after := counts(t, s.DB())
			grown := after["transactions"] > before["transactions"] || after["codes"] > before["codes"]
			if grown != tt.kept || (status == http.StatusFound) != tt.kept {
				t.Errorf("%s, %s %s: %d, from %v to %v", name, tt.dest, tt.mode, status, before, after)
			}
		}
	}
}

// TestALongRequestIsLoggedInPart: what any page can send again and again does not fill the disk as a log.
func TestALongRequestIsLoggedInPart(t *testing.T) {
	m := startManaged(t)
	long := strings.Repeat("x", 60_000)
	before := len(m.Log())
	m.send(http.MethodGet, m.URL+long, nil)
	m.send(http.MethodPost, m.URL+"api/v2/roles", `{"name":"a","`+long+`":1}`, "Authorization", "Bearer "+m.token(m.URL+"api/v2/"))
	m.send(http.MethodPost, m.URL+"dbconnections/signup", `{"client_id":"`+long+`"}`)
	if log := m.Log()[before:]; strings.Count(log, "request refused") < 3 || len(log) > 20_000 {
		t.Errorf("three refused requests write %d bytes of log", len(log))
	}
}

// TestALongRequestIsRefused, with a session and without one; a state of some kilobytes is returned
// complete.
func TestALongRequestIsRefused(t *testing.T) {
	s := servertest.Start(t, servertest.HTTP())
	known := s.Client()
	long := strings.Repeat("x", 8<<10)
	got := s.Login(known, servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"state": {long}}})
	if got.Get("code") == "" || got.Get("state") != long {
		t.Errorf("a state of %d bytes comes back with %d", len(long), len(got.Get("state")))
	}
	before := counts(t, s.DB())
	for _, name := range []string{"state", "nonce", "scope", "login_hint", "ui_locales"} {
		for _, browser := range []*http.Client{known, s.Client()} {
			if status := ask(t, s, browser, url.Values{name: {strings.Repeat("x", 20<<10)}}); status != http.StatusRequestURITooLong {
				t.Errorf("a long %s: %d", name, status)
			}
		}
	}
	if after := counts(t, s.DB()); after["transactions"] != before["transactions"] || after["codes"] != before["codes"] {
		t.Errorf("what was refused is kept: from %v to %v", before, after)
	}
}

// TestAbandonedLoginsTakeBoundedRoom begins many logins in browsers without cookies, and many
// in one browser with cookies.
func TestAbandonedLoginsTakeBoundedRoom(t *testing.T) {
	servertest.NeedsFile(t)
	s := servertest.Start(t, servertest.HTTP())
	size := func() int64 {
		t.Helper()
		info, err := os.Stat(filepath.Join(s.Data, "tenant0.db"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	none := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	params := url.Values{"state": {strings.Repeat("x", 14<<10)}}
	abandon := func() {
		for range 400 {
			if status := ask(t, s, none, params); status != http.StatusFound {
				t.Fatal(status)
			}
		}
	}
	swept := func() {
		s.Advance(2 * time.Hour)
		for patience := time.After(time.Minute); counts(t, s.DB())["transactions"] > 0; {
			select {
			case <-patience:
				t.Fatal("nothing is swept")
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	abandon()
	swept()
	first := size()
	for range 4 {
		abandon()
		swept()
	}
	// The file grows by doubling, so one doubling proves nothing. If each of the five rounds kept what
	// it wrote, the file would double three times.
	if last := size(); last > 3*first {
		t.Errorf("rounds of abandoned logins have the file grow from %d to %d bytes", first, last)
	}

	browser := s.Client()
	for range 200 {
		ask(t, s, browser, nil)
	}
	if n := counts(t, s.DB())["transactions"]; n > 50 {
		t.Errorf("%d logins of one browser wait", n)
	}
	if got := s.Login(browser, servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback}); got.Get("code") == "" {
		t.Errorf("the newest login ends with %v", got.Values)
	}
}
