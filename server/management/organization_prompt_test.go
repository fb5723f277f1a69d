package management_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

const (
	selection   = "/u/organization"
	earlyPicker = "/u/pre-organization-picker"
	picker      = "/u/organization-picker"
)

// prompting returns a client of a tenant whose single-page application uses organizations: acme and
// globex, both with the connection of the seed's users enabled.
func prompting(t *testing.T, usage, when string) (c *client, acme, globex string) {
	t.Helper()
	c = newClient(t)
	connection := c.list("/connections?name=Username-Password-Authentication")[0]["id"].(string)
	made := func(name, shown string) string {
		id := c.must(201, http.MethodPost, "/organizations", object{"name": name, "display_name": shown})["id"].(string)
		c.must(201, http.MethodPost, "/organizations/"+id+"/enabled_connections", object{"connection_id": connection})
		return id
	}
	acme, globex = made("acme", "Acme Ltd"), made("globex", "Globex Corporation")
	c.must(200, http.MethodPatch, spaPath, object{"organization_usage": usage, "organization_require_behavior": when})
	return c, acme, globex
}

// join makes the employee a member of an organization.
func (c *client) join(organization string) {
	c.t.Helper()
	c.must(204, http.MethodPost, "/organizations/"+organization+"/members", object{"members": []string{c.employee()}})
}

// logIn logs the employee in; answers gives the fields to post to pages, by the page's path.
func (c *client) logIn(answers map[string]url.Values) servertest.Result {
	c.t.Helper()
	return c.tenant.Login(c.tenant.Client(), servertest.Login{
		ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Answers: answers, Params: url.Values{"scope": {"openid"}, "audience": {""}},
	})
}

// expectOrganization checks the pages that a login went through and the organization
// in its ID token.
func (c *client) expectOrganization(got servertest.Result, organization any, pages ...string) {
	c.t.Helper()
	if !slices.Equal(got.Pages, pages) {
		c.t.Errorf("the login goes through %v, want %v", got.Pages, pages)
	}
	if got.Get("code") == "" {
		c.t.Fatalf("the login ends with %v", got.Values)
	}
	if claims := c.claims(c.tenant.Exchange(c.tenant.Client(), got)["id_token"]); claims["org_id"] != organization {
		c.t.Errorf("the organization is %v, want %v", claims["org_id"], organization)
	}
}

// TestOrganizationIsAskedForBeforeTheLogin, Auth0: manage-users/organizations/
// login-flows-for-organizations.
func TestOrganizationIsAskedForBeforeTheLogin(t *testing.T) {
	c, acme, globex := prompting(t, "require", "pre_login_prompt")
	c.join(acme)
	// submitted returns the page that follows when a name is posted.
	submitted := func(typed string) servertest.Page {
		t.Helper()
		browser := c.tenant.Client()
		_, page := c.authorizeIn(browser, url.Values{"scope": {"openid"}})
		if page.URL == nil || page.URL.Path != selection {
			t.Fatalf("the login begins with %v", page.URL)
		}
		form := page.Form()
		form.Set("organizationName", typed)
		_, page = c.tenant.Submit(browser, page, form)
		return page
	}
	refused := func(typed string) {
		t.Helper()
		if page := submitted(typed); page.Status != http.StatusBadRequest || !strings.Contains(page.Body, `data-error-code="invalid-organization"`) {
			t.Errorf("%q gets %d on %s", typed, page.Status, page.URL)
		}
	}

	for _, typed := range []string{"acme", " ACME ", "acme ltd"} {
		c.expectOrganization(c.logIn(map[string]url.Values{selection: {"organizationName": {typed}}}), acme, selection, "/u/login")
	}
	if got := c.logIn(map[string]url.Values{selection: {"organizationName": {"globex"}}}); got.Get("error") != "access_denied" {
		t.Errorf("who is no member ends with %v", got.Values)
	}
	empty := c.must(201, http.MethodPost, "/organizations", object{"name": "empty"})["id"].(string)
	domain := func(organization, name, status string) {
		c.must(201, http.MethodPost, "/organizations/"+organization+"/discovery-domains", object{"domain": name, "status": status})
	}
	domain(acme, "acme.test", "verified")
	domain(globex, "globex.test", "pending")
	domain(empty, "empty.test", "verified")
	domain(acme, "both.test", "verified")
	domain(globex, "both.test", "verified")
	google := c.must(201, http.MethodPost, "/connections", object{"name": "google", "strategy": "google-oauth2", "enabled_clients": []string{servertest.SPA}})["id"]
	social := c.must(201, http.MethodPost, "/organizations", object{"name": "social"})["id"].(string)
	c.must(201, http.MethodPost, "/organizations/"+social+"/enabled_connections", object{"connection_id": google})
	if page := submitted("social"); page.URL.Path != "/u/login/identifier" || !strings.Contains(page.Body, "Continue with Google") {
		t.Errorf("an organization with social connections alone leads to %s:\n%s", page.URL, page.Body)
	}
	for _, typed := range []string{"", "nobody", "empty", "jane@globex.test", "jane@empty.test", "jane@elsewhere.test"} {
		refused(typed)
	}
	if page := submitted("jane@Acme.test"); page.URL.Path != "/u/login" || !strings.Contains(page.Body, "jane@Acme.test") || !strings.Contains(page.Body, "Acme Ltd") {
		t.Errorf("an address of a domain leads to %s:\n%s", page.URL, page.Body)
	}
	c.expectOrganization(c.logIn(map[string]url.Values{
		selection: {"organizationName": {"jane@both.test"}}, earlyPicker: {"organization": {acme}},
	}), acme, selection, earlyPicker, "/u/login")

	c.must(200, http.MethodPatch, spaPath, object{"organization_discovery_methods": []string{"email"}})
	refused("acme")
	c.must(200, http.MethodPatch, spaPath, object{"organization_discovery_methods": []string{"organization_name"}})
	refused("jane@acme.test")
	if left, _ := c.authorizeIn(c.tenant.Client(), url.Values{"prompt": {"none"}}); left == nil || left.Query().Get("error") != "interaction_required" {
		t.Errorf("without a page the request leads to %v", left)
	}
}

// TestOrganizationIsChosenAfterTheLogin, Auth0: manage-users/organizations/
// configure-organizations/define-organization-behavior.
func TestOrganizationIsChosenAfterTheLogin(t *testing.T) {
	c, acme, globex := prompting(t, "require", "post_login_prompt")
	if got := c.logIn(nil); got.Get("error") != "invalid_request" ||
		got.Get("error_description") != "client requires organization membership, but user does not belong to any organization" {
		t.Errorf("who is in no organization ends with %v", got.Values)
	}
	c.join(acme)
	c.expectOrganization(c.logIn(nil), acme, "/u/login")
	c.join(globex)
	c.expectOrganization(c.logIn(map[string]url.Values{picker: {"organization": {globex}}}), globex, "/u/login", picker)

	browser := c.tenant.Client()
	login := servertest.Login{
		ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: url.Values{"scope": {"openid"}, "audience": {""}},
		Answers: map[string]url.Values{picker: {"organization": {acme}}},
	}
	c.tenant.Login(browser, login)
	c.expectOrganization(c.tenant.Login(browser, login), acme, picker)
	_, page := c.authorizeIn(browser, login.Params)
	for _, name := range []string{"Acme Ltd", "Globex Corporation", servertest.Employee} {
		if !strings.Contains(page.Body, name) {
			t.Errorf("the page does not show %s", name)
		}
	}
	if strings.Contains(page.Body, "organizationSkipped") {
		t.Error("a personal account is offered, though an organization is required")
	}
	foreign := c.must(201, http.MethodPost, "/organizations", object{"name": "foreign"})["id"].(string)
	for _, answer := range []url.Values{{"organization": {foreign}}, {"organizationSkipped": {"true"}}, {}} {
		form := page.Form()
		maps.Copy(form, answer)
		if left, got := c.tenant.Submit(browser, page, form); left != nil || got.Status != http.StatusBadRequest {
			t.Errorf("the answer %v leads to %v, %d", answer, left, got.Status)
		}
	}
	if left, _ := c.authorizeIn(browser, url.Values{"prompt": {"none"}}); left == nil || left.Query().Get("error") != "interaction_required" {
		t.Errorf("without a page the request leads to %v", left)
	}
	if left, _ := c.authorizeIn(browser, url.Values{"prompt": {"none"}, "organization": {globex}, "scope": {"openid"}, "audience": {""}}); left == nil || left.Query().Get("code") == "" {
		t.Errorf("with an organization it leads to %v", left)
	}
}

func TestPersonalAccountBesideOrganizations(t *testing.T) {
	c, acme, _ := prompting(t, "allow", "post_login_prompt")
	c.expectOrganization(c.logIn(nil), nil, "/u/login")
	connection := c.list("/connections?name=Username-Password-Authentication")[0]["id"].(string)
	c.must(200, http.MethodPatch, "/organizations/"+acme+"/enabled_connections/"+connection, object{"assign_membership_on_login": true})
	c.expectOrganization(c.logIn(map[string]url.Values{picker: {"organizationSkipped": {"true"}}}), nil, "/u/login", picker)
	c.expectOrganization(c.logIn(map[string]url.Values{picker: {"organization": {acme}}}), acme, "/u/login", picker)
	if members := c.list("/organizations/" + acme + "/members"); len(members) != 1 {
		t.Errorf("the organization that takes its users in has the members %v", members)
	}

	c.must(200, http.MethodPatch, spaPath, object{"organization_require_behavior": "pre_login_prompt"})
	c.expectOrganization(c.logIn(map[string]url.Values{selection: {"organizationSkipped": {"true"}}}), nil, selection, "/u/login")
}

// TestOrganizationIsAskedForByTheApplicationAlone opens the pages that ask for an organization in logins
// whose application does not ask for one, or has named it in the request.
func TestOrganizationIsAskedForByTheApplicationAlone(t *testing.T) {
	c, acme, globex := prompting(t, "require", "post_login_prompt")
	c.join(acme)
	c.join(globex)
	for _, test := range []struct {
		behaviour object
		params    url.Values
		org       any
	}{
		{object{"organization_usage": "deny"}, url.Values{}, nil},
		{object{"organization_usage": "allow", "organization_require_behavior": "no_prompt"}, url.Values{}, nil},
		{object{"organization_usage": "require", "organization_require_behavior": "post_login_prompt"}, url.Values{"organization": {acme}}, acme},
		{object{"organization_usage": "require", "organization_require_behavior": "pre_login_prompt"}, url.Values{"organization": {acme}}, acme},
	} {
		c.must(200, http.MethodPatch, spaPath, test.behaviour)
		browser := c.tenant.Client()
		login := servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: test.params}
		login.Params.Set("scope", "openid")
		login.Params.Set("audience", "")
		target, verifier := c.tenant.AuthorizeURL(login)
		_, page := c.tenant.Visit(browser, target)
		form := page.Form()
		for _, path := range []string{selection, earlyPicker, picker} {
			answer := url.Values{"organizationName": {"globex"}, "organization": {globex}}
			other := servertest.Page{URL: page.URL.ResolveReference(&url.URL{Path: path, RawQuery: page.URL.RawQuery})}
			if _, got := c.tenant.Submit(browser, other, answer); got.URL.Path != "/u/login" {
				t.Errorf("%v: an answer at %s leads to %s", test.behaviour, path, got.URL)
			}
			if _, got := c.tenant.Visit(browser, other.URL.String()); got.URL.Path != "/u/login" {
				t.Errorf("%v: %s leads to %s", test.behaviour, path, got.URL)
			}
		}
		form.Set("username", servertest.Employee)
		form.Set("password", servertest.Password)
		form.Set("action", "default")
		left, page := c.tenant.Submit(browser, page, form)
		if left == nil {
			t.Fatalf("%v: the login ends on %s", test.behaviour, page.URL)
		}
		status, tokens := c.tenant.Token(c.http, url.Values{
			"grant_type": {"authorization_code"}, "client_id": {servertest.SPA}, "code": left.Query()["code"],
			"redirect_uri": {servertest.SPACallback}, "code_verifier": {verifier},
		})
		if claims := c.claims(tokens["id_token"]); status != http.StatusOK || claims["org_id"] != test.org {
			t.Errorf("%v: the organization is %v, want %v", test.behaviour, claims["org_id"], test.org)
		}
	}
}

// TestOrganizationWantsItsConnection disables the connection of a session for one of the user's
// organizations, which the user then cannot use with that session, Auth0:
// manage-users/organizations/configure-organizations/enable-connections.
func TestOrganizationWantsItsConnection(t *testing.T) {
	c, acme, globex := prompting(t, "require", "post_login_prompt")
	c.join(acme)
	c.join(globex)
	connection := c.list("/connections?name=Username-Password-Authentication")[0]["id"].(string)
	partners := c.must(201, http.MethodPost, "/connections", object{"name": "Partners", "strategy": "auth0", "enabled_clients": []string{servertest.SPA}})["id"]
	c.must(201, http.MethodPost, "/organizations/"+acme+"/enabled_connections", object{"connection_id": partners})
	c.must(204, http.MethodDelete, "/organizations/"+acme+"/enabled_connections/"+connection, nil)

	c.expectOrganization(c.logIn(nil), globex, "/u/login")
	browser := c.tenant.Client()
	params := url.Values{"scope": {"openid"}, "audience": {""}, "organization": {globex}}
	c.tenant.Login(browser, servertest.Login{ClientID: servertest.SPA, RedirectURI: servertest.SPACallback, Params: params})
	if left, _ := c.authorizeIn(browser, params); left == nil || left.Query().Get("code") == "" {
		t.Errorf("the session leads to %v in an organization with its connection", left)
	}
	params.Set("organization", acme)
	if left, page := c.authorizeIn(browser, params); left != nil || page.URL.Path != "/u/login" {
		t.Errorf("the session leads to %v in an organization without its connection", left)
	}
	params.Set("prompt", "none")
	if left, _ := c.authorizeIn(browser, params); left == nil || left.Query().Get("error") != "login_required" {
		t.Errorf("without a page it leads to %v", left)
	}
}

// TestOrganizationIsChosenAnew goes back from the end of a login to the page that asks for an organization,
// and enters one that needs another connection.
func TestOrganizationIsChosenAnew(t *testing.T) {
	c, acme, globex := prompting(t, "require", "pre_login_prompt")
	c.join(globex)
	connection := c.list("/connections?name=Username-Password-Authentication")[0]["id"].(string)
	partners := c.must(201, http.MethodPost, "/connections", object{"name": "Partners", "strategy": "auth0", "enabled_clients": []string{servertest.SPA}})["id"]
	c.must(201, http.MethodPost, "/organizations/"+acme+"/enabled_connections", object{"connection_id": partners})
	c.must(204, http.MethodDelete, "/organizations/"+acme+"/enabled_connections/"+connection, nil)

	browser := c.tenant.Client()
	_, question := c.authorizeIn(browser, url.Values{"scope": {"openid profile"}, "prompt": {"consent"}})
	name := func(organization string) servertest.Page {
		t.Helper()
		form := question.Form()
		form.Set("organizationName", organization)
		left, page := c.tenant.Submit(browser, question, form)
		if left != nil {
			t.Fatalf("naming %s leads to %v", organization, left)
		}
		return page
	}
	page := name("globex")
	form := page.Form()
	form.Set("username", servertest.Employee)
	form.Set("password", servertest.Password)
	form.Set("action", "default")
	if _, page = c.tenant.Submit(browser, page, form); page.URL.Path != "/u/consent" {
		t.Fatalf("the login leads to %s", page.URL)
	}
	if page = name("acme"); page.URL.Path != "/u/login" {
		t.Errorf("an organization with another connection leads to %s", page.URL)
	}
	if page = name("globex"); page.URL.Path != "/u/consent" {
		t.Errorf("the first organization leads to %s", page.URL)
	}
}
