package signin_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// limitedFile has the replacements that enable the rate limits and disable the other protections.
var limitedFile = []string{
	"tenant: {default_directory: db}", "tenant: {default_directory: db, flags: {tenant0_rate_limits: true}}",
	"suspiciousIpThrottling: {enabled: true", "suspiciousIpThrottling: {enabled: false", "breachedPasswordDetection: {enabled: true", "breachedPasswordDetection: {enabled: false",
}

// TestOneUserLogsInTwentyTimesAtOnce, and then ten times a minute, from one IP address and with any password.
func TestOneUserLogsInTwentyTimesAtOnce(t *testing.T) {
	s := attacked(t, limitedFile...)
	s.Freeze(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	for i := range 20 {
		password := "a password of ann"
		if i == 3 {
			password = "wrong"
		}
		if status, body := logInWith(s, "ann@example.com", password); (status == http.StatusOK) != (i != 3) {
			t.Fatalf("login %d: %d %v", i, status, body)
		}
	}
	refused := func() {
		t.Helper()
		status, body := logInWith(s, "ann@example.com", "a password of ann")
		if status != http.StatusTooManyRequests || body["error"] != "too_many_logins" || body["error_description"] != "Too many login attempts for this user. Please wait, and try again later." {
			t.Errorf("%d %v", status, body)
		}
	}
	refused()
	if said := onPage(s, "ann@example.com", "a password of ann"); !strings.Contains(said, "same-user-login") {
		t.Error(said)
	}
	if status, body := logInWith(s, "eve@example.com", known); status != http.StatusOK {
		t.Errorf("another user: %d %v", status, body)
	}
	s.Advance(6 * time.Second)
	if status, body := logInWith(s, "ann@example.com", "a password of ann"); status != http.StatusOK {
		t.Errorf("six seconds later: %d %v", status, body)
	}
	refused()
	_, logs := s.Manage(s.Client(), http.MethodGet, "logs?q=type:limit_sul", nil)
	if list, _ := logs.([]any); len(list) == 0 || list[0].(map[string]any)["type"] != "limit_sul" {
		t.Errorf("the log has %v", logs)
	}
}

// TestWithoutTheSwitchNobodyWaits: test suites may log in one user hundreds of times.
func TestWithoutTheSwitchNobodyWaits(t *testing.T) {
	s := attacked(t, limitedFile[2:]...)
	s.Freeze(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	for i := range 25 {
		if status, body := logInWith(s, "ann@example.com", "a password of ann"); status != http.StatusOK {
			t.Fatalf("login %d: %d %v", i, status, body)
		}
	}
}
