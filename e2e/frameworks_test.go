package e2e_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestSPAFrameworks runs Auth0's SDKs for React, Vue and Angular: login, a session that is found after a
// reload, tokens by refresh tokens and in a hidden frame, and logout.
func TestSPAFrameworks(t *testing.T) {
	for name, script := range map[string]string{"auth0-react": "spa/auth0-react.jsx", "auth0-vue": "spa/auth0-vue.js", "auth0-angular": "spa/auth0-angular.js"} {
		t.Run(name, func(t *testing.T) {
			app := bundlePage(t, script)
			app.html = "spa/framework.html"
			app.origin = serve(t, app.pages(t))
			tenant := servertest.Start(t, servertest.HTTP(), timesheets(t, app.origin))
			browser := startBrowser(t, tenant)
			for how, settings := range map[string]map[string]any{"refresh tokens": {"useRefreshTokens": true, "cacheLocation": "localstorage"}, "a hidden frame": nil} {
				t.Run("with "+how, func(t *testing.T) {
					tenant.Reset() // nobody has consented to anything
					app.use(tenant, settings)
					w := openWindow(browser, t)
					w.open(app.origin)
					w.shows("nobody")
					w.press("#login")
					w.logIn(servertest.Employee, servertest.Password)
					w.press("button[value=accept]")
					w.shows(servertest.Employee)
					w.load(chromedp.Reload())
					w.shows(servertest.Employee)
					first := evaluate[string](w, `token()`)
					tenant.Advance(2 * time.Second) // the tokens of one second may be the same
					if second := evaluate[string](w, `token({cacheMode: "off"})`); first == "" || second == "" || first == second {
						t.Errorf("the token was %q, and the renewed one is %q", first, second)
					}
					w.press("#logout")
					w.shows("nobody")
					if got := evaluate[string](w, `token({cacheMode: "off"}).then(() => "a token", e => e.error)`); got != "login_required" && got != "missing_refresh_token" {
						t.Errorf("after the logout: %s", got)
					}
				})
			}
		})
	}
}

// TestSPAInAnOrganization logs a member in to an organization, and refuses other users. The SDK keeps its
// refresh tokens in a worker, as it does by default.
func TestSPAInAnOrganization(t *testing.T) {
	app := startSPA(t)
	tenant := servertest.Start(t, servertest.HTTP(), timesheets(t, app.origin))
	m := manage(t, tenant)
	organization := m.send("POST", "/organizations", `{"name":"acme"}`)
	m.send("POST", "/organizations/"+organization+"/enabled_connections", `{"connection_id":"`+m.find("/connections?name=Username-Password-Authentication")+`"}`)
	m.send("POST", "/organizations/"+organization+"/members", `{"members":["`+m.find("/users-by-email?email="+url.QueryEscape(servertest.Employee))+`"]}`)
	m.send("PATCH", "/clients/"+servertest.SPA, `{"organization_usage":"allow"}`)
	browser := startBrowser(t, tenant)
	opened := func(t *testing.T) *window {
		t.Helper()
		app.use(tenant, map[string]any{"useRefreshTokens": true})
		app.settings["authorizationParams"].(map[string]any)["organization"] = organization
		w := openWindow(browser, t)
		w.open(app.origin)
		w.shows("nobody")
		w.press("#login")
		return w
	}

	t.Run("a member", func(t *testing.T) {
		w := opened(t)
		w.logIn(servertest.Employee, servertest.Password)
		w.press("button[value=accept]")
		w.shows(servertest.Employee)
		if !evaluate[bool](w, `!!auth0.worker`) {
			t.Error("the SDK keeps its refresh token in no worker")
		}
		for range 2 {
			if got := evaluate[string](w, `auth0.getTokenSilently({cacheMode: "off"}).then(() => auth0.getIdTokenClaims()).then(c => c.org_id)`); got != organization {
				t.Errorf("the ID token is for %q, want %q", got, organization)
			}
		}
	})

	t.Run("another user", func(t *testing.T) {
		w := opened(t)
		w.logIn(servertest.Manager, servertest.Password)
		w.becomes(`document.querySelector("#user")?.textContent.includes(":")`)
		if got := w.text("#user"); !strings.HasPrefix(got, "access_denied: ") || !strings.Contains(got, "is not part of the "+organization+" organization") {
			t.Errorf("the page shows %s", got)
		}
	})
}
