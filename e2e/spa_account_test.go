package e2e_test

import (
	"net/http"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// accounts turns the My Account API on for the single-page application.
func accounts(t *testing.T, tenant *servertest.Server) {
	t.Helper()
	identifier := tenant.URL + "me/"
	for path, body := range map[string]map[string]any{
		"resource-servers": {"name": "Auth0 My Account API", "identifier": identifier},
		"connections": {
			"name": "google-oauth2", "strategy": "google-oauth2", "enabled_clients": []string{servertest.SPA}, "authentication": map[string]any{"active": false},
			"connected_accounts": map[string]any{"active": true}, "options": map[string]any{"offline_access": true, "scope": []string{"email", "profile"}},
		},
	} {
		if status, answer := tenant.Manage(tenant.Client(), http.MethodPost, path, body); status != http.StatusCreated {
			t.Fatalf("%s: %d %v", path, status, answer)
		}
	}
	if status, answer := tenant.Manage(tenant.Client(), http.MethodPost, "client-grants", map[string]any{
		"client_id": servertest.SPA, "audience": identifier, "subject_type": "user",
		"scope": []string{"create:me:connected_accounts", "create:me:authentication_methods", "read:me:authentication_methods", "read:me:factors"},
	}); status != http.StatusCreated {
		t.Fatalf("the grant: %d %v", status, answer)
	}
	if status, answer := tenant.Manage(tenant.Client(), http.MethodPut, "guardian/factors/otp", map[string]any{"enabled": true}); status != http.StatusOK {
		t.Fatalf("the factor: %d %v", status, answer)
	}
	tenant.Person("google-oauth2", "1081", map[string]any{"email": "1081@gmail.example"})
	tenant.Choose("google-oauth2", "allow", "1081")
}

// TestSPAAndTheAccount: auth0-spa-js connects an account by a redirect, and enrolls a one-time password.
func TestSPAAndTheAccount(t *testing.T) {
	app := startSPA(t)
	tenant := servertest.Start(t, servertest.HTTP(), timesheets(t, app.origin))
	accounts(t, tenant)
	app.use(tenant, map[string]any{"useRefreshTokens": false})
	w := openWindow(startBrowser(t, tenant), t)
	w.open(app.origin)
	w.shows("nobody")
	w.press("#login")
	w.logIn(servertest.Employee, servertest.Password)
	w.press("button[value=accept]")
	w.shows(servertest.Employee)

	if target := evaluate[string](w, `new Promise((done, failed) => auth0.connectAccountWithRedirect({connection: "google-oauth2", scopes: ["email"], redirectUri: location.origin + "/callback",
		openUrl: async (url) => done(url)}).catch(failed))`); target != "" {
		w.open(target)
	}
	w.shows(servertest.Employee)
	if got := evaluate[string](w, `location.pathname + location.search`); got != "/" {
		t.Errorf("the page is %s", got)
	}
	_, user := tenant.Manage(tenant.Client(), http.MethodGet, "users-by-email?email="+servertest.Employee, nil)
	id := user.([]any)[0].(map[string]any)["user_id"].(string)
	_, connected := tenant.Manage(tenant.Client(), http.MethodGet, "users/"+id+"/connected-accounts", nil)
	list := connected.(map[string]any)["connected_accounts"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["connection"] != "google-oauth2" {
		t.Errorf("the accounts are %v", connected)
	}

	if got := evaluate[string](w, `auth0.myAccount.enrollmentChallenge({type: "totp"}).then(a => a.id.startsWith("totp|dev_") && a.location && a.manual_input_code ? "begun" : JSON.stringify(a))`); got != "begun" {
		t.Error(got)
	}
	if got := evaluate[string](w, `auth0.myAccount.getFactors().then(all => all.map(f => f.type).join(" "))`); got != "password totp" {
		t.Error(got)
	}
	if got := evaluate[string](w, `auth0.myAccount.getAuthenticationMethod("totp|dev_none").catch(e => e.name + " " + e.status + " " + e.title)`); got != "MyAccountApiError 404 Not Found" {
		t.Error(got)
	}
}
