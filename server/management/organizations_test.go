package management_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
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
		"connection": "Username-Password-Authentication", "email": "member@example.com", "password": "Correct horse battery 1",
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
	var many []any
	for i := range 50 {
		many = append(many, c.must(200, http.MethodPost, "/roles", object{"name": fmt.Sprintf("Role %d", i)})["id"])
	}
	if status, answer := c.do(http.MethodPost, roles, object{"roles": many}); status != http.StatusConflict || answer.(object)["message"] != "No more roles can be assigned to this organization member." {
		t.Errorf("the 51st role of a member: %d %v", status, answer)
	}
	c.must(204, http.MethodPost, roles, object{"roles": many[1:]})
	c.must(204, http.MethodDelete, roles, object{"roles": many})
	if held := c.list(roles); len(held) != 1 || held[0]["id"] != role["id"] {
		t.Errorf("the member's roles are %v", held)
	}
	shown := c.list(path + "/members?fields=user_id,roles")
	if of, _ := shown[0]["roles"].([]any); len(of) != 1 || of[0].(object)["name"] != "Auditor" || shown[0]["email"] != nil {
		t.Errorf("the members with their roles are %v", shown)
	}
	effective := c.must(200, http.MethodGet, path+"/members/"+url.PathEscape(userID)+"/effective-roles", nil)["roles"].([]any)
	if len(effective) != 1 || effective[0].(object)["sources"].([]any)[0] != "direct" {
		t.Errorf("the member's effective roles are %v", effective)
	}
	page := c.must(200, http.MethodGet, path+"/members?take=1", nil)
	if after := c.must(200, http.MethodGet, path+"/members?take=1&from="+page["next"].(string), nil); len(after["members"].([]any)) != 0 {
		t.Errorf("after the last member there are %v", after)
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

func TestListOrganizationsInOrder(t *testing.T) {
	c := newClient(t)
	for _, name := range []string{"banana", "cherry", "apple"} {
		c.must(201, http.MethodPost, "/organizations", object{"name": name})
	}
	for _, order := range []struct {
		query string
		names []string
	}{
		{"", []string{"banana", "cherry", "apple"}},
		{"?sort=created_at:-1", []string{"apple", "cherry", "banana"}},
		{"?sort=name:1", []string{"apple", "banana", "cherry"}},
		{"?sort=name:-1&page=1&per_page=2", []string{"apple"}},
	} {
		var names []string
		for _, org := range c.list("/organizations" + order.query) {
			names = append(names, org["name"].(string))
		}
		if !slices.Equal(names, order.names) {
			t.Errorf("%s lists %v, want %v", order.query, names, order.names)
		}
	}
	first := c.must(200, http.MethodGet, "/organizations?sort=name:1&take=2", nil)
	rest := c.must(200, http.MethodGet, "/organizations?sort=name:1&take=2&from="+first["next"].(string), nil)
	if left := rest["organizations"].([]any); len(left) != 1 || left[0].(object)["name"] != "cherry" || rest["next"] != nil {
		t.Errorf("the second page by name is %v", rest)
	}
	if status, _ := c.do(http.MethodGet, "/organizations?sort=branding:1", nil); status != http.StatusBadRequest {
		t.Errorf("an order that is none: %d", status)
	}
}

func TestOrganizationClientsAndGrants(t *testing.T) {
	c := newClient(t)
	org := c.must(201, http.MethodPost, "/organizations", object{"name": "exampleco"})
	c.must(201, http.MethodPost, "/organizations", object{"name": "other"})
	path := "/organizations/" + org["id"].(string)

	c.do(http.MethodPost, path+"/clients", object{"clients": []object{{"client_id": servertest.Cron, "use_for_member_access": true}}})
	found := c.list("/organizations?include_client_association_for=" + servertest.Cron)
	if of, _ := found[0]["client"].(object); of["use_for_member_access"] != true || found[1]["client"] != nil {
		t.Errorf("with the association of an application there are %v", found)
	}

	var grant object
	for _, each := range c.list("/client-grants") {
		if each["client_id"] == servertest.Cron {
			grant = each
		}
	}
	added := c.must(201, http.MethodPost, path+"/client-grants", object{"grant_id": grant["id"]})
	if added["grant_id"] != grant["id"] || added["audience"] != grant["audience"] || added["id"] != nil {
		t.Errorf("the added grant is %v", added)
	}
	listed := c.list(path + "/client-grants?client_id=" + servertest.Cron)
	if len(listed) != 1 || listed[0]["id"] != grant["id"] || listed[0]["organization_usage"] != "deny" {
		t.Errorf("the application's grants are %v", listed)
	}
	if none := c.list(path + "/client-grants?client_id=" + servertest.Web); len(none) != 0 {
		t.Errorf("another application's grants are %v", none)
	}
	if in := c.list("/client-grants/" + grant["id"].(string) + "/organizations"); len(in) != 1 || in[0]["id"] != org["id"] {
		t.Errorf("the grant's organizations are %v", in)
	}
	c.must(204, http.MethodDelete, "/client-grants/"+grant["id"].(string), nil)
	if left := c.list(path + "/client-grants"); len(left) != 0 {
		t.Errorf("a grant that is gone is still the organization's: %v", left)
	}
	c.must(204, http.MethodDelete, "/clients/"+servertest.Cron, nil)
	if left := c.must(200, http.MethodGet, path+"/clients", nil)["clients"].([]any); len(left) != 0 {
		t.Errorf("an application that is gone is still the organization's: %v", left)
	}
}

func TestOrganizationConnectionThatIsGone(t *testing.T) {
	c := newClient(t)
	connection := c.must(201, http.MethodPost, "/connections", object{"name": "partners", "strategy": "auth0"})["id"].(string)
	org := c.must(201, http.MethodPost, "/organizations", object{"name": "exampleco"})
	path := "/organizations/" + org["id"].(string)
	c.must(201, http.MethodPost, path+"/enabled_connections", object{"connection_id": connection})
	if status, _ := c.do(http.MethodPost, path+"/connections", object{"connection_id": connection}); status != http.StatusConflict {
		t.Errorf("a connection that is added twice: %d", status)
	}
	c.do(http.MethodDelete, "/connections/"+connection, nil)
	if left := c.list(path + "/connections"); len(left) != 0 {
		t.Errorf("a connection that is gone is still the organization's: %v", left)
	}
	c.must(204, http.MethodDelete, path+"/connections/"+connection, nil)
}
