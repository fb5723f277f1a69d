package management_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestLoginToAnOrganization logs the employee in to an organization, Auth0:
// manage-users/organizations/login-flows-for-organizations.
func TestLoginToAnOrganization(t *testing.T) {
	c := newClient(t)
	user := c.employee()
	connection := c.list("/connections?name=Username-Password-Authentication")[0]["id"].(string)
	org, _ := c.must(201, http.MethodPost, "/organizations", object{"name": "acme"})["id"].(string)
	asked := url.Values{"organization": {org}, "scope": {"openid offline_access"}, "audience": {servertest.API}}
	login := func(params url.Values) servertest.Result {
		return c.tenant.Login(c.tenant.Client(), servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: params})
	}
	// refused returns the description of the error with which a request is refused without a page.
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

	c.must(200, http.MethodPatch, "/organizations/"+org, object{"display_name": "Acme Ltd", "branding": object{
		"logo_url": "https://acme.test/logo.png", "colors": object{"primary": "#a10000", "page_background": "#eeeeee"},
	}})
	_, page := c.authorizeIn(c.tenant.Client(), asked)
	for _, part := range []string{"Log in to Acme Ltd", "https://acme.test/logo.png", "a10000-eeeeee.css"} {
		if !strings.Contains(page.Body, part) {
			t.Errorf("the page does not show %s", part)
		}
	}

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

// TestAcceptedInvitation follows the links of invitations, Auth0: manage-users/
// organizations/configure-organizations/invite-members.
func TestAcceptedInvitation(t *testing.T) {
	c := newClient(t)
	connection := c.list("/connections?name=Username-Password-Authentication")[0]["id"].(string)
	c.must(200, http.MethodPatch, spaPath, object{"organization_usage": "allow", "initiate_login_uri": "https://app.test/login"})
	role := c.must(200, http.MethodPost, "/roles", object{"name": "Auditor"})["id"].(string)
	org, _ := c.must(201, http.MethodPost, "/organizations", object{"name": "acme"})["id"].(string)
	c.must(201, http.MethodPost, "/organizations/"+org+"/enabled_connections", object{"connection_id": connection})
	// invite returns the parameters that the application passes on from the link.
	invite := func(email string) url.Values {
		made := c.must(200, http.MethodPost, "/organizations/"+org+"/invitations", object{
			"inviter": object{"name": "Jane"}, "invitee": object{"email": email}, "client_id": servertest.SPA,
			"roles": []string{role}, "user_metadata": object{"desk": "7"},
		})
		link, err := url.Parse(made["invitation_url"].(string))
		if err != nil {
			t.Fatal(err)
		}
		return url.Values{"invitation": {link.Query().Get("invitation")}, "organization": {link.Query().Get("organization")}, "audience": {""}, "scope": {"openid"}}
	}

	fresh := invite("new@example.com")
	browser := c.tenant.Client()
	_, page := c.authorizeIn(browser, fresh)
	if says := html.UnescapeString(page.Body); page.URL.Path != "/u/accept-invitation" ||
		!strings.Contains(says, `"Jane" has invited you ("new@example.com") to join "acme" on "Timesheets SPA".`) {
		t.Fatalf("a stranger sees %s:\n%s", page.URL.Path, page.Body)
	}
	accept := page.Form()
	accept.Set("action", "default")
	_, page = c.tenant.Submit(browser, page, accept)
	if page.URL.Path != "/u/signup" || !strings.Contains(page.Body, "new@example.com") {
		t.Fatalf("a stranger sees %s:\n%s", page.URL.Path, page.Body)
	}
	form := page.Form()
	form.Set("email", "new@example.com")
	form.Set("password", "Correct horse battery 1")
	form.Set("action", "default")
	left, page := c.tenant.Submit(browser, page, form)
	for left == nil && page.URL.Path == "/u/consent" {
		form := page.Form()
		form.Set("action", "accept")
		left, page = c.tenant.Submit(browser, page, form)
	}
	if left == nil || left.Query().Get("code") == "" {
		t.Fatalf("the sign-up ends at %v, %s", left, page.Body)
	}
	user := c.list("/users-by-email?email=new@example.com")[0]
	roles := c.list("/organizations/" + org + "/members/" + url.PathEscape(user["user_id"].(string)) + "/roles")
	if metadata, _ := user["user_metadata"].(object); len(roles) != 1 || roles[0]["id"] != role || metadata["desk"] != "7" {
		t.Errorf("who has accepted has the roles %v and the metadata %v", roles, user["user_metadata"])
	}
	if left, _ := c.authorizeIn(browser, fresh); left == nil || left.Query().Get("error_description") != "invitation not found or already used" {
		t.Errorf("a second use goes to %v", left)
	}

	known := invite(servertest.Employee)
	login := servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: known}
	other := login
	other.Username = servertest.Manager
	if got := c.tenant.Login(c.tenant.Client(), other); got.Get("error") != "access_denied" {
		t.Errorf("another user ends with %v", got.Values)
	}
	if got := c.tenant.Login(c.tenant.Client(), login); got.Get("code") == "" || got.Pages[0] != "/u/accept-invitation" || got.Pages[1] != "/u/login" {
		t.Errorf("the user who is invited goes through %v and ends with %v", got.Pages, got.Values)
	}
	if left := c.list("/organizations/" + org + "/invitations"); len(left) != 0 {
		t.Errorf("left are the invitations %v", left)
	}
	if left, _ := c.authorizeIn(browser, url.Values{"invitation": {"none"}, "organization": {org}}); left == nil || left.Query().Get("error") != "invalid_request" {
		t.Errorf("an unknown invitation goes to %v", left)
	}
}
