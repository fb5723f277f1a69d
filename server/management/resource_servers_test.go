package management_test

import (
	"net/http"
	"net/url"
	"testing"
)

func TestSystemAPIsAreWhatAuth0Makes(t *testing.T) {
	c := newClient(t)
	identifier := c.tenant.Issuer() + "my-org/"
	made := c.must(201, http.MethodPost, "/resource-servers", object{"identifier": identifier, "name": "Mine", "token_lifetime": 7200})
	if made["name"] != "Auth0 My Organization API" || made["is_system"] != true || made["token_lifetime"] != 600.0 {
		t.Errorf("the API is %v", made)
	}
	if scopes := made["scopes"].([]any); len(scopes) != 21 || scopes[1].(object)["value"] != "read:my_org:details" {
		t.Errorf("its scopes are %v", scopes)
	}
	c.must(400, http.MethodPatch, "/resource-servers/"+made["id"].(string), object{"scopes": []object{}})
	if other := c.must(201, http.MethodPost, "/resource-servers", object{"identifier": "my-org/"}); other["is_system"] != nil {
		t.Errorf("an API that is merely called alike is %v", other)
	}
}

func TestAPINamesItsApplication(t *testing.T) {
	c := newClient(t)
	const identifier = "https://orders.test/"
	c.must(201, http.MethodPost, "/resource-servers", object{"identifier": identifier})
	path := "/resource-servers/" + url.PathEscape(identifier)
	if _, named := c.must(200, http.MethodGet, path, nil)["client_id"]; named {
		t.Error("an API without an application names one")
	}
	app := c.must(201, http.MethodPost, "/clients", object{"name": "Orders", "app_type": "resource_server", "resource_server_identifier": identifier})
	if got := c.must(200, http.MethodGet, path, nil)["client_id"]; got != app["client_id"] {
		t.Errorf("client_id is %v, want %v", got, app["client_id"])
	}
}

// TestAGrantIsNotForWhateverASystemAPIHas: allow_all_scopes is refused for system APIs, at creation and in a change.
func TestAGrantIsNotForWhateverASystemAPIHas(t *testing.T) {
	c := newClient(t)
	c.must(201, http.MethodPost, "/resource-servers", object{"identifier": c.tenant.Issuer() + "me/"})
	const sentence = "`allow_all_scopes` cannot be provided when `audience` is a system API"
	for _, path := range []string{"api/v2/", "me/"} {
		app := c.must(201, http.MethodPost, "/clients", object{"name": "All of " + path})
		grant := object{"client_id": app["client_id"], "audience": c.tenant.Issuer() + path, "scope": []string{}}
		for _, all := range []any{true, false, nil} { // that it is sent is what is refused
			grant["allow_all_scopes"] = all
			if got := c.must(400, http.MethodPost, "/client-grants", grant); got["message"] != sentence || got["errorCode"] != "invalid_body" {
				t.Errorf("%s, %v: %v", path, all, got)
			}
		}
		delete(grant, "allow_all_scopes")
		made := c.must(201, http.MethodPost, "/client-grants", grant)
		for _, all := range []bool{true, false} {
			if got := c.must(400, http.MethodPatch, "/client-grants/"+made["id"].(string), object{"allow_all_scopes": all}); got["message"] != sentence {
				t.Errorf("%s changed to %v: %v", path, all, got)
			}
		}
		// A grant with another subject_type is another grant; one with the same subject_type is a conflict.
		grant["subject_type"] = "user"
		c.must(201, http.MethodPost, "/client-grants", grant)
		c.must(409, http.MethodPost, "/client-grants", grant)
	}
	c.must(201, http.MethodPost, "/resource-servers", object{"identifier": "urn:own"})
	app := c.must(201, http.MethodPost, "/clients", object{"name": "All of its own"})
	c.must(201, http.MethodPost, "/client-grants", object{"client_id": app["client_id"], "audience": "urn:own", "allow_all_scopes": true})
}
