package management_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// TestMachineTokensForOrganizations requests tokens for an organization by client credentials, with
// different settings of the client grant.
func TestMachineTokensForOrganizations(t *testing.T) {
	c := newClient(t)
	org, _ := c.must(201, http.MethodPost, "/organizations", object{"name": "acme"})["id"].(string)
	grant := c.list("/client-grants?client_id=" + servertest.Cron)[0]["id"].(string)
	ask := func(organization string) object {
		_, answer := c.tenant.Token(c.tenant.Client(), url.Values{
			"grant_type": {"client_credentials"}, "audience": {servertest.API}, "client_id": {servertest.Cron},
			"client_secret": {servertest.CronSecret}, "organization": {organization},
		})
		return answer
	}
	refused := func(what, organization, code, sentence string) {
		t.Helper()
		if answer := ask(organization); answer["error"] != code || answer["error_description"] != sentence {
			t.Errorf("%s: %v", what, answer)
		}
	}
	given := func(what, organization string, id, name any) {
		t.Helper()
		answer := ask(organization)
		if token, _ := answer["access_token"].(string); token == "" {
			t.Errorf("%s: %v", what, answer)
		} else if claims := c.claims(token); claims["org_id"] != id || claims["org_name"] != name {
			t.Errorf("%s: the token is for %v, %v", what, claims["org_id"], claims["org_name"])
		}
	}
	setGrant := func(change object) { c.must(200, http.MethodPatch, "/client-grants/"+grant, change) }

	given("no organization", "", nil, nil)
	refused("a grant without organizations", org, "invalid_request", "parameter organization is not allowed for this client")
	setGrant(object{"organization_usage": "require"})
	refused("none where one is required", "", "invalid_request", "parameter organization is required for this client")
	refused("one that the grant is not assigned to", org, "access_denied",
		`Client "`+servertest.Cron+`" is not authorized to access resource server "`+servertest.API+`" for organization "`+org+`".`)
	refused("one that is none", "org_0000000000000000", "invalid_request", "parameter organization is invalid: org_0000000000000000")

	c.must(201, http.MethodPost, "/organizations/"+org+"/client-grants", object{"grant_id": grant})
	given("an assigned one", org, org, nil)
	c.must(204, http.MethodDelete, "/organizations/"+org+"/client-grants/"+grant, nil)
	setGrant(object{"allow_any_organization": true})
	given("any", org, org, nil)

	refused("a name", "acme", "invalid_request", "authorization request parameter organization must be an organization id")
	c.must(200, http.MethodPatch, "/tenants/settings", object{"allow_organization_name_in_authentication_api": true})
	given("a name", "acme", org, "acme")
	c.must(200, http.MethodPatch, "/clients/"+servertest.Cron, object{"default_organization": object{"organization_id": org, "flows": []string{"client_credentials"}}})
	given("the default", "", org, "acme")

	events := c.list("/logs?q=" + url.QueryEscape("type:seccft AND organization_id:"+org))
	if len(events) == 0 || events[0]["organization_name"] != "acme" {
		t.Errorf("the log has %v", events)
	}
}
