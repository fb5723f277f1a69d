package search_test

import (
	"slices"
	"testing"

	"github.com/tenant0/tenant0/server/search"
)

func TestDocumentsAreSorted(t *testing.T) {
	for _, c := range []struct {
		sort     string
		in, want []string
	}{
		{"name:1", []string{`{"name":"b"}`, `{}`, `{"name":"C"}`, `{"name":"A"}`}, []string{`{"name":"A"}`, `{"name":"b"}`, `{"name":"C"}`, `{}`}},
		{"name:-1", []string{`{"name":"b"}`, `{"name":null}`, `{"name":"C"}`}, []string{`{"name":"C"}`, `{"name":"b"}`, `{"name":null}`}},
		{"logins_count:1", []string{`{"logins_count":10}`, `{"logins_count":9}`, `{"logins_count":-1}`}, []string{`{"logins_count":-1}`, `{"logins_count":9}`, `{"logins_count":10}`}},
		{"created_at:-1", []string{`{"created_at":"2018-01-01T00:00:00.000Z"}`, `{"created_at":"2018-01-01T01:30:00.000+01:00"}`}, []string{`{"created_at":"2018-01-01T01:30:00.000+01:00"}`, `{"created_at":"2018-01-01T00:00:00.000Z"}`}},
		{"username:1", []string{`{"username":"a"}`, `{"username":"B"}`}, []string{`{"username":"B"}`, `{"username":"a"}`}},
		{"identities.connection:1", []string{`{"identities":[{"connection":"b"},{"connection":"a"}]}`, `{"identities":[{"connection":"aa"}]}`}, []string{`{"identities":[{"connection":"aa"}]}`, `{"identities":[{"connection":"b"},{"connection":"a"}]}`}},
		{"email.domain:1", []string{`{"email":"a@z.org"}`, `{"email":"z@A.org"}`}, []string{`{"email":"z@A.org"}`, `{"email":"a@z.org"}`}},
		{"blocked:1", []string{`{"blocked":true}`, `{"blocked":false}`}, []string{`{"blocked":false}`, `{"blocked":true}`}},
	} {
		order, err := search.ParseOrder(c.sort, search.Users)
		if err != nil {
			t.Errorf("%s: %v", c.sort, err)
			continue
		}
		got := slices.Clone(c.in)
		slices.SortStableFunc(got, func(a, b string) int { return order.Compare(order.Key([]byte(a)), order.Key([]byte(b))) })
		if !slices.Equal(got, c.want) {
			t.Errorf("%s sorts %q", c.sort, got)
		}
	}
}

func TestOrdersThatAuth0DoesNotHaveAreRefused(t *testing.T) {
	const pattern = "Must be field:order, where order is 1 for ascending and -1 for descending."
	for _, c := range []struct {
		schema       *search.Schema
		sort, reason string
	}{
		{search.Users, "", pattern},
		{search.Users, "name", pattern},
		{search.Users, "name:2", pattern},
		{search.Users, ":1", pattern},
		{search.Users, "name:asc", pattern},
		{search.Users, "user_metadata.color:1", "Sorting by app_metadata or user_metadata is not supported."},
		{search.Users, "app_metadata:1", "Sorting by app_metadata or user_metadata is not supported."},
		{search.Users, "organization_id:1", `field "organization_id" cannot be sorted by.`},
		{search.Logs, "user_email:1", `unknown field "user_email".`},
	} {
		_, err := search.ParseOrder(c.sort, c.schema)
		want := "Query validation error: 'String '" + c.sort + "' does not match pattern. " + c.reason + "' on property sort."
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, not %s", c.sort, err, want)
		}
	}
}
