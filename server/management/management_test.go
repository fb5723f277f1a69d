package management_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// client calls the Management API of a tenant.
type client struct {
	t      *testing.T
	tenant *servertest.Server
	http   *http.Client
	token  string
}

func newClient(t *testing.T) *client {
	t.Helper()
	tenant := servertest.Start(t, servertest.HTTP())
	c := &client{t: t, tenant: tenant, http: tenant.Client()}
	c.token = c.machineToken("")
	return c
}

func (c *client) machineToken(scope string) string {
	c.t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "audience": {c.tenant.URL + "api/v2/"},
		"client_id": {servertest.Management}, "client_secret": {servertest.ManagementSecret},
	}
	if scope != "" {
		form.Set("scope", scope)
	}
	status, body := c.tenant.Token(c.http, form)
	if status != http.StatusOK {
		c.t.Fatalf("no token: %d %v", status, body)
	}
	token, _ := body["access_token"].(string)
	return token
}

// do sends a request and returns the status and the decoded body: an object, a list or nil.
func (c *client) do(method, path string, body any) (int, any) {
	c.t.Helper()
	var sent io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		sent = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			c.t.Fatal(err)
		}
		sent = bytes.NewReader(raw)
	}
	rq, err := http.NewRequestWithContext(c.t.Context(), method, c.tenant.URL+"api/v2"+path, sent)
	if err != nil {
		c.t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+c.token)
	rq.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(rq)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	var answer any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &answer); err != nil {
			c.t.Fatalf("%s %s: %d and no JSON: %s", method, path, resp.StatusCode, raw)
		}
	}
	return resp.StatusCode, answer
}

// must is do for a request that must be answered with a status.
func (c *client) must(status int, method, path string, body any) map[string]any {
	c.t.Helper()
	got, answer := c.do(method, path, body)
	if got != status {
		c.t.Fatalf("%s %s: %d %v, want %d", method, path, got, answer, status)
	}
	object, _ := answer.(map[string]any)
	return object
}

type object = map[string]any

// TestScopesThatAreNeededTogether: operations that need two scopes, Auth0: api/management/v2/keys/post-signing-keys
// and manage-users/access-control/configure-core-rbac/rbac-users/view-user-roles.
func TestScopesThatAreNeededTogether(t *testing.T) {
	c := newClient(t)
	for _, tt := range []struct{ method, path, one, other, want string }{
		{http.MethodPost, "/keys/signing/rotate", "create:signing_keys", "update:signing_keys", "create:signing_keys and update:signing_keys"},
		{http.MethodPost, "/connections/con_none/keys/rotate", "create:connections_keys", "update:connections_keys", "create:connections_keys and update:connections_keys"},
		{http.MethodGet, "/users/auth0%7Cnobody/roles", "read:users", "read:roles", "any of: read:users and read:roles,read:role_members"},
	} {
		for _, held := range []struct {
			scope string
			let   bool
		}{{tt.one, false}, {tt.other, false}, {tt.one + " " + tt.other, true}} {
			other := *c
			other.token = c.machineToken(held.scope)
			status, answer := other.do(tt.method, tt.path, nil)
			body, _ := answer.(object)
			if want := "Insufficient scope, expected " + tt.want; (status != http.StatusForbidden) != held.let || !held.let && body["message"] != want {
				t.Errorf("%s %s with %s: %d %v", tt.method, tt.path, held.scope, status, body["message"])
			}
		}
	}
}

func TestAccess(t *testing.T) {
	c := newClient(t)
	for _, tt := range []struct {
		name, token     string
		status          int
		message, errors string
	}{
		{"no bearer scheme", "", 400, "Bad HTTP authentication header format", "Bearer"},
		{"not a token", "nonsense", 401, "Invalid token", ""},
		{"another audience", c.otherToken(), 401, "Invalid token", ""},
		{"a scope of another resource", c.machineToken("read:clients"), 403, "Insufficient scope, expected any of: read:roles", "insufficient_scope"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			other := *c
			other.t, other.token = t, tt.token
			status, answer := other.do(http.MethodGet, "/roles", nil)
			body, _ := answer.(object)
			code, _ := body["errorCode"].(string)
			if status != tt.status || body["message"] != tt.message || code != tt.errors {
				t.Errorf("got %d %v, want %d %q %q", status, body, tt.status, tt.message, tt.errors)
			}
		})
	}
	c.tenant.Advance(25 * 3600 * 1e9)
	if status, answer := c.do(http.MethodGet, "/roles", nil); status != 401 || answer.(object)["message"] != "Expired token received for JSON Web Token validation" {
		t.Errorf("an expired token gets %d %v", status, answer)
	}
}

func (c *client) otherToken() string {
	c.t.Helper()
	_, body := c.tenant.Token(c.http, url.Values{
		"grant_type": {"client_credentials"}, "audience": {servertest.API}, "client_id": {servertest.Cron}, "client_secret": {servertest.CronSecret},
	})
	token, _ := body["access_token"].(string)
	return token
}

func TestValidation(t *testing.T) {
	c := newClient(t)
	role := c.must(200, http.MethodPost, "/roles", object{"name": "one"})
	for _, tt := range []struct {
		name, method, path string
		body               any
		status             int
		message            string
	}{
		{"no JSON", http.MethodPost, "/roles", "{", 400, "Invalid request payload JSON format"},
		{"a list", http.MethodPost, "/roles", []string{}, 400, "Payload validation error: 'Expected type object but found type array'."},
		{"a required member is missing", http.MethodPost, "/roles", object{}, 400, "Payload validation error: 'Missing required property: name'."},
		{"a wrong type", http.MethodPost, "/roles", object{"name": 1}, 400, "Payload validation error: 'Expected type string but found type integer' on property name."},
		{"an empty name", http.MethodPost, "/roles", object{"name": ""}, 400, "Payload validation error: 'String is too short (0 chars), minimum 1' on property name."},
		{"a read-only member", http.MethodPatch, "/roles/" + role["id"].(string), object{"id": "rol_x"}, 400, "Payload validation error: 'Additional properties not allowed: id'."},
		{"a name that is taken", http.MethodPost, "/roles", object{"name": "one"}, 409, "The role already exists."},
		{"an unknown id", http.MethodGet, "/roles/rol_0000000000000000", nil, 404, "The role does not exist."},
		{"an unknown value", http.MethodPost, "/clients", object{"name": "x", "app_type": "toaster"}, 400, "Payload validation error: 'No enum match for: toaster' on property app_type."},
		{"a filter that is no value", http.MethodGet, "/client-grants?subject_type=machine", nil, 400, "Query validation error: 'No enum match for: machine' on property subject_type."},
		{"a filter of several, one no value", http.MethodGet, "/connections?strategy=auth0,novel", nil, 400, "Query validation error: 'No enum match for: novel' on property strategy."},
		{"a trigger that is none", http.MethodGet, "/actions/actions?triggerId=pre-lunch", nil, 400, "Query validation error: 'No enum match for: pre-lunch' on property triggerId."},
		{"more than there is to ask for", http.MethodGet, "/forms?hydrate=flow_count,nodes", nil, 400, "Query validation error: 'No enum match for: nodes' on property hydrate."},
		{"a value that is too large", http.MethodPatch, "/attack-protection/brute-force-protection", object{"max_attempts": 101}, 400, "Payload validation error: 'Value 101 is greater than maximum 100' on property max_attempts."},
		{"a page that is too large", http.MethodGet, "/roles?per_page=101", nil, 400, "Query validation error: 'Value 101 is greater than maximum 100' on property per_page."},
		{"a read that is not emulated", http.MethodGet, "/events", nil, 404, "GET /api/v2/events is not emulated by tenant0"},
		{"a write that is not emulated", http.MethodPost, "/actions/actions/1/test", nil, 403, "POST /api/v2/actions/actions/1/test is not emulated by tenant0"},
		{"no operation at all", http.MethodGet, "/teapots", nil, 404, "Not Found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cc := *c
			cc.t = t
			status, answer := cc.do(tt.method, tt.path, tt.body)
			body, _ := answer.(object)
			if status != tt.status || body["message"] != tt.message || body["statusCode"] != float64(tt.status) || body["error"] != http.StatusText(tt.status) {
				t.Errorf("got %d %v, want %d %q", status, body, tt.status, tt.message)
			}
		})
	}
}

func TestPages(t *testing.T) {
	c := newClient(t)
	for _, name := range []string{"a", "b", "c"} {
		c.must(200, http.MethodPost, "/roles", object{"name": name})
	}
	_, bare := c.do(http.MethodGet, "/roles", nil)
	if list, _ := bare.([]any); len(list) != 3 {
		t.Errorf("without include_totals: %v, want an array of 3", bare)
	}
	page := c.must(200, http.MethodGet, "/roles?include_totals=true&per_page=2&page=1", nil)
	if list, _ := page["roles"].([]any); len(list) != 1 || page["start"] != 2.0 || page["limit"] != 2.0 || page["total"] != 3.0 {
		t.Errorf("second page: %v", page)
	}
	past := c.must(200, http.MethodGet, "/roles?include_totals=true&per_page=2&page=7", nil)
	if list, _ := past["roles"].([]any); len(list) != 0 || past["start"] != 14.0 {
		t.Errorf("past the end: %v", past)
	}
	seen, next := 0, ""
	for range 10 {
		part := c.must(200, http.MethodGet, "/connections?take=1&from="+next, nil)
		list, _ := part["connections"].([]any)
		seen += len(list)
		if next, _ = part["next"].(string); next == "" {
			break
		}
	}
	if seen != 1 {
		t.Errorf("by cursor %d connections are seen, want 1", seen)
	}
	fields := c.must(200, http.MethodGet, "/clients/"+servertest.SPA+"?fields=name,app_type", nil)
	if len(fields) != 2 || fields["name"] != "Timesheets SPA" {
		t.Errorf("two fields: %v", fields)
	}
}
