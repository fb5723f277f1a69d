package dbconnections_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

const limitedFile = `
tenant: {default_directory: db, flags: {tenant0_rate_limits: true}}
clients:
  - {name: app, client_id: app, app_type: regular_web, client_secret: a secret of the application, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code]}
  - {name: management, client_id: ` + servertest.Management + `, client_secret: ` + servertest.ManagementSecret + `, app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
databases:
  - {name: db, strategy: auth0, enabled_clients: [app]}
users:
  - {user_id: "auth0|ann", connection: db, email: ann@example.com, password: a password of ann}
`

// TestTenNewPasswordsAtOnce tests that an IP address can request ten password reset e-mails for a user at once, and
// one a minute after that, if the tenant has Auth0's rate limits.
func TestTenNewPasswordsAtOnce(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(limitedFile), servertest.HTTP())
	tn := tenant{s, t, s.Client()}
	tn.Freeze(time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC))
	ask := func(email string) (int, object) {
		t.Helper()
		status, answer, _ := tn.api("change_password", object{"client_id": "app", "connection": "db", "email": email})
		return status, answer
	}
	for i := range 10 {
		if status, answer := ask("ann@example.com"); status != http.StatusOK {
			t.Fatalf("request %d: %d %v", i, status, answer)
		}
	}
	status, answer := ask("ANN@example.com")
	const sentence = "Too many requests. Check the X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset headers."
	if status != http.StatusTooManyRequests || answer["error"] != "too_many_requests" || answer["error_description"] != sentence {
		t.Errorf("the eleventh: %d %v", status, answer)
	}
	if got := len(tn.Inbox()); got != 10 {
		t.Errorf("%d e-mails were sent", got)
	}
	if status, answer := ask("nobody@example.com"); status != http.StatusOK {
		t.Errorf("somebody else: %d %v", status, answer)
	}

	target, _ := tn.AuthorizeURL(servertest.Login{ClientID: "app", RedirectURI: "https://app.example.com/callback"})
	_, page := tn.Visit(tn.browser, strings.Replace(target, "audience=", "ignored=", 1))
	_, page = tn.Visit(tn.browser, tn.URL+"u/reset-password/request/db?state="+page.URL.Query().Get("state"))
	form := page.Form()
	form.Set("email", "ann@example.com")
	if _, page = tn.Submit(tn.browser, page, form); page.Status != http.StatusTooManyRequests || !strings.Contains(page.Body, "You have exceeded the amount of emails.") {
		t.Errorf("the page: %d %s", page.Status, page.Body)
	}

	tn.Advance(time.Minute)
	if status, answer := ask("ann@example.com"); status != http.StatusOK {
		t.Errorf("a minute later: %d %v", status, answer)
	}
	if status, _ := ask("ann@example.com"); status != http.StatusTooManyRequests {
		t.Errorf("and once more: %d", status)
	}
	_, logs := tn.Manage(tn.browser, http.MethodGet, "logs?q=type:api_limit", nil)
	if list, _ := logs.([]any); len(list) != 3 {
		t.Errorf("the log has %v", logs)
	}
	tn.manage(http.MethodPatch, "/tenants/settings", object{"flags": object{"tenant0_rate_limits": false}})
	for i := range 12 {
		if status, answer := ask("ann@example.com"); status != http.StatusOK {
			t.Fatalf("request %d, without limits: %d %v", i, status, answer)
		}
	}
}
