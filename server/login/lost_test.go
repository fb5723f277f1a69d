package login_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestALoginThatIsNotThere shows Auth0's error, or leads to the tenant's default login route if it has one. Auth0:
// authenticate/login/auth0-universal-login/configure-default-login-routes.
func TestALoginThatIsNotThere(t *testing.T) {
	s := servertest.Start(t)
	_, page := s.Visit(s.Client(), s.URL+"u/login?state=none")
	if says := servertest.Text(page.Body); page.Status != http.StatusBadRequest || !strings.Contains(says, "Oops!, something went wrong") ||
		!strings.Contains(says, "invalid_request: You may have pressed the back button") {
		t.Errorf("%d %s", page.Status, says)
	}
	const route = "https://app.example.com/start"
	if status, answer := s.Manage(s.Client(), http.MethodPatch, "tenants/settings", map[string]any{"default_redirection_uri": route}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	if left, page := s.Visit(s.Client(), s.URL+"u/login?state=none"); left == nil || left.String() != route {
		t.Errorf("with a default login route: %v %d", left, page.Status)
	}
}
