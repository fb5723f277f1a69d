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

func TestSearchOfApplications(t *testing.T) {
	c := newClient(t)
	for _, app := range []object{
		{"name": "Acme Web", "app_type": "regular_web", "client_metadata": object{"team": "blue"}, "addons": object{"samlp": object{}}},
		{"name": "Acme Phone", "app_type": "native", "client_metadata": object{"team": "red"}},
		{"name": "Guest", "app_type": "spa", "is_first_party": false},
	} {
		c.must(201, http.MethodPost, "/clients", app)
	}
	for q, want := range map[string]string{
		"name:Acme*":                           "Acme Web, Acme Phone",
		"name:Acme* AND app_type:native":       "Acme Phone",
		"metadata.team:blue":                   "Acme Web",
		"is_first_party:false":                 "Guest",
		"name:Acme* AND is_first_party:true":   "Acme Web, Acme Phone",
		"name:Acme* AND NOT metadata.team:red": "Acme Web",
	} {
		if got := strings.Join(c.found("/clients/search", "clients", url.Values{"q": {q}}), ", "); got != want {
			t.Errorf("%q finds %q, want %q", q, got, want)
		}
	}
	if got := strings.Join(c.found("/clients/search", "clients", url.Values{"q": {"name:Acme*"}, "sort": {"name"}}), ", "); got != "Acme Phone, Acme Web" {
		t.Errorf("sorted by name: %s", got)
	}
	answer := c.must(200, http.MethodGet, "/clients/search?q=name:%22Acme+Web%22", nil)
	for _, hidden := range []string{"client_secret", "encryption_key", "signing_keys", "owners", "addons"} {
		if value, shown := answer["clients"].([]any)[0].(object)[hidden]; shown {
			t.Errorf("the search shows %s: %v", hidden, value)
		}
	}
	for _, query := range []string{"q=client_metadata.team:blue", "q=metadata.:x", "q=client_secret:x", "q=name:(", "sort=app_type", "parser=scim&q=name+eq+%22x%22"} {
		if refusal := c.must(400, http.MethodGet, "/clients/search?"+query, nil); refusal["errorCode"] != "invalid_query_string" {
			t.Errorf("%s gets %v", query, refusal)
		}
	}
}

func TestSearchOfClientGrants(t *testing.T) {
	c := newClient(t)
	app := c.must(201, http.MethodPost, "/clients", object{"name": "Machine", "app_type": "non_interactive"})["client_id"].(string)
	c.must(201, http.MethodPost, "/resource-servers", object{"name": "Orders", "identifier": "https://orders.example.com/"})
	grant := c.must(201, http.MethodPost, "/client-grants", object{"client_id": app, "audience": "https://orders.example.com/", "scope": []string{}})
	for _, test := range []struct {
		q     string
		found bool
	}{
		{"client_id:" + app, true},
		{`audience:"https://orders.example.com/"`, true},
		{"audience:https*orders*", true},
		{"client_id:" + app + " AND allow_any_organization:true", false},
		{"client_id:nobody", false},
	} {
		answer := c.must(200, http.MethodGet, "/client-grants/search?q="+url.QueryEscape(test.q), nil)
		found := slices.ContainsFunc(answer["client_grants"].([]any), func(g any) bool { return g.(object)["id"] == grant["id"] })
		if found != test.found {
			t.Errorf("%q finds it: %v, want %v; %v", test.q, found, test.found, answer)
		}
	}
}
