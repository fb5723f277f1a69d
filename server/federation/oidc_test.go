package federation_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

// upstreamFile is a tenant that is the identity provider of another tenant, whose address is %s.
const upstreamFile = `
clients:
  - {name: federation, client_id: fed, client_secret: a secret of sixteen, app_type: regular_web, callbacks: ["%slogin/callback"],
     grant_types: [authorization_code, implicit], token_endpoint_auth_method: client_secret_post}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
databases:
  - {name: people, strategy: auth0, enabled_clients: [federation]}
users:
  - {user_id: "auth0|uma", email: uma@upstream.example, email_verified: true, name: Uma Thurgood, nickname: umi, password: a password of uma, connection: people}
`

// downstreamFile is a tenant that has another tenant as its identity provider; %s are options of the connection.
const downstreamFile = `
clients:
  - {name: app, client_id: app, app_type: native, token_endpoint_auth_method: none, callbacks: ["https://app.example.com/callback"], grant_types: [authorization_code]}
  - {name: management, client_id: Tenant0ManagementClient000000001, client_secret: tenant0-management-secret-for-development-only,
     app_type: non_interactive, grant_types: [client_credentials]}
clientGrants:
  - {client_id: management, audience: "${issuer}api/v2/", allow_all_scopes: true}
connections:
  - {name: up, strategy: oidc, enabled_clients: [app], options: {client_id: fed, client_secret: a secret of sixteen, scope: "openid profile email", %s}}
`

// federation starts two tenants: upstream is the identity provider of tn.
func federation(t *testing.T, options string) (tn, upstream tenant) {
	t.Helper()
	return between(t, func(issuer string) (*servertest.Server, string) {
		up := servertest.Start(t, servertest.Seed(fmt.Sprintf(upstreamFile, issuer)), servertest.HTTP())
		return up, fmt.Sprintf(downstreamFile, `discovery_url: "`+up.URL+`.well-known/openid-configuration", `+options)
	})
}

// logInUpstream goes through a login of tn on the login page of upstream.
func (tn tenant) logInUpstream(upstream tenant) (*url.URL, servertest.Page) {
	tn.t.Helper()
	target, _ := tn.AuthorizeURL(login("connection", "up"))
	return tn.goUpstream(upstream, target)
}

// goUpstream is logInUpstream for a given authorization request.
func (tn tenant) goUpstream(upstream tenant, target string) (*url.URL, servertest.Page) {
	tn.t.Helper()
	left, page := upstream.visitBoth(tn, target)
	if left != nil || page.URL.Path != "/u/login" || !strings.HasPrefix(page.URL.String(), upstream.URL) {
		tn.t.Fatalf("the login leads to %v %s", left, page.Body)
	}
	form := page.Form()
	form.Set("username", "uma@upstream.example")
	form.Set("password", "a password of uma")
	form.Set("action", "default")
	left, page = upstream.Submit(tn.browser, page, form)
	if left == nil && page.URL.Path == "/u/consent" {
		form = page.Form()
		form.Set("action", "accept")
		left, page = upstream.Submit(tn.browser, page, form)
	}
	return left, page
}

// visitBoth follows redirects between two tenants.
func (tn tenant) visitBoth(other tenant, target string) (left *url.URL, page servertest.Page) {
	tn.t.Helper()
	for range 5 {
		if strings.HasPrefix(target, other.URL) {
			left, page = other.Visit(other.browser, target)
		} else {
			left, page = tn.Visit(other.browser, target)
		}
		if left == nil || !strings.HasPrefix(left.String(), other.URL) && !strings.HasPrefix(left.String(), tn.URL) {
			return left, page
		}
		target = left.String()
	}
	tn.t.Fatalf("no end of redirects, the last to %s", target)
	return nil, page
}

// TestTwoTenantsFederate by OpenID Connect: a user of one tenant logs in to the other.
func TestTwoTenantsFederate(t *testing.T) {
	tn, upstream := federation(t, `upstream_params: {screen_hint: {value: login}}`)
	left, page := tn.logInUpstream(upstream)
	if left == nil || !strings.HasPrefix(left.String(), tn.URL+"login/callback?") {
		t.Fatalf("the provider leads to %v %s", left, page.Body)
	}
	callback := left.String()
	left, page = tn.Visit(tn.browser, callback)
	if left == nil || left.Query().Get("code") == "" {
		t.Fatalf("the callback leads to %v %s", left, page.Body)
	}
	user := tn.user("oidc|up|auth0|uma")
	for name, want := range (object{
		"email": "uma@upstream.example", "email_verified": true, "name": "Uma Thurgood", "nickname": "umi", "sub": nil, "aud": nil, "nonce": nil, "sid": nil,
	}) {
		diff(t, name, user[name], want)
	}
	identity := user["identities"].([]any)[0].(object)
	if identity["isSocial"] != false || identity["user_id"] != "up|auth0|uma" || identity["provider"] != "oidc" || identity["access_token"] == nil {
		t.Errorf("the identity is %v", identity)
	}
	if left, page := tn.Visit(tn.browser, callback); left != nil || !strings.Contains(page.Body, "You may have pressed the back button") {
		t.Errorf("the answer a second time leads to %v %s", left, page.Body)
	}
}

// TestTheWrongSecret in a connection leads to an error at the application.
func TestTheWrongSecret(t *testing.T) {
	tn, upstream := federation(t, "")
	_, all := tn.Manage(tn.browser, http.MethodGet, "connections?name=up", nil)
	c := all.([]any)[0].(object)
	options := c["options"].(object)
	options["client_secret"] = "another secret of sixteen"
	if status, answer := tn.Manage(tn.browser, http.MethodPatch, "connections/"+c["id"].(string), object{"options": options}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	left, _ := tn.logInUpstream(upstream)
	left, _ = tn.Visit(tn.browser, left.String())
	if left == nil || left.Query().Get("error") != "access_denied" {
		t.Errorf("a wrong secret leads to %v", left)
	}
}

// TestWhichProvidersAreReached: only providers on this machine, unless the server's configuration says otherwise.
func TestWhichProvidersAreReached(t *testing.T) {
	const elsewhere = `discovery_url: "https://idp.example.com/.well-known/openid-configuration"`
	for _, tt := range []struct{ upstream, options, want string }{
		{"loopback", elsewhere, "/simulated/up/authorize"},
		{"none", `discovery_url: "http://127.0.0.1:9/.well-known/openid-configuration"`, "/simulated/up/authorize"},
		{"loopback", "", "/simulated/up/authorize"},
		{"loopback", `discovery_url: "http://127.0.0.1:9/.well-known/openid-configuration"`, ""},
		{"loopback", `issuer: "http://localhost:9/", authorization_endpoint: "http://localhost:9/a", token_endpoint: "https://idp.example.com/t", jwks_uri: "http://localhost:9/j"`, "/simulated/up/authorize"},
		{"all", `issuer: "https://idp.example.com/", authorization_endpoint: "https://idp.example.com/a", token_endpoint: "https://idp.example.com/t", jwks_uri: "https://idp.example.com/j"`, "https://idp.example.com/a"},
		{"all", `discovery_url: "file:///etc/passwd"`, ""},
		{"all", `discovery_url: "gopher://127.0.0.1:1/"`, ""},
	} {
		s := servertest.Start(t, servertest.Seed(fmt.Sprintf(downstreamFile, tt.options)), servertest.Config(func(c *config.Config) { c.Upstream = tt.upstream }))
		tn := tenant{s, s.Client(), t}
		left, page := tn.come("connection", "up")
		switch {
		case tt.want == "":
			tn.hasError(left, "server_error", "The identity provider cannot be reached or does not answer as it should.")
		case left != nil && !strings.HasPrefix(left.String(), tt.want+"?"), left == nil && page.URL.Path != tt.want:
			t.Errorf("%s with %s leads to %v %v", tt.upstream, tt.options, left, page.URL)
		}
	}
}

// TestTheControlListenerIsNoProvider: a connection cannot name an address that the tenant's own requests
// may not reach.
func TestTheControlListenerIsNoProvider(t *testing.T) {
	s := servertest.Start(t, servertest.Seed(fmt.Sprintf(downstreamFile, `type: back_channel`)))
	tn := tenant{s, s.Client(), t}
	_, all := tn.Manage(tn.browser, http.MethodGet, "connections?name=up", nil)
	c := all.([]any)[0].(object)
	options := c["options"].(object)
	options["discovery_url"] = strings.Replace(s.ControlURL(), "127.0.0.1", "localhost", 1) + "/.well-known/openid-configuration"
	if status, answer := tn.Manage(tn.browser, http.MethodPatch, "connections/"+c["id"].(string), object{"options": options}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	left, _ := tn.come("connection", "up")
	tn.hasError(left, "server_error", "The identity provider cannot be reached or does not answer as it should.")
	// The error does not tell an answer of the control listener from no answer, but the log does.
	if log := s.Log(); !strings.Contains(log, "may not lead to the control listener") {
		t.Errorf("the log does not say why:\n%s", log)
	}
}
