package passkey_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestAnAddressThatTriesPasskeys is blocked, even with the right passkey, until time allows another attempt.
func TestAnAddressThatTriesPasskeys(t *testing.T) {
	s := start(t)
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	s.Freeze(now)
	ann := somebody(t, s)
	ann.enroll("ann")
	status, answer := s.Manage(s.Client(), http.MethodPatch, "attack-protection/suspicious-ip-throttling", map[string]any{
		"enabled": true, "shields": []string{"block"}, "stage": map[string]any{"pre-login": map[string]any{"max_attempts": 2, "rate": 60000}},
	})
	if status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	says := func(key string) {
		t.Helper()
		if ann.left != nil || ann.page.Status < http.StatusBadRequest || !strings.Contains(ann.page.Body, key) {
			t.Fatalf("%v %d, want %s: %s", ann.left, ann.page.Status, key, ann.page.Body)
		}
	}
	ann.client = s.Client()
	ann.ask(nil)
	for range 2 {
		stranger := somebody(t, s)
		stranger.device.Options.UserHandle = ann.device.Options.UserHandle
		ann.send("passkey", stranger.use(ann.asked()))
		says("passkey-authentication-failed")
	}
	ann.send("passkey", ann.use(ann.asked()))
	says("ip-blocked")
	s.Freeze(now.Add(61 * time.Second))
	ann.send("passkey", ann.use(ann.asked()))
	ann.done()
}
