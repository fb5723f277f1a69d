package management_test

import (
	"net/http"
	"reflect"
	"testing"
	"time"
)

// TestHowAConnectionProvisions tests what SCIM and directory provisioning of users have in common, Auth0:
// authenticate/protocols/scim/configure-inbound-scim and api/management/v2/connections.
func TestHowAConnectionProvisions(t *testing.T) {
	c := newClient(t)
	made := func(name, strategy string, options object) string {
		t.Helper()
		return c.must(201, http.MethodPost, "/connections", object{"name": name, "strategy": strategy, "options": options})["id"].(string)
	}
	entra := made("entra", "waad", object{"tenant_domain": "corp.example"})
	okta := made("okta", "okta", object{"domain": "corp.okta.example", "client_id": "x", "client_secret": "y"})
	google := made("google", "google-apps", object{"domain": "corp.example", "client_id": "x", "client_secret": "y"})
	database := made("people", "auth0", object{})
	scimChange := object{"user_id_attribute": "userName", "mapping": []any{object{"auth0": "nickname", "scim": "userName"}}}
	for _, tt := range []struct {
		name, path, list, members string
		connection, other         string // one that can be provisioned so, and one that cannot
		refused                   int    // the status for the other
		change                    object
		taken                     int // the status for a second configuration
	}{
		{"SCIM", "/scim-configuration", "/connections-scim-configurations", "scim_configurations", okta, google, 404, scimChange, 400},
		{"SCIM of Entra", "/scim-configuration", "/connections-scim-configurations", "scim_configurations", entra, database, 404, scimChange, 400},
		{"a directory", "/directory-provisioning", "/connections-directory-provisionings", "directory_provisionings", google, entra, 400, object{"synchronize_automatically": true}, 409},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := "/connections/" + tt.connection + tt.path
			c.must(404, http.MethodGet, path, nil)
			c.must(404, http.MethodPatch, path, tt.change)
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
				c.must(tt.refused, method, "/connections/"+tt.other+tt.path, nil)
			}
			preset := c.must(200, http.MethodGet, path+"/default-mapping", nil)["mapping"].([]any)
			doc := c.must(201, http.MethodPost, path, nil)
			if len(preset) == 0 || len(doc["mapping"].([]any)) != len(preset) || doc["connection_id"] != tt.connection || doc["strategy"] == nil {
				t.Errorf("a new configuration is %v", doc)
			}
			c.must(tt.taken, http.MethodPost, path, nil)
			changed := c.must(200, http.MethodPatch, path, tt.change)
			for name, want := range tt.change {
				if !reflect.DeepEqual(changed[name], want) {
					t.Errorf("changed it is %v", changed)
				}
			}
			if _, sent := tt.change["mapping"]; !sent && len(changed["mapping"].([]any)) != len(preset) {
				t.Errorf("changed it maps %v", changed["mapping"])
			}
			if all := c.must(200, http.MethodGet, tt.list, nil)[tt.members].([]any); len(all) != 1 || all[0].(object)["connection_id"] != tt.connection {
				t.Errorf("the list has %v", all)
			}
			c.must(204, http.MethodDelete, path, nil)
			c.must(204, http.MethodDelete, path, nil)
			c.must(404, http.MethodGet, path, nil)
		})
	}
}

// TestBodiesOfProvisioning: the bodies that create and change a configuration, Auth0:
// api/management/v2/connections/patch-scim-configuration and its neighbours.
func TestBodiesOfProvisioning(t *testing.T) {
	c := newClient(t)
	made := func(name, strategy string, options object) string {
		t.Helper()
		return "/connections/" + c.must(201, http.MethodPost, "/connections", object{"name": name, "strategy": strategy, "options": options})["id"].(string)
	}
	scim := made("okta", "okta", object{"domain": "corp.okta.example", "client_id": "x"}) + "/scim-configuration"
	directory := made("google", "google-apps", object{"domain": "corp.example", "client_id": "x"}) + "/directory-provisioning"
	common := made("entra", "waad", object{"tenant_domain": "corp.example", "waad_common_endpoint": true}) + "/scim-configuration"
	mapping := []any{object{"auth0": "nickname", "scim": "userName"}}
	for _, tt := range []struct {
		method, path string
		body         any
		status       int
		message      string
	}{
		{http.MethodPatch, scim, object{}, 404, "Not Found"}, // before the body
		{http.MethodPost, scim, object{"user_id_attribute": 1}, 400, "Payload validation error: 'Expected type string but found type integer' on property user_id_attribute."},
		{http.MethodPost, scim, object{"mapping": []any{object{"idp": "x"}}}, 400, "Payload validation error: 'Additional properties not allowed: idp' on property mapping[0]."},
		{http.MethodPost, scim, object{"mapping": mapping}, 201, ""},
		{http.MethodPost, scim, object{}, 400, "SCIM configuration already exists for connection"},
		{http.MethodPatch, scim, object{"user_id_attribute": "userName"}, 400, "Payload validation error: 'Missing required property: mapping'."},
		{http.MethodPatch, scim, object{"mapping": mapping}, 400, "Payload validation error: 'Missing required property: user_id_attribute'."},
		{http.MethodPatch, scim, object{"mapping": mapping, "user_id_attribute": "userName"}, 200, ""},
		{http.MethodPost, common, nil, 400, "SCIM cannot be enabled for this connection when the Azure AD common endpoint is used."},
		{http.MethodPost, directory, object{"synchronize_groups": "some"}, 400, "Payload validation error: 'No enum match for: some' on property synchronize_groups."},
		{http.MethodPost, directory, object{"synchronize_groups": "all"}, 201, ""},
		{http.MethodPatch, directory, object{"mapping": mapping}, 400, "Payload validation error: 'Additional properties not allowed: scim' on property mapping[0]."},
		{http.MethodPatch, directory, object{}, 200, ""},
	} {
		if answer := c.must(tt.status, tt.method, tt.path, tt.body); tt.message != "" && answer["message"] != tt.message {
			t.Errorf("%s %s with %v says %q, want %q", tt.method, tt.path, tt.body, answer["message"], tt.message)
		}
	}
}

func TestSCIMTokens(t *testing.T) {
	c := newClient(t)
	path := "/connections/" + c.must(201, http.MethodPost, "/connections", object{
		"name": "okta", "strategy": "okta", "options": object{"domain": "corp.okta.example", "client_id": "x", "client_secret": "y"},
	})["id"].(string) + "/scim-configuration"
	c.must(404, http.MethodPost, path+"/tokens", object{})
	c.must(201, http.MethodPost, path, object{})
	all := c.must(201, http.MethodPost, path+"/tokens", object{})
	some := c.must(201, http.MethodPost, path+"/tokens", object{"scopes": []any{"get:users"}})
	if len(all["scopes"].([]any)) != 5 || len(some["scopes"].([]any)) != 1 || all["token"] == some["token"] || all["token_id"] == some["token_id"] {
		t.Errorf("the tokens are %v and %v", all, some)
	}
	if answer := c.must(409, http.MethodPost, path+"/tokens", object{}); answer["message"] != "Maximum of 2 tokens already issued for this connection" {
		t.Errorf("a third one is refused with %v", answer)
	}
	_, answer := c.do(http.MethodGet, path+"/tokens", nil)
	list, _ := answer.([]any)
	if len(list) != 2 || list[0].(object)["token"] != nil || list[1].(object)["token"] != nil {
		t.Errorf("the list shows %v", answer)
	}
	c.must(204, http.MethodDelete, path+"/tokens/"+all["token_id"].(string), nil)
	if _, answer := c.do(http.MethodGet, path+"/tokens", nil); len(answer.([]any)) != 1 {
		t.Errorf("after one was deleted the list has %v", answer)
	}
	for _, wrong := range []object{{"token_lifetime": 899}, {"token_lifetime": "a while"}, {"scopes": []any{}}, {"valid_until": "soon"}} {
		c.must(400, http.MethodPost, path+"/tokens", wrong)
	}
	limited := c.must(201, http.MethodPost, path+"/tokens", object{"token_lifetime": 900})
	created, _ := time.Parse(time.RFC3339, limited["created_at"].(string))
	if until, err := time.Parse(time.RFC3339, limited["valid_until"].(string)); err != nil || until.Sub(created) != 900*time.Second {
		t.Errorf("a token for 900 seconds is %v", limited)
	}
	if _, has := all["valid_until"]; has {
		t.Errorf("a token without a lifetime is %v", all)
	}
	c.must(204, http.MethodDelete, path, nil)
	c.must(201, http.MethodPost, path, object{})
	if _, answer := c.do(http.MethodGet, path+"/tokens", nil); len(answer.([]any)) != 0 {
		t.Errorf("the tokens outlive their configuration: %v", answer)
	}
}

func TestSynchronizedGroups(t *testing.T) {
	c := newClient(t)
	path := "/connections/" + c.must(201, http.MethodPost, "/connections", object{
		"name": "google", "strategy": "google-apps", "options": object{"domain": "corp.example", "client_id": "x", "client_secret": "y"},
	})["id"].(string) + "/directory-provisioning"
	groups := func(ids ...string) object {
		all := []any{}
		for _, id := range ids {
			all = append(all, object{"id": id, "email": id + "@corp.example"})
		}
		return object{"groups": all}
	}
	has := func(when, query string, ids ...string) {
		t.Helper()
		list := c.must(200, http.MethodGet, path+"/synchronized-groups"+query, nil)["groups"].([]any)
		if len(list) != len(ids) {
			t.Errorf("%s the groups are %v, want %v", when, list, ids)
			return
		}
		for n, id := range ids {
			if list[n].(object)["id"] != id {
				t.Errorf("%s the groups are %v, want %v", when, list, ids)
			}
		}
	}
	c.must(404, http.MethodGet, path+"/synchronized-groups", nil)
	c.must(201, http.MethodPost, path, object{})
	c.must(204, http.MethodPost, path+"/synchronized-groups", groups("a", "b"))
	c.must(204, http.MethodPost, path+"/synchronized-groups", groups("b", "c"))
	has("added", "", "a", "b", "c")
	has("searched", "?q=B%40corp", "b")
	c.must(204, http.MethodDelete, path+"/synchronized-groups", groups("b", "nobody"))
	has("removed", "", "a", "c")
	c.must(204, http.MethodPut, path+"/synchronized-groups", groups("d"))
	has("replaced", "", "d")
	for _, wrong := range []any{object{}, object{"groups": "d"}, object{"groups": []any{object{"email": "x@corp.example"}}}, object{"groups": []any{object{"id": "x", "email": "no address"}}}} {
		c.must(400, http.MethodPut, path+"/synchronized-groups", wrong)
	}
	has("refused", "", "d")
}
