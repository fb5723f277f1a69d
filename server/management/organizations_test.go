package management_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

func TestOrganizations(t *testing.T) {
	c := newClient(t)
	connection := c.list("/connections")[0]["id"].(string)
	org := c.must(201, http.MethodPost, "/organizations", object{
		"name": "exampleco", "display_name": "ExampleCo", "enabled_connections": []object{{"connection_id": connection}},
	})
	id := org["id"].(string)
	path := "/organizations/" + id
	if org["third_party_client_access"] != "block" || org["enabled_connections"] != nil {
		t.Errorf("the new organization is %v", org)
	}
	if found := c.must(200, http.MethodGet, "/organizations/name/exampleco", nil); found["id"] != id {
		t.Errorf("by name there is %v", found)
	}
	for body, want := range map[string]int{
		`{"name":"exampleco"}`: http.StatusConflict, `{"name":"Upper"}`: http.StatusBadRequest, `{}`: http.StatusBadRequest,
	} {
		if status, answer := c.do(http.MethodPost, "/organizations", body); status != want {
			t.Errorf("POST %s: %d %v, want %d", body, status, answer, want)
		}
	}

	added := c.list(path + "/connections")
	if len(added) != 1 || added[0]["show_as_button"] != true || added[0]["connection"].(object)["strategy"] != "auth0" {
		t.Errorf("the connections are %v", added)
	}
	changed := c.must(200, http.MethodPatch, path+"/connections/"+connection, object{"assign_membership_on_login": true})
	if changed["assign_membership_on_login"] != true || changed["connection_id"] != connection {
		t.Errorf("the changed connection is %v", changed)
	}
	domain := c.must(201, http.MethodPost, path+"/discovery-domains", object{"domain": "Example.com"})
	if domain["domain"] != "example.com" || domain["verification_host"] != "_ss-verification."+id+".example.com" {
		t.Errorf("the discovery domain is %v", domain)
	}
	status, clients := c.do(http.MethodPost, path+"/clients", object{"clients": []object{{"client_id": servertest.Cron, "use_for_member_access": true}}})
	if status != http.StatusCreated || len(clients.([]any)) != 1 {
		t.Errorf("adding a client: %d %v", status, clients)
	}
	c.must(204, http.MethodDelete, "/organizations/"+id, nil)
	if status, answer := c.do(http.MethodGet, path+"/connections", nil); status != http.StatusNotFound {
		t.Errorf("the connections of an organization that is gone: %d %v", status, answer)
	}
}

func TestOrganizationMembers(t *testing.T) {
	c := newClient(t)
	org := c.must(201, http.MethodPost, "/organizations", object{"name": "exampleco"})
	role := c.must(200, http.MethodPost, "/roles", object{"name": "Auditor"})
	user := c.must(201, http.MethodPost, "/users", object{
		"connection": "Username-Password-Authentication", "email": "member@example.com", "password": "correct horse battery",
	})
	path, userID := "/organizations/"+org["id"].(string), user["user_id"].(string)
	roles := path + "/members/" + url.PathEscape(userID) + "/roles"

	if status, answer := c.do(http.MethodPost, roles, object{"roles": []any{role["id"]}}); status != http.StatusNotFound {
		t.Errorf("a role for one who is no member: %d %v", status, answer)
	}
	c.must(204, http.MethodPost, path+"/members", object{"members": []string{userID}})
	c.must(204, http.MethodPost, roles, object{"roles": []any{role["id"]}})
	if members := c.list(path + "/members"); len(members) != 1 || members[0]["user_id"] != userID {
		t.Errorf("the members are %v", members)
	}
	if held := c.list(roles); len(held) != 1 || held[0]["id"] != role["id"] {
		t.Errorf("the member's roles are %v", held)
	}
	if members := c.list(path + "/roles/" + role["id"].(string) + "/members"); len(members) != 1 {
		t.Errorf("the role's members are %v", members)
	}
	if in := c.list("/users/" + url.PathEscape(userID) + "/organizations"); len(in) != 1 || in[0]["id"] != org["id"] {
		t.Errorf("the user's organizations are %v", in)
	}

	c.must(200, http.MethodDelete, "/roles/"+role["id"].(string), nil)
	if held := c.list(roles); len(held) != 0 {
		t.Errorf("a role that is gone is still held: %v", held)
	}
	c.must(204, http.MethodDelete, "/users/"+url.PathEscape(userID), nil)
	if members := c.list(path + "/members"); len(members) != 0 {
		t.Errorf("a user who is gone is still a member: %v", members)
	}
}
