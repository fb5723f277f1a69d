package signin_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// managed starts a tenant with a support e-mail address, with changes of its protection settings.
func managed(t *testing.T, changes ...string) *servertest.Server {
	t.Helper()
	s := attacked(t, append(changes, "tenant: {default_directory: db}", "tenant: {default_directory: db, support_email: help@example.com}")...)
	s.ClearInbox()
	return s
}

// TestManagersAreToldOfDaysWeeksAndMonths: an e-mail at the end of each period says how often breached passwords
// were used, and there is none for a period without any use.
func TestManagersAreToldOfDaysWeeksAndMonths(t *testing.T) {
	s := managed(t, "breachedPasswordDetection: {enabled: true, shields: [block], stage: {pre-user-registration: {shields: [block]}}",
		"breachedPasswordDetection: {enabled: true, admin_notification_frequency: [daily, weekly, monthly], shields: [block, admin_notification], stage: {pre-user-registration: {shields: [block, admin_notification]}}")
	s.Freeze(time.Date(2100, 12, 1, 12, 0, 0, 0, time.UTC)) // a Wednesday
	// told waits for n e-mails to the support address and returns them in order.
	told := func(n int) (all []string) {
		t.Helper()
		for deadline := time.Now().Add(servertest.Patience); len(all) < n && time.Now().Before(deadline); {
			s.WaitForMessage("help@example.com", "breached_password_digest")
			all = nil
			for _, m := range slices.Backward(s.Inbox()) {
				_, count, _ := strings.Cut(m.Subject, ": ")
				for _, frequency := range []string{"daily", "weekly", "monthly"} {
					if strings.Contains(m.HTML, frequency) {
						all = append(all, m.To+" "+frequency+" "+count)
					}
				}
				if strings.Contains(m.HTML, known) || strings.Contains(m.HTML, "eve@example.com") {
					t.Errorf("%s: %s", m.Kind, m.HTML)
				}
			}
		}
		s.ClearInbox()
		return all
	}
	logInWith(s, "eve@example.com", known)
	post(t, s, "dbconnections/signup", map[string]any{"client_id": "app", "connection": "db", "email": "new@example.com", "password": known})
	if all := letters(s); len(all) != 0 {
		t.Fatalf("at once %v are told", all)
	}
	for _, tt := range []struct {
		at    time.Time
		uses  int // before it
		wants []string
	}{
		{time.Date(2100, 12, 2, 0, 0, 0, 0, time.UTC), 0, []string{"help@example.com daily 2"}},
		// A Monday, after three days without any use.
		{time.Date(2100, 12, 6, 0, 0, 0, 0, time.UTC), 1, []string{"help@example.com daily 1", "help@example.com weekly 3"}},
		{time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC), 0, []string{"help@example.com monthly 3"}},
		{time.Date(2101, 2, 1, 0, 0, 0, 0, time.UTC), 2, []string{"help@example.com daily 2", "help@example.com weekly 2", "help@example.com monthly 2"}},
	} {
		for range tt.uses {
			logInWith(s, "eve@example.com", known)
		}
		s.Freeze(tt.at)
		if all := told(len(tt.wants)); !slices.Equal(all, tt.wants) {
			t.Errorf("at %v %v are told, want %v", tt.at, all, tt.wants)
		}
	}
}

// TestPasswordsForTrials: the passwords that Auth0 documents for testing the detection count as breached.
func TestPasswordsForTrials(t *testing.T) {
	unbounded := []string{"suspiciousIpThrottling: {enabled: true", "suspiciousIpThrottling: {enabled: false"}
	s := attacked(t, unbounded...)
	off := attacked(t, append(unbounded, "breachedPasswordDetection: {enabled: true", "breachedPasswordDetection: {enabled: false")...)
	for _, password := range []string{"Paaf213XXYYZZ", "Paat739!!WWXXYYZZ", "AUTH0-TEST-of-mine-1"} {
		body := map[string]any{"client_id": "app", "connection": "db", "email": "new" + password[:4] + password[len(password)-1:] + "@example.com", "password": password}
		if status, answer := post(t, s, "dbconnections/signup", body); status != http.StatusBadRequest || answer["code"] != "password_leaked" {
			t.Errorf("%s: %d %v", password, status, answer)
		}
		if status, answer := post(t, off, "dbconnections/signup", body); status != http.StatusOK {
			t.Errorf("%s where nothing watches: %d %v", password, status, answer)
		}
	}
}

// TestWhatIsWatchedWithoutAShield is logged and has no other effect.
func TestWhatIsWatchedWithoutAShield(t *testing.T) {
	s := managed(t, "suspiciousIpThrottling: {enabled: true, shields: [block]", "suspiciousIpThrottling: {enabled: true, shields: []",
		"breachedPasswordDetection: {enabled: true, shields: [block], stage: {pre-user-registration: {shields: [block]}}", "breachedPasswordDetection: {enabled: true, shields: []",
		"attackProtection:", "attackProtection:\n  bruteForceProtection: {enabled: true, shields: [], max_attempts: 2}")
	if status, body := logInWith(s, "eve@example.com", known); status != http.StatusOK {
		t.Errorf("a known password: %d %v", status, body)
	}
	if status, body := post(t, s, "dbconnections/signup", map[string]any{"client_id": "app", "connection": "db", "email": "new@example.com", "password": "AUTH0-TEST-1a"}); status != http.StatusOK {
		t.Errorf("a known password for a new account: %d %v", status, body)
	}
	for range 4 {
		if status, body := logInWith(s, "ann@example.com", "wrong"); status != http.StatusForbidden {
			t.Errorf("%d %v", status, body)
		}
	}
	if status, body := logInWith(s, "ann@example.com", "a password of ann"); status != http.StatusOK {
		t.Errorf("%d %v", status, body)
	}
	logged := types(t, s)
	for _, kind := range []string{"pwd_leak", "signup_pwd_leak", "limit_mu", "limit_wc"} {
		if !slices.Contains(logged, kind) {
			t.Errorf("no %s in %v", kind, logged)
		}
	}
	for _, m := range s.Inbox() {
		if m.Kind != "verify_email" {
			t.Errorf("%s is sent to %s", m.Kind, m.To)
		}
	}
}

// TestMoreAttemptsEndABlock: an account is unblocked if the tenant allows more attempts than were counted.
func TestMoreAttemptsEndABlock(t *testing.T) {
	s := attacked(t, "suspiciousIpThrottling: {enabled: true", "suspiciousIpThrottling: {enabled: false", "attackProtection:", "attackProtection:\n  bruteForceProtection: {enabled: true, shields: [block], max_attempts: 2}")
	blocks := func() int {
		status, answer := s.Manage(s.Client(), http.MethodGet, "user-blocks/auth0|ann", nil)
		if status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
		return len(answer.(map[string]any)["blocked_for"].([]any))
	}
	allow := func(attempts int) {
		if status, answer := s.Manage(s.Client(), http.MethodPatch, "attack-protection/brute-force-protection", map[string]any{"max_attempts": attempts}); status != http.StatusOK {
			t.Fatalf("%d %v", status, answer)
		}
	}
	for range 2 {
		logInWith(s, "ann@example.com", "wrong")
	}
	if status, body := logInWith(s, "ann@example.com", "a password of ann"); status != http.StatusTooManyRequests || blocks() != 1 {
		t.Fatalf("%d %v, %d blocks", status, body, blocks())
	}
	allow(4)
	if n := blocks(); n != 0 {
		t.Errorf("%d blocks", n)
	}
	for range 2 {
		if status, body := logInWith(s, "ann@example.com", "wrong"); status != http.StatusForbidden {
			t.Errorf("%d %v", status, body)
		}
	}
	if status, body := logInWith(s, "ann@example.com", "a password of ann"); status != http.StatusTooManyRequests || blocks() != 1 {
		t.Errorf("after four: %d %v, %d blocks", status, body, blocks())
	}
	allow(10)
	if status, body := logInWith(s, "ann@example.com", "a password of ann"); status != http.StatusOK {
		t.Errorf("%d %v", status, body)
	}
}

// TestManagersAreToldOfManySignups from one IP address.
func TestManagersAreToldOfManySignups(t *testing.T) {
	s := managed(t, "suspiciousIpThrottling: {enabled: true, shields: [block]", "suspiciousIpThrottling: {enabled: true, shields: [admin_notification]")
	for _, email := range []string{"one@example.com", "two@example.com", "three@example.com"} {
		if status, body := post(t, s, "dbconnections/signup", map[string]any{"client_id": "app", "connection": "db", "email": email, "password": "A long enough one 1!"}); status != http.StatusOK {
			t.Errorf("%d %v", status, body)
		}
	}
	told := slices.DeleteFunc(letters(s), func(l string) bool { return strings.HasPrefix(l, "verify_email") })
	if !slices.Equal(told, []string{"suspicious_ip_alert to help@example.com"}) {
		t.Errorf("%v are told", told)
	}
}
