package management_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// found returns the names in the answer to a search.
func (c *client) found(path, key string, query url.Values) []string {
	c.t.Helper()
	answer := c.must(200, http.MethodGet, path+"?"+query.Encode(), nil)
	names := []string{}
	items, _ := answer[key].([]any)
	for _, item := range items {
		names = append(names, item.(object)["name"].(string))
	}
	return names
}

func TestSearchOfOrganizations(t *testing.T) {
	c := newClient(t)
	for _, o := range []object{
		{"name": "acme", "display_name": "Rockets", "metadata": object{"tier": "gold"}},
		{"name": "globex", "display_name": "Acme Rival"},
		{"name": "initech", "display_name": "Initech", "metadata": object{"tier": "silver"}},
	} {
		c.must(201, http.MethodPost, "/organizations", o)
	}
	const path = "/organizations/search"
	for _, test := range []struct{ q, sort, names string }{
		{"", "", "acme globex initech"},
		{"", "display_name", "globex initech acme"},
		{"name:acme", "", "acme"},
		{"name:*tec* OR name:acm*", "name", "acme initech"},
		{`display_name:"Acme Rival"`, "", "globex"},
		{"metadata.tier:gold OR name:initech", "", "acme initech"},
		{"NOT metadata.tier:*", "", "globex"},
	} {
		got := strings.Join(c.found(path, "organizations", url.Values{"q": {test.q}, "sort": {test.sort}}), " ")
		if got != test.names {
			t.Errorf("%q by %q finds %q, want %q", test.q, test.sort, got, test.names)
		}
	}
	for _, query := range []string{"q=branding:x", "q=name:(", "sort=metadata", "parser=scim&q=name+eq+%22acme%22", "take=101"} {
		if answer := c.must(400, http.MethodGet, path+"?"+query, nil); answer["errorCode"] != "invalid_query_string" {
			t.Errorf("%s gets %v", query, answer)
		}
	}

	first := c.must(200, http.MethodGet, path+"?take=2&sort=name", nil)
	next, _ := first["next"].(string)
	second := c.must(200, http.MethodGet, path+"?take=2&sort=name&from="+url.QueryEscape(next), nil)
	last, _ := second["organizations"].([]any)
	if next == "" || second["next"] != nil || len(last) != 1 || last[0].(object)["name"] != "initech" {
		t.Errorf("the pages are %v and %v", first, second)
	}
}

func TestSearchOfAPIs(t *testing.T) {
	c := newClient(t)
	got := c.found("/resource-servers/search", "resource_servers", url.Values{"q": {`identifier:"https://api.exampleco.com/timesheets"`}})
	if !slices.Equal(got, []string{"Timesheets API"}) {
		t.Errorf("the search by identifier finds %v", got)
	}
}
