package e2e_test

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// webTenant has a server-rendered application to which users may be sent back after
// a logout.
const webTenant = `
clients:
  - name: Web
    client_id: WebApplication000000000000000001
    client_secret: a-secret-of-this-test-only
    app_type: regular_web
    callbacks: [ORIGIN/callback]
    allowed_logout_urls: [ORIGIN]
    grant_types: [authorization_code, refresh_token]
resourceServers:
  - name: Timesheets API
    identifier: https://api.exampleco.com/timesheets
    allow_offline_access: true
    skip_consent_for_verifiable_first_party_clients: true
    scopes:
      - value: read:timesheets
      - value: approve:timesheets
databases:
  - name: Username-Password-Authentication
    enabled_clients: [Web]
users:
  - email: employee@exampleco.com
    password: ExampleCo!2026
    email_verified: true
authorizationExtension:
  tokenClaims:
    - audience: https://api.exampleco.com/timesheets
      accessToken:
        https://api.exampleco.com/email: user.email
`

// startNode starts a Node.js program that trusts the tenant's certificate, and returns its
// address.
func startNode(t *testing.T, tenant *servertest.Server, program string, environment ...string) string {
	t.Helper()
	cmd := exec.Command("node", program)
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+tenant.CAPath(), "ISSUER_BASE_URL="+strings.TrimSuffix(tenant.URL, "/"), "AUDIENCE="+servertest.API)
	cmd.Env = append(cmd.Env, environment...)
	return start(t, cmd)
}

func TestExpress(t *testing.T) {
	nodeModules(t)
	_, port, err := net.SplitHostPort(freeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	origin := "http://localhost:" + port
	seed := servertest.Seed(strings.ReplaceAll(webTenant, "ORIGIN", origin))
	for name, options := range map[string][]servertest.Option{"https": {seed}, "http": {seed, servertest.HTTP()}} {
		t.Run("the issuer on "+name, func(t *testing.T) {
			tenant := servertest.Start(t, options...)
			api := startNode(t, tenant, "express/api.js")
			startNode(t, tenant, "express/web.js", "BASE_URL="+origin, "API_URL="+api, "SECRET=of-the-cookies-of-this-application",
				"CLIENT_ID=WebApplication000000000000000001", "CLIENT_SECRET=a-secret-of-this-test-only")
			w := openWindow(startBrowser(t, tenant), t)
			fetch := func(path string) string {
				return evaluate[string](w, `fetch(`+quoted(path)+`).then(async r => r.status + " " + await r.text())`)
			}

			w.open(origin + "/profile") // needs a login
			w.logIn(servertest.Employee, servertest.Password)
			if profile := w.text("body"); w.path() != "/profile" || !strings.Contains(profile, servertest.Employee) {
				t.Errorf("the login ends at %s with %s, want the profile", w.path(), profile)
			}
			if got, want := fetch("/timesheets"), `200 {"of":"employee@exampleco.com"}`; got != want {
				t.Errorf("the API behind the application answers %s, want %s", got, want)
			}
			if got := fetch("/refresh"); !strings.HasPrefix(got, "200 ") || !strings.Contains(got, `"access_token"`) {
				t.Errorf("a refresh answers %s, want a token", got)
			}

			w.open(origin + "/logout")
			if got := w.text("h1"); got != "nobody" || w.path() != "/" {
				t.Errorf("after the logout %s shows %s, want / and nobody", w.path(), got)
			}
			w.open(origin + "/login")
			if path := w.path(); path != "/u/login" {
				t.Errorf("a login after the logout leads to %s, want the login page", path)
			}
		})
	}
}

// TestExpressAPI runs the scenario's API with Auth0's own middleware.
func TestExpressAPI(t *testing.T) {
	nodeModules(t)
	tenant := servertest.Start(t)
	api := startNode(t, tenant, "express/api.js")
	browser := tenant.Client()
	tokens := tenant.Exchange(browser, tenant.Login(browser, servertest.Login{}))
	employee, _ := tokens["access_token"].(string)
	_, machine := tenant.Token(browser, url.Values{
		"grant_type": {"client_credentials"}, "audience": {"urn:auth0-authz-api"},
		"client_id": {servertest.Management}, "client_secret": {servertest.ManagementSecret},
	})
	foreign, _ := machine["access_token"].(string)
	for _, tt := range []struct {
		name, path, token string
		status            int
		answer            string
	}{
		{"a token with the scope", "/timesheets", employee, 200, `{"of":"employee@exampleco.com"}`},
		{"a token without the scope", "/approvals", employee, 403, `{"error":"insufficient_scope"}`},
		{"a token for another API", "/timesheets", foreign, 401, `{"error":"invalid_token"}`},
		{"no token", "/timesheets", "", 401, `{"error":"Unauthorized"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, answer := request(t, http.DefaultClient, "GET", api+tt.path, tt.token, "")
			if status != tt.status || answer != tt.answer {
				t.Errorf("%d %s, want %d %s", status, answer, tt.status, tt.answer)
			}
		})
	}
}
