package signin_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// letters returns the kinds and recipients of the messages in the inbox, sorted.
func letters(s *servertest.Server) (all []string) {
	for _, m := range s.Inbox() {
		all = append(all, m.Kind+" to "+m.To)
	}
	slices.Sort(all)
	return all
}

// TestWhoIsToldOfAKnownPassword: the user and the tenant's managers are notified of a breached password according
// to the settings, whether or not the login is blocked.
func TestWhoIsToldOfAKnownPassword(t *testing.T) {
	const user, managers = "stolen_credentials to eve@example.com", "breached_password_alert to help@example.com"
	for _, tt := range []struct {
		shields, frequency, support string
		status                      int
		told                        []string
	}{
		{"[block]", "[immediately]", "help@example.com", 401, nil},
		{"[block, user_notification]", "[]", "help@example.com", 401, []string{user}},
		{"[user_notification]", "[]", "help@example.com", 200, []string{user}},
		{"[block, user_notification, admin_notification]", "[immediately]", "help@example.com", 401, []string{managers, user}},
		{"[admin_notification]", "[immediately]", "help@example.com", 200, []string{managers}},
		{"[admin_notification]", "[daily]", "help@example.com", 200, nil},
		{"[admin_notification]", "[immediately]", "", 200, nil},
		{"[]", "[immediately]", "help@example.com", 200, nil}, // which Auth0 calls monitoring
	} {
		s := attacked(t, "breachedPasswordDetection: {enabled: true, shields: [block]", "breachedPasswordDetection: {enabled: true, admin_notification_frequency: "+tt.frequency+", shields: "+tt.shields,
			"tenant: {default_directory: db}", "tenant: {default_directory: db, support_email: '"+tt.support+"'}")
		s.ClearInbox()
		if status, body := logInWith(s, "ann@example.com", known); status != http.StatusForbidden {
			t.Fatalf("somebody else with it: %d %v", status, body)
		}
		if told := letters(s); len(told) != 0 {
			t.Errorf("%s: of somebody else %v are told", tt.shields, told)
		}
		if status, body := logInWith(s, "eve@example.com", known); status != tt.status {
			t.Errorf("%s: %d %v", tt.shields, status, body)
		}
		if told := letters(s); !slices.Equal(told, tt.told) {
			t.Errorf("%s %s: %v are told, want %v", tt.shields, tt.frequency, told, tt.told)
		}
		for _, m := range s.Inbox() {
			if strings.Contains(m.HTML+m.Subject, known) || !strings.Contains(m.HTML, "eve@example.com") {
				t.Errorf("%s says %s", m.Kind, m.HTML)
			}
		}
		if !slices.Contains(types(t, s), "pwd_leak") {
			t.Errorf("%s: it is not in the log", tt.shields)
		}
	}
}

// TestAKnownPasswordIsNoNewOne if the tenant checks password changes; otherwise it is accepted.
func TestAKnownPasswordIsNoNewOne(t *testing.T) {
	for _, watched := range []bool{true, false} {
		changes := []string{"x", "x"}
		if watched {
			changes = []string{"stage: {pre-user-registration: {shields: [block]}}", "stage: {pre-change-password: {shields: [block]}}"}
		}
		s := attacked(t, changes...)
		status, ticket := s.Manage(s.Client(), http.MethodPost, "tickets/password-change", map[string]any{"user_id": "auth0|ann"})
		if status != http.StatusCreated {
			t.Fatalf("%d %v", status, ticket)
		}
		browser := s.Client()
		_, page := s.Visit(browser, strings.TrimSuffix(ticket.(map[string]any)["ticket"].(string), "#"))
		form := page.Form()
		form.Set("password-reset", known)
		form.Set("re-enter-password", known)
		_, page = s.Submit(browser, page, form)
		if refused := page.Status == http.StatusBadRequest && strings.Contains(page.Body, "password-breached"); refused != watched {
			t.Errorf("watched %v: %d %s", watched, page.Status, page.Body)
		}
		if !slices.Contains(types(t, s), "reset_pwd_leak") {
			t.Errorf("watched %v: it is not in the log", watched)
		}
	}
}

// TestManagersAreToldOfAnAddress once it has no attempts left, whether or not it is blocked.
func TestManagersAreToldOfAnAddress(t *testing.T) {
	for _, shields := range []string{"[block, admin_notification]", "[admin_notification]", "[block]"} {
		s := attacked(t, "suspiciousIpThrottling: {enabled: true, shields: [block]", "suspiciousIpThrottling: {enabled: true, shields: "+shields,
			"tenant: {default_directory: db}", "tenant: {default_directory: db, support_email: help@example.com}")
		s.ClearInbox()
		blocked := 0
		for range 6 {
			if status, _ := logInWith(s, "ann@example.com", "wrong"); status == http.StatusTooManyRequests {
				blocked++
			}
		}
		want := []string{"suspicious_ip_alert to help@example.com"}
		if shields == "[block]" {
			want = nil
		}
		if told := letters(s); !slices.Equal(told, want) {
			t.Errorf("%s: %v are told", shields, told)
		}
		if (blocked > 0) != strings.Contains(shields, "block") {
			t.Errorf("%s: %d tries are refused", shields, blocked)
		}
		if status, _ := logInWith(s, "ann@example.com", "a password of ann"); (status == http.StatusOK) == strings.Contains(shields, "block") {
			t.Errorf("%s: the right password is answered %d", shields, status)
		}
	}
}

// TestABlockedAccountIsUnblocked by the link in the e-mail about the block.
func TestABlockedAccountIsUnblocked(t *testing.T) {
	s := attacked(t, "suspiciousIpThrottling: {enabled: true", "suspiciousIpThrottling: {enabled: false", "attackProtection:", "attackProtection:\n  bruteForceProtection: {enabled: true, shields: [block, user_notification], max_attempts: 2}")
	for range 2 {
		logInWith(s, "ann@example.com", "wrong")
	}
	if status, body := logInWith(s, "ann@example.com", "a password of ann"); status != http.StatusTooManyRequests || body["error"] != "too_many_attempts" {
		t.Fatalf("%d %v", status, body)
	}
	link, err := url.Parse(s.WaitForMessage("ann@example.com", "blocked_account").Link)
	if err != nil {
		t.Fatal(err)
	}
	link.Fragment = ""
	browser := s.Client()
	left, page := s.Visit(browser, link.String())
	if left != nil || page.Status != http.StatusOK {
		t.Fatalf("the link leads to %v: %d", left, page.Status)
	}
	if status, _ := logInWith(s, "ann@example.com", "a password of ann"); status != http.StatusTooManyRequests {
		t.Errorf("after the link was looked at: %d", status)
	}
	if left, page := s.Submit(browser, page, page.Form()); left != nil || page.Status != http.StatusOK {
		t.Fatalf("the button leads to %v: %d", left, page.Status)
	}
	if status, body := logInWith(s, "ann@example.com", "a password of ann"); status != http.StatusOK {
		t.Errorf("%d %v", status, body)
	}
	if _, page := s.Visit(s.Client(), link.String()); page.Status != http.StatusBadRequest {
		t.Errorf("the link a second time: %d", page.Status)
	}
}
