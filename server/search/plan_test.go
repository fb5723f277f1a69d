package search_test

import (
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/tenant0/tenant0/server/search"
)

// index is a fake index of a store: keys by field and value.
type index map[string][]string

func (ix index) lookup(field, value string) (iter.Seq[string], bool) {
	keys, ok := ix[field+"="+value]
	_, known := ix[field]
	return slices.Values(keys), ok || known
}

func TestPlansAskTheIndexesThatNarrow(t *testing.T) {
	many := make([]string, 20_000)
	for i := range many {
		many[i] = fmt.Sprintf("auth0|%05d", i)
	}
	ix := index{
		"email": nil, "identities.connection": nil, "user_id": nil, "organization_id": nil,
		"email=jane@example.com": {"auth0|2", "auth0|1"}, "email=john@example.com": {"auth0|3"},
		"user_id=auth0|4":             {"auth0|4"},
		"identities.connection=Users": many,
		"organization_id=org_1":       many, "organization_id=org_2": {"auth0|1"},
	}
	for _, c := range []struct {
		schema *search.Schema
		q      string
		keys   []string // nil where every document has to be tried
	}{
		{search.Users, `email:"Jane@Example.com"`, []string{"auth0|1", "auth0|2"}},
		{search.Users, `email:nobody`, []string{}},
		{search.Users, `user_id:auth0|4`, []string{"auth0|4"}},
		{search.Users, `email:(jane@example.com OR john@example.com)`, []string{"auth0|1", "auth0|2", "auth0|3"}},
		{search.Users, `email:jane@example.com AND user_id:"auth0|4" AND blocked:true`, []string{"auth0|4"}},
		{search.Users, `identities.connection:Users AND email:jane@example.com`, []string{"auth0|1", "auth0|2"}},
		{search.Users, `identities.connection:Users`, nil},
		{search.Users, `organization_id:org_1`, nil},
		{search.Users, `organization_id:org_2`, []string{"auth0|1"}},
		{search.Users, `email:jane@example.com OR name:jane`, nil},
		{search.Users, `NOT email:jane@example.com`, nil},
		{search.Users, `email:jane*`, nil},
		{search.Users, `jane`, nil},
		{search.Users, ``, nil},
		{search.UsersV2, ``, []string{}},
		{search.UsersV2, `email:jane@example.com`, nil},
		{search.UsersV2, `email.raw:jane@example.com`, []string{"auth0|1", "auth0|2"}},
	} {
		q, err := search.Parse(c.q, c.schema)
		if err != nil {
			t.Errorf("%s: %v", c.q, err)
			continue
		}
		p := q.Plan(ix.lookup)
		if p.Narrowed != (c.keys != nil) || !slices.Equal(p.Keys, c.keys) {
			t.Errorf("%s narrows: %v to %d keys, which should be %q", c.q, p.Narrowed, len(p.Keys), c.keys)
		}
	}
}

func TestMembersOfAnOrganizationAreFoundByTheIndexAlone(t *testing.T) {
	q, err := search.Parse(`organization_id:org_1 AND NOT organization_id:org_2 AND name:j*`, search.Users)
	if err != nil {
		t.Fatal(err)
	}
	p := q.Plan(index{"organization_id": nil, "organization_id=org_1": {"a", "b", "c"}, "organization_id=org_2": {"b"}}.lookup)
	for key, want := range map[string]bool{"a": true, "b": false, "d": false} {
		if got := p.Match(key, []byte(`{"name":"jane"}`)); got != want {
			t.Errorf("%s matches: %v", key, got)
		}
	}
	if p.Match("c", []byte(`{"name":"mary"}`)) {
		t.Error("c matches without the name")
	}
}
