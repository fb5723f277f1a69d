package passwordless_test

import (
	"net/http"
	"testing"
	"time"
)

// TestFiftyCodesAnHour: one IP address gets no more, from both endpoints together, if the tenant has rate limits.
func TestFiftyCodesAnHour(t *testing.T) {
	tn := challenges(t, object{})
	ask := func() int {
		status, _ := tn.challenge(object{"email": "nobody@example.com"})
		return status
	}
	for range 51 {
		if status := ask(); status != http.StatusOK {
			t.Fatalf("without the switch: %d", status)
		}
	}
	if status, answer := tn.Manage(tn.browser, http.MethodPatch, "tenants/settings", object{"flags": object{"tenant0_rate_limits": true}}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	for i := range 50 {
		if status := ask(); status != http.StatusOK {
			t.Fatalf("code %d: %d", i, status)
		}
	}
	if status, answer := tn.challenge(object{"email": "nobody@example.com"}); status != http.StatusTooManyRequests || answer["error"] != "too_many_requests" {
		t.Errorf("%d %v", status, answer)
	}
	resp, err := tn.browser.PostForm(tn.URL+"passwordless/start", map[string][]string{"client_id": {"app"}, "connection": {"email"}, "email": {"ann@example.com"}, "send": {"code"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("X-RateLimit-Limit") != "50" || resp.Header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
	tn.Advance(72 * time.Second)
	if status := ask(); status != http.StatusOK {
		t.Errorf("a fiftieth of an hour later: %d", status)
	}
}
