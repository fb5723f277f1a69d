package passwordless_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestAnAddressThatGuessesCodes is blocked at the page for codes, even with the right code, until time
// allows another attempt.
func TestAnAddressThatGuessesCodes(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(pagesFile+`
attackProtection:
  suspiciousIpThrottling: {enabled: true, shields: [block], stage: {pre-login: {max_attempts: 2, rate: 60000}}}
`), servertest.HTTP())
	tn := tenant{s, s.Client(), t}
	first := tn.next(tn.begin("codes"), emailChallenge, "username", "bob@example.com", "action", "default")
	right := tn.WaitForMessage("bob@example.com", "passwordless_email").Code
	wrong := "000000"
	if right == wrong {
		wrong = "111111"
	}
	for range 2 {
		tn.refusesWith(first, "invalid-code", "code", wrong)
	}
	left, page := tn.fill(first, "code", right, "action", "default")
	if left != nil || page.Status < http.StatusBadRequest || !strings.Contains(page.Body, `data-error-code="ip-blocked"`) {
		t.Fatalf("the right code leads to %v %d %s", left, page.Status, page.Body)
	}
	tn.Advance(61 * time.Second)
	left, page = tn.fill(first, "code", right, "action", "default")
	tn.arrives(left, page)
}
