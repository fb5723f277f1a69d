package management_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// list reads a list, which must succeed.
func (c *client) list(path string) []object {
	c.t.Helper()
	status, answer := c.do(http.MethodGet, path, nil)
	items, ok := answer.([]any)
	if status != http.StatusOK || !ok {
		c.t.Fatalf("GET %s: %d %v", path, status, answer)
	}
	var list []object
	for _, item := range items {
		list = append(list, item.(object))
	}
	return list
}

func TestLogs(t *testing.T) {
	c := newClient(t)
	c.tenant.Login(c.tenant.Client(), servertest.Login{})
	role := c.must(200, http.MethodPost, "/roles", object{"name": "Night shift"})

	byDate := c.list("/logs?sort=" + url.QueryEscape("date:1"))
	newest := c.list("/logs")
	if len(byDate) < 3 || len(newest) != len(byDate) || newest[0]["log_id"] != byDate[len(byDate)-1]["log_id"] {
		t.Fatalf("the log has %d events by date and %d without an order", len(byDate), len(newest))
	}
	operations := c.list("/logs?q=type:sapi")
	if len(operations) != 1 || operations[0]["description"] != "Create a role" || operations[0]["client_id"] != servertest.Management {
		t.Errorf("the operations in the log are %v, want the creation of role %v", operations, role["id"])
	}
	logins := c.list("/logs?q=type:s")
	if len(logins) != 1 {
		t.Fatalf("the log has %d logins, want 1", len(logins))
	}
	user, _ := logins[0]["user_id"].(string)
	for _, event := range c.list("/users/" + url.PathEscape(user) + "/logs") {
		if event["user_id"] != user {
			t.Errorf("an event of %v is among those of %s", event["user_id"], user)
		}
	}
	id, _ := logins[0]["log_id"].(string)
	if one := c.must(200, http.MethodGet, "/logs/"+id, nil); one["type"] != "s" {
		t.Errorf("the event of the login is %v", one)
	}

	first := c.list("/logs?take=1")
	if len(first) != 1 || first[0]["log_id"] != byDate[0]["log_id"] {
		t.Fatalf("the first event is %v, want %v", first, byDate[0])
	}
	rest := c.list("/logs?take=100&from=" + first[0]["log_id"].(string))
	if len(rest) != len(byDate)-1 {
		t.Errorf("%d events follow the first of %d", len(rest), len(byDate))
	}

	page := c.must(200, http.MethodGet, "/logs?include_totals=true&per_page=2&page=1&fields=type", nil)
	if page["start"] != 2.0 || page["limit"] != 2.0 || page["total"] != float64(len(byDate)) {
		t.Errorf("the second page is %v", page)
	}

	for path, want := range map[string]int{
		"/logs/90020200101000000000": http.StatusNotFound, "/logs?take=101": http.StatusBadRequest,
		"/logs?q=type:(": http.StatusBadRequest, "/logs?sort=date": http.StatusBadRequest,
	} {
		if status, answer := c.do(http.MethodGet, path, nil); status != want {
			t.Errorf("GET %s: %d %v, want %d", path, status, answer, want)
		}
	}
}

func TestUserSearch(t *testing.T) {
	c := newClient(t)
	ids := map[string]string{}
	for _, name := range []string{"Clara", "Anna", "Bert"} {
		user := c.must(201, http.MethodPost, "/users", object{
			"connection": "Username-Password-Authentication", "email": name + "@search.example", "password": "Correct horse battery 1",
			"name": name, "app_metadata": object{"plan": map[bool]string{true: "gold", false: "free"}[name == "Anna"]},
		})
		ids[name] = user["user_id"].(string)
	}
	organization := c.must(201, http.MethodPost, "/organizations", object{"name": "searched"})["id"].(string)
	c.must(204, http.MethodPost, "/organizations/"+organization+"/members", object{"members": []any{ids["Anna"], ids["Bert"]}})
	names := func(query string) (got []string) {
		for _, user := range c.list("/users?search_engine=v3&" + query) {
			got = append(got, user["name"].(string))
		}
		return got
	}
	for query, want := range map[string]string{
		"q=" + url.QueryEscape(`email.domain:"search.example"`) + "&sort=name:1":  "Anna Bert Clara",
		"q=" + url.QueryEscape(`email.domain:"search.example"`) + "&sort=name:-1": "Clara Bert Anna",
		"q=app_metadata.plan:gold": "Anna",
		"q=" + url.QueryEscape(`name:(Bert OR Clara) AND NOT app_metadata.plan:gold`) + "&sort=name:1": "Bert Clara",
		"q=" + url.QueryEscape(`email:"nobody@search.example"`):                                        "",
		"q=" + url.QueryEscape(`email:"BERT@search.example"`):                                          "Bert",
		"q=name:anna": "Anna",
		"q=" + url.QueryEscape(`nickname:(clara OR anna OR bert) AND NOT name:Bert`):          "Clara Anna",
		"q=user_id:" + url.QueryEscape(`"`+ids["Bert"]+`"`):                                   "Bert",
		"q=identities.user_id:" + strings.TrimPrefix(ids["Clara"], "auth0|"):                  "Clara",
		"q=organization_id:" + organization + "&sort=name:1":                                  "Anna Bert",
		"q=" + url.QueryEscape("NOT organization_id:"+organization+" AND name:(Anna OR Cl*)"): "Clara",
		"q=organization_id:org_0000000000000000":                                              "",
	} {
		if got := strings.Join(names(query), " "); got != want {
			t.Errorf("%s finds %q, want %q", query, got, want)
		}
	}
	c.must(200, http.MethodPatch, "/users/"+url.PathEscape(ids["Bert"]), object{"name": "Bertram"})
	if bert, bertram := names("q=name:bert"), names("q=name:bertram"); len(bert) != 0 || len(bertram) != 1 {
		t.Errorf("after the change of a name, the old one finds %q and the new one %q", bert, bertram)
	}
	for _, query := range []string{"q=name:(", "sort=name:2", "page=20&per_page=100", "q=organization_id:org*"} {
		if status, answer := c.do(http.MethodGet, "/users?"+query, nil); status != http.StatusBadRequest {
			t.Errorf("%s gets %d %v, want 400", query, status, answer)
		}
	}
}
