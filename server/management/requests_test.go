package management_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// refusal is a request and the answer that refuses it.
type refusal struct {
	method, path string
	body         any
	status       int
	code         string // errorCode, "" for none
	message      string
}

// refuses sends requests and checks that each is refused with its answer.
func (c *client) refuses(all []refusal) {
	c.t.Helper()
	for _, r := range all {
		status, answer := c.do(r.method, r.path, r.body)
		body, _ := answer.(object)
		code, _ := body["errorCode"].(string)
		if status != r.status || code != r.code || body["message"] != r.message {
			c.t.Errorf("%s %s %v:\n got %d %q %v\nwant %d %q %s", r.method, r.path, r.body, status, code, body["message"], r.status, r.code, r.message)
		}
	}
}

// TestQueriesThatDoNotFit: limits and types of query parameters, Auth0: api/management/v2.
func TestQueriesThatDoNotFit(t *testing.T) {
	c := newClient(t)
	org := "/organizations/" + c.must(201, http.MethodPost, "/organizations", object{"name": "queries"})["id"].(string)
	client := "/clients/" + servertest.SPA
	query := func(path, what string) refusal {
		return refusal{http.MethodGet, path, nil, 400, "invalid_query_string", "Query validation error: " + what + "."}
	}
	paging := func(path, message string) refusal {
		return refusal{http.MethodGet, path, nil, 400, "invalid_paging", message}
	}
	const checkpoint = " exceeds the allowed maximum of 1000 records. To fetch results beyond 1000, use the checkpoint pagination method."
	c.refuses([]refusal{
		query("/roles?per_page=0", "'Value 0 is less than minimum 1' on property per_page"),
		query("/connections?take=0", "'Value 0 is less than minimum 1' on property take"),
		query("/roles?page=-1", "'Value -1 is less than minimum 0' on property page"),
		query("/users?per_page=101", "'Value 101 is greater than maximum 100' on property per_page"),
		query("/connection-profiles?take=11", "'Value 11 is greater than maximum 10' on property take"),
		query("/logs?take=0", "'Value 0 is less than minimum 1' on property take"),
		query("/roles?include_totals=yes", "'Expected type boolean but found type string' on property include_totals"),
		query(client+"?fields=name&include_fields=1", "'Expected type boolean but found type string' on property include_fields"),
		query("/clients?is_global=0", "'Expected type boolean but found type string' on property is_global"),
		query("/client-grants?allow_any_organization=some", "'Expected type boolean but found type string' on property allow_any_organization"),
		query(org+"/connections?is_enabled=on", "'Expected type boolean but found type string' on property is_enabled"),
		query("/organizations?sort="+url.QueryEscape("display_name:-12"), "'String is too long (16 chars), maximum 15' on property sort"),
		query("/users/auth0%7Cnone/organizations?page=1001", "'Value 1001 is greater than maximum 1000' on property page"),
		query("/flows/vault/connections?page=1001", "'Value 1001 is greater than maximum 1000' on property page"),
		query("/prompts/rendering?rendering_mode=novel", "'No enum match for: novel' on property rendering_mode"),
		query("/users?search_engine=v4", "'No enum match for: v4' on property search_engine"),
		query("/users?search_engine=v3,v2", "'No enum match for: v3,v2' on property search_engine"),
		query("/connections?strategy=auth0,novel", "'No enum match for: novel' on property strategy"),
		query("/device-credentials?type=none", "'No enum match for: none' on property type"),
		{http.MethodGet, "/users?search_engine=v1", nil, 400, "invalid_query_string", "You are not allowed to use search_engine=v1."},
		paging("/organizations?page=10&per_page=100", "Requesting page 10"+checkpoint),
		paging(org+"/members?page=20", "Requesting page 20"+checkpoint),
		paging("/connections?page=10", "Requesting page 10"+checkpoint),
		paging(org+"/invitations?page=20", "Requesting page 20 exceeds the allowed maximum of 1000 records."),
		paging("/organizations?take=10&from=%21",
			"The checkpoint ID provided in the 'from' parameter has expired or is invalid, please remove the checkpoint ID and try again"),
	})
	for _, path := range []string{
		"/users?per_page=0", "/clients?per_page=0", "/organizations?page=9&per_page=100", "/organizations?sort=display_name:-1", "/network-acls?per_page=0", org + "/members?page=19",
	} {
		c.must(200, http.MethodGet, path, nil)
	}
	if page := c.must(200, http.MethodGet, "/connections?include_totals=true", nil); page["limit"] != 100.0 {
		t.Errorf("a page of connections is of %v, want 100", page["limit"])
	}
}

// TestPathsThatDoNotFit: variables in paths have limits of length too, if Auth0 documents them.
func TestPathsThatDoNotFit(t *testing.T) {
	c := newClient(t)
	org := "/organizations/" + c.must(201, http.MethodPost, "/organizations", object{"name": "paths"})["id"].(string)
	long := strings.Repeat("a", 51)
	path := func(method, path, what string) refusal {
		return refusal{method, path, nil, 400, "invalid_uri", "Path validation error: " + what + "."}
	}
	const tooLong = "'String is too long (51 chars), maximum 50' on property "
	c.refuses([]refusal{
		path(http.MethodDelete, "/organizations/"+long, tooLong+"id"),
		path(http.MethodGet, "/organizations/"+long+"/members", tooLong+"id"),
		path(http.MethodGet, "/organizations/"+long+"/members/auth0%7C1/roles", tooLong+"id"),
		path(http.MethodGet, "/organizations/name/"+long, tooLong+"name"),
		path(http.MethodGet, org+"/connections/"+long, tooLong+"connection_id"),
		path(http.MethodGet, org+"/enabled_connections/"+long, tooLong+"connectionId"),
		path(http.MethodGet, org+"/discovery-domains/name/ab", "'String is too short (2 chars), minimum 3' on property discovery_domain"),
		path(http.MethodDelete, "/rules-configs/"+strings.Repeat("k", 128), "'String is too long (128 chars), maximum 127' on property key"),
		path(http.MethodGet, "/flows/vault/connections/"+long, "'String is too long (51 chars), maximum 30' on property id"),
		path(http.MethodGet, "/flows/"+long+"/executions", "'String is too long (51 chars), maximum 30' on property flow"),
		path(http.MethodGet, "/prompts/novel/screen/login/rendering", "'No enum match for: novel' on property prompt"),
		path(http.MethodPatch, "/prompts/login/screen/novel/rendering", "'No enum match for: novel' on property screen"),
		path(http.MethodGet, "/prompts/novel/custom-text/en", "'No enum match for: novel' on property prompt"),
		path(http.MethodPut, "/prompts/mfa-otp/partials", "'No enum match for: mfa-otp' on property prompt"),
		{http.MethodGet, "/organizations/" + long, nil, 404, "", "No organization found by that id or name"},
	})
}

// TestWhatOrganizationsRefuse checks the error messages of Auth0: api/management/v2/organizations.
func TestWhatOrganizationsRefuse(t *testing.T) {
	c := newClient(t)
	org := "/organizations/" + c.must(201, http.MethodPost, "/organizations", object{"name": "refusing"})["id"].(string)
	database := c.list("/connections")[0]["id"].(string)
	grant := c.list("/client-grants?client_id=" + servertest.Cron)[0]["id"].(string)
	c.must(200, http.MethodPatch, "/client-grants/"+grant, object{"organization_usage": "allow"})
	c.must(200, http.MethodPatch, "/clients/"+servertest.Web, object{"organization_usage": "allow", "initiate_login_uri": "https://app.test/login"})
	invitation := func(name string, value any) object {
		return object{"inviter": object{"name": "J"}, "invitee": object{"email": "n@example.com"}, "client_id": servertest.Web, name: value}
	}
	c.refuses([]refusal{
		{http.MethodPost, org + "/invitations", invitation("connection_id", database), 400, "invalid_body", "The specified connection (" + database + ") is not enabled for the organization"},
		{http.MethodPost, org + "/invitations", invitation("roles", []string{"rol_1", "rol_2"}), 400, "invalid_body", "One or more of the specified roles do not exist: rol_1, rol_2"},
		{http.MethodGet, org + "/invitations/uinv_none", nil, 404, "", "The invitation does not exist."},
		{http.MethodGet, org + "/discovery-domains/ord_none", nil, 404, "", "Organization discovery domain not found."},
	})
	addition := object{"connection_id": database}
	c.must(201, http.MethodPost, org+"/enabled_connections", addition)
	c.must(200, http.MethodPost, org+"/invitations", invitation("connection_id", database))
	c.must(201, http.MethodPost, org+"/client-grants", object{"grant_id": grant})
	c.must(201, http.MethodPost, org+"/discovery-domains", object{"domain": "example.com"})
	c.refuses([]refusal{
		{http.MethodPost, org + "/connections", addition, 409, "", "The organization connection already exists."},
		{http.MethodPost, org + "/client-grants", object{"grant_id": grant}, 409, "", "The client grant has already been added to this organization."},
		{http.MethodPost, org + "/discovery-domains", object{"domain": "example.com"}, 409, "", "An organization discovery domain with this domain is already registered to this organization."},
	})
	c.must(204, http.MethodDelete, org+"/invitations/uinv_none", nil)
	c.must(204, http.MethodDelete, org+"/discovery-domains/ord_none", nil)
	reader := *c
	reader.token = c.machineToken("read:organizations_summary")
	reader.must(200, http.MethodGet, org, nil)
	reader.must(200, http.MethodGet, "/organizations?take=1", nil)
	reader.must(403, http.MethodDelete, org, nil)
}

// TestWhatConnectionsRefuse checks the error messages of Auth0: api/management/v2/connections.
func TestWhatConnectionsRefuse(t *testing.T) {
	c := newClient(t)
	database := "/connections/" + c.list("/connections")[0]["id"].(string)
	google := "/connections/" + c.must(201, http.MethodPost, "/connections", object{"name": "google-apps-1", "strategy": "google-apps"})["id"].(string)
	okta := "/connections/" + c.must(201, http.MethodPost, "/connections", object{"name": "okta-1", "strategy": "okta", "options": object{"client_id": "c", "domain": "o.test"}})["id"].(string)
	c.must(201, http.MethodPost, okta+"/keys", nil)
	directory := "/directory-provisioning"
	c.refuses([]refusal{
		{http.MethodPost, okta + "/keys", nil, 409, "connection_keys_conflict", "Keys have already been created for this connection."},
		{http.MethodGet, google + directory, nil, 404, "", "Directory provisioning configuration not found"},
		{http.MethodPost, database + directory, nil, 400, "", "The connection strategy does not support inbound directory provisioning"},
	})
	c.must(201, http.MethodPost, google+directory, nil)
	c.refuses([]refusal{{http.MethodPost, google + directory, nil, 409, "", "Directory provisioning is already enabled on the specified connection"}})
}

// TestWhatUsersRefuse checks the error messages of Auth0: api/management/v2/users, and those that protect
// the tenant's system objects.
func TestWhatUsersRefuse(t *testing.T) {
	c := newClient(t)
	id := c.must(201, http.MethodPost, "/users", object{"connection": "Username-Password-Authentication", "email": "r@example.com", "password": "Refused!2026"})["user_id"].(string)
	user, own := "/users/"+url.PathEscape(id), strings.TrimPrefix(id, "auth0|")
	system := ""
	for _, api := range c.list("/resource-servers") {
		if api["is_system"] == true && strings.HasSuffix(api["identifier"].(string), "/api/v2/") {
			system = api["id"].(string)
		}
	}
	global := c.list("/clients?is_global=true")
	c.refuses([]refusal{
		{http.MethodPost, "/users", object{"connection": "none", "email": "x@example.com", "password": "x"}, 400, "inexistent_connection", "The connection does not exist."},
		{http.MethodPost, user + "/identities", object{"provider": "auth0", "user_id": own}, 400, "invalid_body", "Main identity and the new one are the same."},
		{http.MethodPost, user + "/identities", object{"provider": "auth0", "user_id": "none"}, 400, "invalid_body", "Linking to an inexistent identity is not allowed."},
		{http.MethodDelete, user + "/identities/auth0/" + own, nil, 400, "", "Main identity cannot be removed."},
		{http.MethodGet, user + "/authentication-methods/none", nil, 404, "inexistent_authentication_method", "The authentication method could not be found."},
		{http.MethodGet, "/refresh-tokens", nil, 400, "invalid_query_string", "Missing required 'user_id' parameter."},
		{http.MethodPost, user + "/risk-assessments/clear", object{"connection": "none", "assessors": []string{"new-device"}}, 400, "inexistent_connection", "The connection does not exist."},
		{http.MethodPost, user + "/risk-assessments/clear", object{"connection": "none", "assessors": []string{"novel"}}, 400, "invalid_body", "Payload validation error: 'No enum match for: novel' on property assessors[0]."},
		{http.MethodPost, "/users/none/risk-assessments/clear", object{"connection": "none", "assessors": []string{"new-device"}}, 404, "inexistent_user", "The user does not exist."},
		{http.MethodPost, "/refresh-tokens/revoke", object{"ids": []string{"a"}, "user_id": id}, 400, "invalid_body", "Invalid combination of parameters."},
		{http.MethodDelete, "/resource-servers/" + system, nil, 400, "invalid_body", "System resource servers cannot be deleted."},
		{http.MethodPost, "/token-exchange-profiles", object{"name": "one", "subject_token_type": "urn:one:two", "action_id": "none", "type": "custom_authentication"}, 400, "invalid_body", "Action not found"},
	})
	for _, client := range global {
		c.refuses([]refusal{{http.MethodDelete, "/clients/" + client["client_id"].(string), nil, 400, "invalid_body", "Global client cannot be deleted."}})
	}
	c.must(202, http.MethodPost, user+"/revoke-access", object{})
	c.must(204, http.MethodPost, user+"/risk-assessments/clear", object{"connection": "Username-Password-Authentication", "assessors": []string{"new-device"}})
	c.must(202, http.MethodDelete, "/refresh-tokens/none", nil)
}

// TestWhatTicketsRefuse checks the error messages of Auth0: api/management/v2/tickets and jobs.
func TestWhatTicketsRefuse(t *testing.T) {
	c := newClient(t)
	id := c.must(201, http.MethodPost, "/users", object{"connection": "Username-Password-Authentication", "email": "t@example.com", "password": "Ticket!2026"})["user_id"].(string)
	org := c.must(201, http.MethodPost, "/organizations", object{"name": "tickets"})["id"].(string)
	password, verification := "/tickets/password-change", "/tickets/email-verification"
	bad := func(path string, body object, message string) refusal {
		return refusal{http.MethodPost, path, body, 400, "invalid_body", message}
	}
	for _, path := range []string{password, verification} {
		c.refuses([]refusal{
			bad(path, object{"user_id": id, "client_id": "none"}, "The client does not exist"),
			bad(path, object{"user_id": id, "organization_id": "org_none"}, "The organization does not exist"),
			bad(path, object{"user_id": id, "organization_id": org}, "The user with id "+id+" is not a member of organization with id "+org+"."),
			{http.MethodPost, path, object{"user_id": "auth0|none"}, 404, "inexistent_user", "The user does not exist."},
		})
	}
	c.refuses([]refusal{
		bad(password, object{"connection_id": "con_none", "email": "t@example.com"}, "The connection with id con_none does not exist."),
		{http.MethodPost, "/jobs/users-exports", object{"connection_id": "con_0000000000000000"}, 400, "inexistent_connection", "The connection does not exist."},
	})
	c.must(204, http.MethodPost, "/organizations/"+org+"/members", object{"members": []string{id}})
	c.must(201, http.MethodPost, verification, object{"user_id": id, "organization_id": org})
}

// TestFormEncodedBodies sends bodies as forms instead of JSON, Auth0: api/management/v2.
func TestFormEncodedBodies(t *testing.T) {
	c := newClient(t)
	post := func(path, form string) (int, object) {
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.tenant.URL+"api/v2"+path, strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Authorization", "Bearer "+c.token)
		rq.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := c.http.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		var answer object
		if err := json.Unmarshal(raw, &answer); err != nil {
			t.Fatalf("%d and no JSON: %s", resp.StatusCode, raw)
		}
		return resp.StatusCode, answer
	}
	for _, tt := range []struct {
		path, form string
		status     int
		member     string
		want       any
	}{
		{"/roles", "name=of+a+form&description=d", 200, "name", "of a form"},
		{"/clients", "name=form&callbacks=https://a.test/&callbacks=https://b.test/", 201, "name", "form"},
		{"/roles", "name=a&name=b", 400, "message", "Payload validation error: 'Expected type string but found type array' on property name."},
		{"/roles", "nom=a", 400, "message", "Payload validation error: 'Additional properties not allowed: nom'."},
		{"/roles", "name=a%00b", 400, "message", "Payload validation error: 'The character U+0000 is not allowed' on property name."},
		{"/roles", "name=%zz", 400, "message", "Invalid request payload JSON format"},
		{"/roles", `{"name":"json all the same"}`, 200, "name", "json all the same"},
	} {
		if status, answer := post(tt.path, tt.form); status != tt.status || answer[tt.member] != tt.want {
			t.Errorf("%s: %d %v, want %d and %s %v", tt.form, status, answer, tt.status, tt.member, tt.want)
		}
	}
}
