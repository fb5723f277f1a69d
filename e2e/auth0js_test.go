package e2e_test

import (
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestAuth0JS runs auth0-js in a page: tokens in the fragment, a session found in a hidden frame, and a
// login with a form of the page's own (cross-origin authentication).
func TestAuth0JS(t *testing.T) {
	app := startPage(t, "spa/auth0-js.js")
	tenant := servertest.Start(t, servertest.HTTP(), pageWithTokens(t, app.origin))
	app.use(tenant, nil)
	w := openWindow(startBrowser(t, tenant), t)

	w.open(app.origin)
	w.shows("nobody")
	w.press("#login")
	w.logIn(servertest.Employee, servertest.Password)
	w.press("button[value=accept]")
	w.shows(servertest.Employee)
	got := evaluate[string](w, `promised(done => webAuth.checkSession({}, done)).then(r => r.accessToken && r.idTokenPayload.email, e => e.error)`)
	if got != servertest.Employee {
		t.Errorf("a hidden frame brings %s, want the tokens of %s", got, servertest.Employee)
	}

	w.press("#logout")
	w.shows("nobody")
	if got := evaluate[string](w, `promised(done => webAuth.checkSession({}, done)).then(() => "tokens", e => e.error)`); got != "login_required" {
		t.Errorf("after the logout a hidden frame brings %s, want login_required", got)
	}

	form := func(password string) string {
		return `webAuth.login({realm: "Username-Password-Authentication", username: "` + servertest.Employee + `", password: "` + password + `"}, `
	}
	got = evaluate[string](w, `promised(done => `+form("wrong")+`done)).then(() => "a login", e => e.code + ": " + e.description)`)
	if got != "access_denied: Wrong email or password." {
		t.Errorf("a wrong password in the page's own form brings %q", got)
	}
	w.load(chromedp.Evaluate[chromedp.Void](`void setTimeout(() => ` + form(servertest.Password) + `() => {}))`))
	w.shows(servertest.Employee)
}

// pageWithTokens is the timesheets tenant with a page that may get tokens in the fragment, and log people
// in with a form of its own.
func pageWithTokens(t *testing.T, origin string) servertest.Option {
	t.Helper()
	seed, err := os.ReadFile("../config/seeds/timesheets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	before, page, found := strings.Cut(string(seed), "  - name: Timesheets SPA\n")
	if !found {
		t.Fatal("the seed has no page")
	}
	page = strings.Replace(page, "    grant_types:\n", "    cross_origin_authentication: true\n    grant_types:\n      - implicit\n", 1)
	return servertest.Seed(strings.ReplaceAll(before+"  - name: Timesheets SPA\n"+page, "http://localhost:3000", origin))
}
