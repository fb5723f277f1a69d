package management_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// claims returns the claims of a JWT, whose signature other tests check.
func (c *client) claims(token any) object {
	c.t.Helper()
	raw, _ := token.(string)
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		c.t.Fatalf("%q is no JWT", raw)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		c.t.Fatal(err)
	}
	var claims object
	if err := json.Unmarshal(payload, &claims); err != nil {
		c.t.Fatal(err)
	}
	return claims
}

// spaTokens logs the employee in to the single-page application, in a new browser, and returns the tokens.
func (c *client) spaTokens(params url.Values) object {
	c.t.Helper()
	browser := c.tenant.Client()
	result := c.tenant.Login(browser, servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: params})
	return c.tenant.Exchange(browser, result)
}

// authorize sends an authorization request of the single-page application and returns the address to which the
// browser is sent, or the status of the page that is shown.
func (c *client) authorize(params url.Values) (left *url.URL, status int) {
	c.t.Helper()
	left, page := c.authorizeIn(c.tenant.Client(), params)
	return left, page.Status
}

func (c *client) authorizeIn(browser *http.Client, params url.Values) (left *url.URL, page servertest.Page) {
	c.t.Helper()
	target, _ := c.tenant.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: params})
	return c.tenant.Visit(browser, target)
}

func (c *client) lifetime(claims object) float64 {
	return claims["exp"].(float64) - claims["iat"].(float64)
}

const spaPath = "/clients/" + servertest.SPA

func TestCallbacksTakeEffect(t *testing.T) {
	c := newClient(t)
	other := url.Values{"redirect_uri": {"http://localhost:3001/other"}}
	if _, status := c.authorize(other); status != http.StatusForbidden {
		t.Errorf("an address that is not registered gets a page with %d, want 403", status)
	}
	c.must(200, http.MethodPatch, spaPath, object{"callbacks": []string{"http://localhost:3001/other"}})
	if _, status := c.authorize(other); status != http.StatusOK {
		t.Errorf("after it is registered the page has %d", status)
	}
	if _, status := c.authorize(nil); status != http.StatusForbidden {
		t.Errorf("the one before gets %d, want 403", status)
	}
}

func TestGrantTypesTakeEffect(t *testing.T) {
	c := newClient(t)
	c.must(200, http.MethodPatch, spaPath, object{"grant_types": []string{"authorization_code"}})
	tokens := c.spaTokens(url.Values{"scope": {"openid offline_access"}})
	if tokens["refresh_token"] != nil {
		t.Error("an application without the grant refresh_token gets a refresh token")
	}
	c.must(200, http.MethodPatch, spaPath, object{"grant_types": []string{"refresh_token"}})
	if left, _ := c.authorize(nil); left == nil || left.Query().Get("error") != "unauthorized_client" {
		t.Errorf("without the grant authorization_code the browser goes to %v", left)
	}
}

func TestLifetimesTakeEffect(t *testing.T) {
	c := newClient(t)
	c.must(200, http.MethodPatch, spaPath, object{"jwt_configuration": object{"lifetime_in_seconds": 1234}})
	c.must(200, http.MethodPatch, "/resource-servers/"+url.PathEscape(servertest.API), object{"token_lifetime": 4321, "token_lifetime_for_web": 4000})
	tokens := c.spaTokens(nil)
	if got := c.lifetime(c.claims(tokens["id_token"])); got != 1234 {
		t.Errorf("the ID token lives %v seconds, want 1234", got)
	}
	if got := c.lifetime(c.claims(tokens["access_token"])); got != 4321 && got != 4000 || tokens["expires_in"] != got {
		t.Errorf("the access token lives %v seconds and says %v", got, tokens["expires_in"])
	}
}

func TestRotationTakesEffect(t *testing.T) {
	c := newClient(t)
	refresh := func(token any) (int, object) {
		status, body := c.tenant.Token(c.http, url.Values{"grant_type": {"refresh_token"}, "client_id": {servertest.SPA}, "refresh_token": {token.(string)}})
		return status, body
	}
	for _, rotation := range []string{"rotating", "non-rotating"} {
		c.must(200, http.MethodPatch, spaPath, object{"refresh_token": object{
			"rotation_type": rotation, "expiration_type": "expiring", "token_lifetime": 1000, "idle_token_lifetime": 500, "leeway": 0,
		}})
		first := c.spaTokens(nil)["refresh_token"]
		_, second := refresh(first)
		if rotates := second["refresh_token"] != nil; rotates != (rotation == "rotating") {
			t.Errorf("%s: a refresh brings the refresh token %v", rotation, second["refresh_token"])
		}
	}
}

func TestTokenEndpointMethodTakesEffect(t *testing.T) {
	c := newClient(t)
	path := "/clients/" + servertest.Cron
	machine := func(secret bool) int {
		form := url.Values{"grant_type": {"client_credentials"}, "audience": {servertest.API}, "client_id": {servertest.Cron}}
		if secret {
			form.Set("client_secret", servertest.CronSecret)
		}
		status, _ := c.tenant.Token(c.http, form)
		return status
	}
	if with, without := machine(true), machine(false); with != http.StatusOK || without != http.StatusUnauthorized {
		t.Errorf("with its secret it gets %d, and without %d", with, without)
	}
	c.must(200, http.MethodPatch, path, object{"token_endpoint_auth_method": "none"})
	if got := machine(true); got == http.StatusOK {
		t.Error("an application without authentication gets a token of its own")
	}
}

func TestConnectionsTakeEffect(t *testing.T) {
	c := newClient(t)
	connection := c.list("/connections?name=Username-Password-Authentication")[0]["id"].(string)
	set := func(on bool) {
		c.must(204, http.MethodPatch, "/connections/"+connection+"/clients", []object{{"client_id": servertest.SPA, "status": on}})
	}
	set(false)
	left, _ := c.authorize(nil)
	if left == nil || left.Query().Get("error") == "" {
		t.Errorf("without a connection the browser goes to %v", left)
	}
	set(true)
	c.spaTokens(nil)
}

func TestTenantSettingsTakeEffect(t *testing.T) {
	c := newClient(t)
	none := url.Values{"audience": {""}, "scope": {"openid"}}
	if token, _ := c.spaTokens(none)["access_token"].(string); strings.Count(token, ".") == 2 {
		t.Error("without an audience the access token is a JWT")
	}
	c.must(200, http.MethodPatch, "/tenants/settings", object{"default_audience": servertest.API})
	audience, _ := c.claims(c.spaTokens(none)["access_token"])["aud"].([]any)
	if len(audience) == 0 || audience[0] != servertest.API {
		t.Errorf("with a default audience the token is for %v", audience)
	}
	c.must(200, http.MethodPatch, "/tenants/settings", object{"friendly_name": "Harbor", "support_email": "help@harbor.test"})
	if _, page := c.authorizeIn(c.tenant.Client(), nil); !strings.Contains(page.Body, "Harbor") {
		t.Error("the page does not name the tenant")
	}
}

func TestEndedSessionsAndGrantsTakeEffect(t *testing.T) {
	c := newClient(t)
	user := url.PathEscape(c.employee())
	browser := c.tenant.Client()
	login := servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback}
	pages := func() string { return strings.Join(c.tenant.Login(browser, login).Pages, " ") }
	if first, second := pages(), pages(); first != "/u/login /u/consent" || second != "" {
		t.Fatalf("the first login shows %q and the second %q", first, second)
	}
	c.must(204, http.MethodDelete, "/grants?user_id="+url.QueryEscape(c.employee()), nil)
	if got := pages(); got != "/u/consent" {
		t.Errorf("after its grants are gone a login shows %q", got)
	}
	c.must(202, http.MethodDelete, "/users/"+user+"/sessions", nil)
	if got := pages(); got != "/u/login" {
		t.Errorf("after the sessions are ended a login shows %q", got)
	}
	c.must(204, http.MethodDelete, "/users/"+user, nil)
	if left, _ := c.authorizeIn(browser, url.Values{"prompt": {"none"}}); left == nil || left.Query().Get("error") != "login_required" {
		t.Errorf("after the user is deleted a silent login goes to %v", left)
	}
}

// TestPageTemplateTakesEffect sets a page template and a partial of the tenant, and logs in on the
// resulting pages.
func TestPageTemplateTakesEffect(t *testing.T) {
	c := newClient(t)
	_, plain := c.authorizeIn(c.tenant.Client(), nil)
	c.must(201, http.MethodPut, "/branding/templates/universal-login", object{
		"template": `<html><head>{%- auth0:head -%}<style>body { color: teal }</style></head><body>` +
			`<h2>{{ application.name }} of {{ tenant.friendly_name }} {{ application.metadata.team }}</h2>{%- auth0:widget -%}</body></html>`,
	})
	c.must(200, http.MethodPut, "/prompts/login/partials", object{"login": object{"form-content-start": `<i>{{ prompt.name }}</i>`}})
	c.must(200, http.MethodPatch, spaPath, object{"client_metadata": object{"team": "<payroll>"}})
	_, page := c.authorizeIn(c.tenant.Client(), nil)
	for _, part := range []string{"<h2>Timesheets SPA of ExampleCo Timesheets &lt;payroll&gt;</h2>", "<style>body { color: teal }</style>", "<i>login</i>"} {
		if !strings.Contains(page.Body, part) {
			t.Errorf("the page lacks %s:\n%s", part, page.Body)
		}
	}
	strict, own := plain.Header.Get("Content-Security-Policy"), page.Header.Get("Content-Security-Policy")
	if !strings.Contains(strict, "default-src 'none'") || strings.Contains(own, "default-src") || !strings.Contains(own, "frame-ancestors 'none'") {
		t.Errorf("the policy is %q, and with a template %q", strict, own)
	}
	c.spaTokens(nil)
	c.must(204, http.MethodDelete, "/branding/templates/universal-login", nil)
	if _, page := c.authorizeIn(c.tenant.Client(), nil); strings.Contains(page.Body, "<h2>") {
		t.Error("the template stays when it is deleted")
	}
}
