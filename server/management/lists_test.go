package management_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/servertest"
)

// many returns a list of n items.
func many(n int, item func(i int) any) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = item(i)
	}
	return list
}

// TestListsHaveEnds: lists have the limits that Auth0 documents, Auth0: troubleshoot/customer-support/
// operational-policies/entity-limit-policy, and at least one item if an empty list makes no sense.
func TestListsHaveEnds(t *testing.T) {
	c := newClient(t)
	user := c.must(http.StatusCreated, http.MethodPost, "/users", object{"connection": "Username-Password-Authentication", "email": "lists@example.com", "password": "Lists!2026"})["user_id"].(string)
	org := "/organizations/" + c.must(http.StatusCreated, http.MethodPost, "/organizations", object{"name": "lists"})["id"].(string)
	role := "/roles/" + c.must(http.StatusOK, http.MethodPost, "/roles", object{"name": "lists"})["id"].(string)
	user = "/users/" + strings.ReplaceAll(user, "|", "%7C")
	c.must(http.StatusNoContent, http.MethodPost, org+"/members", object{"members": []string{strings.ReplaceAll(strings.TrimPrefix(user, "/users/"), "%7C", "|")}})
	member := org + "/members/" + strings.TrimPrefix(user, "/users/")
	name := func(i int) any { return fmt.Sprintf("item%d", i) }
	permission := func(i int) any {
		return object{"resource_server_identifier": servertest.API, "permission_name": fmt.Sprintf("item%d", i)}
	}
	acl := func(list []any) object {
		return object{"description": "d", "active": true, "rule": object{"action": object{"block": true}, "scope": "tenant", "match": object{"geo_country_codes": list}}}
	}
	for _, tt := range []struct {
		method, path string
		least, most  int // 0 for none
		body         func(list []any) any
		item         func(i int) any
	}{
		{http.MethodPost, user + "/roles", 1, 50, func(l []any) any { return object{"roles": l} }, name},
		{http.MethodDelete, user + "/roles", 1, 50, func(l []any) any { return object{"roles": l} }, name},
		{http.MethodPost, member + "/roles", 1, 50, func(l []any) any { return object{"roles": l} }, name},
		{http.MethodDelete, member + "/roles", 1, 50, func(l []any) any { return object{"roles": l} }, name},
		{http.MethodPost, user + "/permissions", 1, 1000, func(l []any) any { return object{"permissions": l} }, permission},
		{http.MethodDelete, user + "/permissions", 1, 1000, func(l []any) any { return object{"permissions": l} }, permission},
		{http.MethodPost, role + "/permissions", 1, 1000, func(l []any) any { return object{"permissions": l} }, permission},
		{http.MethodDelete, role + "/permissions", 1, 1000, func(l []any) any { return object{"permissions": l} }, permission},
		{http.MethodPost, role + "/users", 1, 0, func(l []any) any { return object{"users": l} }, name},
		{http.MethodPost, org + "/members", 1, 10, func(l []any) any { return object{"members": l} }, name},
		{http.MethodPost, org + "/invitations", 1, 50, func(l []any) any {
			return object{"client_id": servertest.Web, "inviter": object{"name": "i"}, "invitee": object{"email": "a@b.test"}, "roles": l}
		}, name},
		{http.MethodPost, "/organizations", 0, 10, func(l []any) any { return object{"name": "connected", "enabled_connections": l} }, func(i int) any { return object{"connection_id": name(i)} }},
		{http.MethodPost, "/resource-servers", 0, 1000, func(l []any) any { return object{"identifier": "urn:lists", "scopes": l} }, func(i int) any { return object{"value": name(i)} }},
		{http.MethodPost, "/actions/actions", 1, 0, func(l []any) any { return object{"name": "lists", "supported_triggers": l} }, func(int) any { return object{"id": "post-login"} }},
		{http.MethodPost, "/network-acls", 1, 0, func(l []any) any { return acl(l) }, name},
		{http.MethodPatch, "/tenants/settings", 1, 0, func(l []any) any { return object{"enabled_locales": l} }, func(int) any { return "en" }},
		{http.MethodPatch, "/prompts/rendering", 1, 0, func(l []any) any { return object{"configs": l} }, func(int) any { return object{"prompt": "login", "screen": "login"} }},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			refused := func(n int, sentence string) {
				t.Helper()
				status, answer := c.do(tt.method, tt.path, tt.body(many(n, tt.item)))
				message, _ := answer.(map[string]any)["message"].(string)
				if status != http.StatusBadRequest || !strings.Contains(message, sentence) {
					t.Errorf("%d items: %d %v, want %q", n, status, answer, sentence)
				}
			}
			if tt.least > 0 {
				refused(0, "Array is too short (0), minimum 1")
			}
			if tt.most > 0 {
				refused(tt.most+1, fmt.Sprintf("Array is too long (%d), maximum %d", tt.most+1, tt.most))
			}
			_, answer := c.do(tt.method, tt.path, tt.body(many(max(tt.most, 1), tt.item)))
			if said := fmt.Sprint(answer); strings.Contains(said, "Array is too") {
				t.Errorf("as many items as there may be: %s", said)
			}
		})
	}
}

// TestListsOfPermissionsAndRoles are changed as sets: an entry that is added again moves to the end and stays
// in the list once.
func TestListsOfPermissionsAndRoles(t *testing.T) {
	c := newClient(t)
	const most = 1000
	api := c.must(http.StatusCreated, http.MethodPost, "/resource-servers", object{"identifier": "urn:many", "name": "Many", "scopes": many(most, func(i int) any {
		return object{"value": fmt.Sprintf("scope%d", i), "description": fmt.Sprintf("Scope %d", i)}
	})})
	role := c.must(http.StatusOK, http.MethodPost, "/roles", object{"name": "many"})["id"].(string)
	permissions := func(names ...int) any {
		return object{"permissions": many(len(names), func(i int) any {
			return object{"resource_server_identifier": api["identifier"], "permission_name": fmt.Sprintf("scope%d", names[i])}
		})}
	}
	held := func(path string) (names []string) {
		t.Helper()
		_, answer := c.do(http.MethodGet, path, nil)
		for _, item := range answer.([]any) {
			p := item.(map[string]any)
			names = append(names, p["permission_name"].(string))
			if want := "Scope " + strings.TrimPrefix(p["permission_name"].(string), "scope"); p["description"] != want || p["resource_server_name"] != "Many" {
				t.Errorf("a permission is shown as %v", p)
			}
		}
		return names
	}
	all := make([]int, most)
	for i := range all {
		all[i] = i
	}
	c.must(http.StatusCreated, http.MethodPost, "/roles/"+role+"/permissions", permissions(all...))
	c.must(http.StatusNoContent, http.MethodDelete, "/roles/"+role+"/permissions", permissions(all[5:]...))
	c.must(http.StatusCreated, http.MethodPost, "/roles/"+role+"/permissions", permissions(1, 7, 7, 3))
	if diff := cmp.Diff([]string{"scope0", "scope2", "scope4", "scope1", "scope7", "scope3"}, held("/roles/"+role+"/permissions")); diff != "" {
		t.Errorf("permissions of the role (- want, + got):\n%s", diff)
	}
	_, list := c.do(http.MethodGet, "/users-by-email?email="+servertest.Employee, nil)
	user := "/users/" + strings.ReplaceAll(list.([]any)[0].(map[string]any)["user_id"].(string), "|", "%7C")
	c.must(http.StatusCreated, http.MethodPost, user+"/permissions", permissions(9, 0))
	c.must(http.StatusNoContent, http.MethodPost, user+"/roles", object{"roles": []string{role, role}})
	_, answer := c.do(http.MethodGet, user+"/permissions", nil)
	sources := map[string]int{}
	for _, item := range answer.([]any) {
		p := item.(map[string]any)
		if p["resource_server_identifier"] == "urn:many" {
			sources[p["permission_name"].(string)] = len(p["sources"].([]any))
		}
	}
	want := map[string]int{"scope9": 1, "scope0": 2, "scope1": 1, "scope2": 1, "scope3": 1, "scope4": 1, "scope7": 1}
	if diff := cmp.Diff(want, sources); diff != "" {
		t.Errorf("sources of what the user holds (- want, + got):\n%s", diff)
	}
	_, answer = c.do(http.MethodGet, user+"/roles", nil)
	if n := len(slices.DeleteFunc(answer.([]any), func(r any) bool { return r.(map[string]any)["id"] != role })); n != 1 {
		t.Errorf("a role that is given twice is there %d times", n)
	}
}

// TestListsRefuseParametersOfOthers if Auth0 is known to refuse them: otherwise a caller would wait in vain
// for totals.
func TestListsRefuseParametersOfOthers(t *testing.T) {
	c := newClient(t)
	for query, says := range map[string]string{
		"/actions/actions?include_totals=true&per_page=5":  "include_totals",
		"/actions/actions?include_totals=false":            "include_totals",
		"/token-exchange-profiles?include_totals=true":     "include_totals",
		"/token-exchange-profiles?take=5&page=0":           "page",
		"/token-exchange-profiles?take=5&per_page=5":       "per_page",
		"/actions/actions?page=0&per_page=5&actionName=a":  "",
		"/token-exchange-profiles?take=5":                  "",
		"/clients?include_totals=true&page=0&per_page=5":   "",
		"/roles?include_totals=true&take=5":                "",
		"/users?include_totals=true&page=0&per_page=5&q=*": "",
	} {
		status, answer := c.do(http.MethodGet, query, nil)
		body, _ := answer.(object)
		want, message := http.StatusOK, body["message"]
		if says != "" {
			want = http.StatusBadRequest
		}
		if status != want || says != "" && message != "Query validation error: 'Additional properties not allowed: "+says+"'." {
			t.Errorf("%s: %d %v, want %d", query, status, message, want)
		}
	}
}
