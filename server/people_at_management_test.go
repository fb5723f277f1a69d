package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// peopleTenant is a tenant with everything that could grant a user scopes of the Management API: a permission
// of the user, a permission of a role, a client grant for the application's users, and the scope rule of the
// Authorization Extension.
const peopleTenant = `
tenant: {default_audience: "${issuer}api/v2/"}
clients:
  - name: Plain
    client_id: PlainApplication0000000000000001
    client_secret: plain-secret
    app_type: regular_web
    callbacks: ["http://localhost:3000/callback"]
    grant_types: [authorization_code, refresh_token, client_credentials]
  - {name: Management, client_id: ` + servertest.Management + `, client_secret: ` + servertest.ManagementSecret + `, app_type: non_interactive}
  - name: Ruled
    client_id: RuledApplication0000000000000001
    client_secret: ruled-secret
    app_type: regular_web
    callbacks: ["http://localhost:3000/callback"]
    grant_types: [authorization_code, refresh_token]
clientGrants:
  - {client_id: Management, audience: "${issuer}api/v2/", scope: ["update:resource_servers"]}
  - {client_id: Plain, audience: "${issuer}api/v2/", subject_type: user, scope: ["read:users", "read:current_user"]}
  - {client_id: Plain, audience: "${issuer}api/v2/", scope: ["read:users", "delete:clients"]}
roles:
  - name: Support
    permissions: [{permission_name: "delete:clients", resource_server_identifier: "${issuer}api/v2/"}]
users:
  - email: jo@example.com
    password: Abc123!!xyz-for-development
    roles: [Support]
    permissions:
      - {permission_name: "read:users", resource_server_identifier: "${issuer}api/v2/"}
      - {permission_name: "read:current_user", resource_server_identifier: "${issuer}api/v2/"}
authorizationExtension:
  configuration: [{permissionsInToken: true}]
  permissions: [{name: "read:users", application: Ruled}, {name: "update:current_user_metadata", application: Ruled}]
  roles: [{name: Reader, application: Ruled, permissions: ["read:users", "update:current_user_metadata"], users: [jo@example.com]}]
  scopePolicies: [{application: Ruled, mode: append, verbatim: true}]
`

// TestPeopleHaveTheirOwnAccountAtTheManagementAPI logs users in to applications for which permissions, rules
// and grants would grant more: users get only scopes for their own account.
func TestPeopleHaveTheirOwnAccountAtTheManagementAPI(t *testing.T) {
	const (
		asked = "openid offline_access read:current_user update:current_user_metadata delete:current_user read:users delete:clients"
		plain = "PlainApplication0000000000000001"
		ruled = "RuledApplication0000000000000001"
	)
	s := servertest.Start(t, servertest.Seed(peopleTenant))
	api := "resource-servers/" + url.PathEscape(s.Issuer()+"api/v2/")
	for _, tt := range []struct {
		name, client string
		settings     map[string]any
		scope        string
		permissions  any
	}{
		{"as it is", plain, map[string]any{"enforce_policies": false}, "openid offline_access read:current_user update:current_user_metadata", nil},
		{"the extension's rule", ruled, map[string]any{"enforce_policies": false}, "openid offline_access update:current_user_metadata", nil},
		{
			"with RBAC", plain,
			map[string]any{"enforce_policies": true, "token_dialect": "access_token_authz"},
			"openid offline_access read:current_user",
			[]any{"read:current_user"},
		},
		{
			"with grants to applications", plain, map[string]any{
				"enforce_policies": false, "token_dialect": "access_token", "subject_type_authorization": map[string]any{"user": map[string]any{"policy": "require_client_grant"}},
			}, "openid offline_access read:current_user", nil,
		},
	} {
		tt.settings["allow_offline_access"] = true
		if status, answer := s.Manage(s.Client(), http.MethodPatch, api, tt.settings); status != http.StatusOK {
			t.Fatalf("%s: %d %v", tt.name, status, answer)
		}
		browser := s.Client()
		result := s.Login(browser, servertest.Login{
			ClientID: tt.client, RedirectURI: "http://localhost:3000/callback", Username: "jo@example.com", Password: "Abc123!!xyz-for-development",
			Params: url.Values{"audience": {""}, "scope": {asked}},
		})
		form := result.Form()
		form.Set("client_secret", strings.ToLower(tt.client[:5])+"-secret")
		for _, way := range []string{"the code", "a refresh", "a refresh that asks for all"} {
			status, body := s.Token(browser, form)
			token, _ := body["access_token"].(string)
			if status != http.StatusOK {
				t.Fatalf("%s, %s: %d %v", tt.name, way, status, body)
			}
			claims := claimsOf(token)
			if body["scope"] != tt.scope || claims["scope"] != tt.scope {
				t.Errorf("%s, %s: the answer says %q and the token %q, want %q", tt.name, way, body["scope"], claims["scope"], tt.scope)
			}
			if held, _ := claims["permissions"].([]any); !slices.Equal(held, asList(tt.permissions)) {
				t.Errorf("%s, %s: the permissions are %v, want %v", tt.name, way, held, tt.permissions)
			}
			if refresh, ok := body["refresh_token"].(string); ok {
				form.Set("refresh_token", refresh)
			}
			form.Set("grant_type", "refresh_token")
			if way == "a refresh" {
				form.Set("scope", asked)
			}
		}
	}
	status, body := s.Token(s.Client(), url.Values{
		"grant_type": {"client_credentials"}, "client_id": {plain}, "client_secret": {"plain-secret"}, "audience": {s.Issuer() + "api/v2/"},
	})
	if status != http.StatusOK || body["scope"] != "read:users delete:clients" {
		t.Errorf("the application for itself gets %d %v", status, body)
	}
}

func asList(v any) []any { list, _ := v.([]any); return list }

// TestNobodyIsAskedForScopesThatPeopleDoNotGet looks at the scopes on the consent page.
func TestNobodyIsAskedForScopesThatPeopleDoNotGet(t *testing.T) {
	s := servertest.Start(t)
	target, _ := s.AuthorizeURL(servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{
		"audience": {s.Issuer() + "api/v2/"}, "scope": {"openid read:current_user read:users"},
	}})
	browser := s.Client()
	_, page := s.Visit(browser, target)
	form := page.Form()
	form.Set("username", servertest.Employee)
	form.Set("password", servertest.Password)
	form.Set("action", "default")
	_, page = s.Submit(browser, page, form)
	if got := page.Form()["scope[]"]; !slices.Equal(got, []string{"openid", "read:current_user"}) {
		t.Errorf("asked for are %q at %s", got, page.URL)
	}
}
