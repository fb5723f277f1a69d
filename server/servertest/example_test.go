package servertest_test

import (
	"net/url"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestLogin shows a test of an application: it starts a tenant, points the application at
// its URL and logs a user in.
func TestLogin(t *testing.T) {
	tenant := servertest.Start(t)
	browser := tenant.Client()

	login := tenant.Login(browser, servertest.Login{Username: servertest.Manager})
	tokens := tenant.Exchange(browser, login)

	want := "openid profile email offline_access read:timesheets create:timesheets delete:timesheets approve:timesheets"
	if tokens["scope"] != want {
		t.Errorf("the manager is granted %q, want %q", tokens["scope"], want)
	}
}

// TestToken requests a token for a machine.
func TestToken(t *testing.T) {
	tenant := servertest.Start(t, servertest.HTTP())
	status, body := tenant.Token(tenant.Client(), url.Values{
		"grant_type": {"client_credentials"}, "audience": {servertest.API},
		"client_id": {servertest.Cron}, "client_secret": {servertest.CronSecret},
	})
	if status != 200 || body["scope"] != "batch:upload" {
		t.Errorf("got %d %v, want a token with batch:upload", status, body)
	}
}
