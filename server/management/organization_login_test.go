package management_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestLoginToAnOrganization logs the employee in to an organization as Auth0:
// manage-users/organizations/login-flows-for-organizations describes it.
func TestLoginToAnOrganization(t *testing.T) {
	c := newClient(t)
	user := c.employee()
	connection := c.list("/connections?name=Username-Password-Authentication")[0]["id"].(string)
	org, _ := c.must(201, http.MethodPost, "/organizations", object{"name": "acme"})["id"].(string)
	asked := url.Values{"organization": {org}, "scope": {"openid offline_access"}, "audience": {servertest.API}}
	login := func(params url.Values) servertest.Result {
		return c.tenant.Login(c.tenant.Client(), servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: params})
	}
	// refused is the description of the error that a request gets without a page.
	refused := func(params url.Values) string {
		t.Helper()
		left, page := c.authorizeIn(c.tenant.Client(), params)
		if left == nil {
			t.Fatalf("a page with %d is shown", page.Status)
		}
		return left.Query().Get("error_description")
	}
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}

	expect("an application without organizations", refused(asked), "parameter organization is not allowed for this client")
	c.must(200, http.MethodPatch, spaPath, object{"organization_usage": "allow"})
	expect("no connection of the organization", refused(asked), "no connections enabled for the client")
	enabled := "/organizations/" + org + "/enabled_connections"
	c.must(201, http.MethodPost, enabled, object{"connection_id": connection, "assign_membership_on_login": false})
	expect("an unknown one", refused(url.Values{"organization": {"org_0000000000000000"}}), "parameter organization is invalid: org_0000000000000000")
	expect("a name", refused(url.Values{"organization": {"acme"}}), "authorization request parameter organization must be an organization id")
	expect("who is no member", login(asked).Get("error_description"), "user "+user+" is not part of the "+org+" organization")

	c.must(200, http.MethodPatch, enabled+"/"+connection, object{"assign_membership_on_login": true})
	tokens := c.tenant.Exchange(c.tenant.Client(), login(asked))
	for _, name := range []string{"id_token", "access_token"} {
		if claims := c.claims(tokens[name]); claims["org_id"] != org || claims["org_name"] != nil {
			t.Errorf("the %s has %v and %v", name, claims["org_id"], claims["org_name"])
		}
	}
	if members := c.list("/organizations/" + org + "/members"); len(members) != 1 || members[0]["user_id"] != user {
		t.Errorf("after the login the members are %v", members)
	}

	c.must(200, http.MethodPatch, "/tenants/settings", object{"allow_organization_name_in_authentication_api": true})
	named := c.tenant.Exchange(c.tenant.Client(), login(url.Values{"organization": {"Acme"}}))
	if claims := c.claims(named["id_token"]); claims["org_id"] != org || claims["org_name"] != "acme" {
		t.Errorf("by its name the ID token has %v and %v", claims["org_id"], claims["org_name"])
	}

	refresh := func() (int, object) {
		status, body := c.tenant.Token(c.http, url.Values{"grant_type": {"refresh_token"}, "client_id": {servertest.SPA}, "refresh_token": {tokens["refresh_token"].(string)}})
		tokens["refresh_token"] = body["refresh_token"]
		return status, body
	}
	if status, body := refresh(); status != http.StatusOK || c.claims(body["access_token"])["org_id"] != org {
		t.Errorf("a refresh gets %d %v", status, body)
	}
	c.must(200, http.MethodPatch, spaPath, object{"organization_usage": "require"})
	expect("none where one is required", refused(nil), "parameter organization is required for this client")
}

func TestRolesInAnOrganizationReachTokens(t *testing.T) {
	c := newClient(t)
	user := c.employee()
	connection := c.list("/connections?name=Username-Password-Authentication")[0]["id"].(string)
	c.must(200, http.MethodPatch, spaPath, object{"organization_usage": "allow"})
	c.must(201, http.MethodPost, "/resource-servers", object{
		"identifier": "https://api.test/", "name": "Test", "enforce_policies": true, "token_dialect": "access_token_authz",
		"skip_consent_for_verifiable_first_party_clients": true, "scopes": []object{{"value": "read:x"}},
	})
	role := c.must(200, http.MethodPost, "/roles", object{"name": "reader"})["id"].(string)
	c.must(201, http.MethodPost, "/roles/"+role+"/permissions", object{"permissions": []object{{"resource_server_identifier": "https://api.test/", "permission_name": "read:x"}}})
	org, _ := c.must(201, http.MethodPost, "/organizations", object{"name": "acme"})["id"].(string)
	c.must(201, http.MethodPost, "/organizations/"+org+"/enabled_connections", object{"connection_id": connection})
	c.must(204, http.MethodPost, "/organizations/"+org+"/members", object{"members": []string{user}})
	c.must(204, http.MethodPost, "/organizations/"+org+"/members/"+url.PathEscape(user)+"/roles", object{"roles": []string{role}})

	params := url.Values{"audience": {"https://api.test/"}, "scope": {"openid read:x"}}
	alone := c.claims(c.spaTokens(params)["access_token"])
	params.Set("organization", org)
	within := c.claims(c.spaTokens(params)["access_token"])
	if alone["scope"] != "openid" || within["scope"] != "openid read:x" {
		t.Errorf("the scope is %q, and in the organization %q", alone["scope"], within["scope"])
	}
	if held, _ := within["permissions"].([]any); len(held) != 1 || !strings.HasPrefix(held[0].(string), "read:") {
		t.Errorf("in the organization the permissions are %v", within["permissions"])
	}
	c.must(204, http.MethodDelete, "/organizations/"+org+"/members", object{"members": []string{user}})
	result := c.tenant.Login(c.tenant.Client(), servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: params})
	if result.Get("error") != "access_denied" {
		t.Errorf("who has left gets %v", result.Values)
	}
}
