package management_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

func TestGroups(t *testing.T) {
	c := newClient(t)
	org := c.must(201, http.MethodPost, "/organizations", object{"name": "exampleco"})["id"].(string)
	role := c.must(200, http.MethodPost, "/roles", object{"name": "Auditor"})["id"].(string)
	user := c.list("/users-by-email?email=" + servertest.Employee)[0]["user_id"].(string)
	c.must(204, http.MethodPost, "/organizations/"+org+"/members", object{"members": []string{user}})
	user = url.PathEscape(user)

	for _, path := range []string{
		"/groups?take=50", "/organizations/" + org + "/groups", "/organizations/" + org + "/roles/" + role + "/groups?take=50",
		"/organizations/" + org + "/members/" + user + "/effective-roles/sources/groups?role_id=" + role,
		"/roles/" + role + "/groups", "/users/" + user + "/groups?take=10", "/users/" + user + "/effective-roles/sources/groups?role_id=" + role,
	} {
		if groups, ok := c.must(200, http.MethodGet, path, nil)["groups"].([]any); !ok || len(groups) != 0 {
			t.Errorf("GET %s lists %v", path, groups)
		}
	}
	if all := c.list("/groups"); len(all) != 0 {
		t.Errorf("the groups are %v", all)
	}
	c.must(204, http.MethodPost, "/users/"+user+"/roles", object{"roles": []string{role}})
	effective := c.must(200, http.MethodGet, "/users/"+user+"/effective-roles", nil)["roles"].([]any)
	if last := effective[len(effective)-1].(object); last["id"] != role || last["sources"].([]any)[0] != "direct" {
		t.Errorf("the user's effective roles are %v", effective)
	}
	const group = "/groups/grp_12345678912345"
	for _, request := range []struct{ method, path, message string }{
		{http.MethodGet, group, "The group does not exist."},
		{http.MethodDelete, group, "The group does not exist."},
		{http.MethodPost, group + "/roles", "The group does not exist."},
		{http.MethodPost, "/organizations/" + org + group + "/roles", "The group does not exist."},
		{http.MethodPost, "/roles/" + role + "/groups", "The group does not exist."},
		{http.MethodGet, "/organizations/org_none/groups", "No organization found by that id or name"},
		{http.MethodGet, "/organizations/" + org + "/roles/rol_none/groups", "The role does not exist."},
		{http.MethodGet, "/roles/rol_none/groups", "The role does not exist."},
		{http.MethodGet, "/users/none/groups", "The user does not exist."},
	} {
		answer := c.must(404, request.method, request.path, nil)
		if answer["message"] != request.message {
			t.Errorf("%s %s: %v, want %s", request.method, request.path, answer, request.message)
		}
	}
}
