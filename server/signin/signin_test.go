package signin_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// user has the members of a user in the Management API that a login changes.
type user struct {
	UserID      string    `json:"user_id"`
	LoginsCount int       `json:"logins_count"`
	LastLogin   time.Time `json:"last_login"`
	LastIP      string    `json:"last_ip"`
}

type session struct {
	AuthenticatedAt time.Time `json:"authenticated_at"`
	Authentication  struct {
		Methods []struct {
			Name      string    `json:"name"`
			Timestamp time.Time `json:"timestamp"`
		} `json:"methods"`
	} `json:"authentication"`
}

// read reads a resource through the Management API.
func read(t *testing.T, s *servertest.Server, path string, into any) {
	t.Helper()
	status, answer := s.Manage(s.Client(), http.MethodGet, path, nil)
	raw, err := json.Marshal(answer)
	if err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %v %v", path, status, answer, err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, s *servertest.Server, email string) user {
	t.Helper()
	var found []user
	read(t, s, "users-by-email?email="+url.QueryEscape(email), &found)
	if len(found) != 1 {
		t.Fatalf("%d users have the address %s", len(found), email)
	}
	return found[0]
}

// check checks a user's number of logins and the time of the last one, and that the user has
// one session, which began then with a password.
func check(t *testing.T, s *servertest.Server, email string, logins int, at time.Time) {
	t.Helper()
	u := find(t, s, email)
	if u.LoginsCount != logins || !u.LastLogin.Equal(at) || u.LastIP != "127.0.0.1" {
		t.Errorf("%s has %+v", email, u)
	}
	var list struct {
		Sessions []session `json:"sessions"`
	}
	read(t, s, "users/"+url.PathEscape(u.UserID)+"/sessions", &list)
	if len(list.Sessions) != 1 {
		t.Fatalf("%s has %d sessions", email, len(list.Sessions))
	}
	one := list.Sessions[0]
	if m := one.Authentication.Methods; len(m) != 1 || m[0].Name != "pwd" || !m[0].Timestamp.Equal(at) || !one.AuthenticatedAt.Equal(at) {
		t.Errorf("the session of %s is %+v", email, one)
	}
}

// TestWhatALoginLeavesBehind: a right password and a sign-up are recorded, a wrong password is not.
func TestWhatALoginLeavesBehind(t *testing.T) {
	s := servertest.Start(t)
	first := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s.Freeze(first)
	browser := s.Client()
	s.Login(browser, servertest.Login{})
	check(t, s, servertest.Employee, 1, first)

	second := first.Add(time.Hour)
	s.Freeze(second)
	target, _ := s.AuthorizeURL(servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback, Params: url.Values{"prompt": {"login"}}})
	_, page := s.Visit(browser, target)
	form := page.Form()
	form.Set("username", servertest.Employee)
	form.Set("password", "wrong")
	if left, _ := s.Submit(browser, page, form); left != nil {
		t.Fatalf("a wrong password leads to %v", left)
	}
	check(t, s, servertest.Employee, 1, first)
	form.Set("password", servertest.Password)
	if left, _ := s.Submit(browser, page, form); left == nil || left.Query().Get("code") == "" {
		t.Fatalf("the right password leads to %v", left)
	}
	check(t, s, servertest.Employee, 2, second)

	newcomer := s.Client()
	target, _ = s.AuthorizeURL(servertest.Login{ClientID: servertest.Mobile, RedirectURI: servertest.MobileCallback, Params: url.Values{"screen_hint": {"signup"}}})
	_, page = s.Visit(newcomer, target)
	form = page.Form()
	form.Set("email", "newcomer@example.com")
	form.Set("password", "Correct horse 1!")
	if left, next := s.Submit(newcomer, page, form); left == nil && next.URL.Path != "/u/consent" {
		t.Fatalf("sign-up leads to %s", next.Body)
	}
	check(t, s, "newcomer@example.com", 1, second)
}
