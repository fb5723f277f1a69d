package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/server/servertest"
)

// enabledAt returns the names of the applications for which the database connection is enabled.
func enabledAt(t *testing.T, s *servertest.Server) (names []string) {
	t.Helper()
	get := func(path string) any {
		status, answer := s.Manage(s.Client(), http.MethodGet, path, nil)
		if status != http.StatusOK {
			t.Fatalf("%s: %d %v", path, status, answer)
		}
		return answer
	}
	called := map[any]string{}
	for _, item := range get("clients?per_page=100&fields=client_id,name").([]any) {
		client, _ := item.(map[string]any)
		called[client["client_id"]], _ = client["name"].(string)
	}
	for _, item := range get("connections?name=Username-Password-Authentication").([]any) {
		c, _ := item.(map[string]any)
		ids, _ := c["enabled_clients"].([]any)
		for _, id := range ids {
			names = append(names, called[id])
		}
	}
	return names
}

// TestImportOfApplicationsTurnsConnectionsOn for the new applications, as the Management API does,
// unless the tenant's flag or a later section says otherwise.
func TestImportOfApplicationsTurnsConnectionsOn(t *testing.T) {
	const database = "Username-Password-Authentication"
	clients := func(names ...string) string {
		var all []string
		for _, name := range names {
			all = append(all, fmt.Sprintf(`{"name":%q}`, name))
		}
		return `"clients":[` + strings.Join(all, ",") + `]`
	}
	s := servertest.Start(t)
	before := enabledAt(t, s)
	for _, step := range []struct {
		name, body string
		want       []string // besides those before
	}{
		{"three at once", clients("A", "B", "C"), []string{"A", "B", "C"}},
		{"one of them again, and a new one", clients("B", "D"), []string{"A", "B", "C", "D"}},
		{"a dry run", `},"dry_run":true,"sections":{` + clients("E"), []string{"A", "B", "C", "D"}},
		{"the flag is off", `"tenant":{"flags":{"enable_client_connections":false}},` + clients("F"), []string{"A", "B", "C", "D"}},
		{"the flag is on again", `"tenant":{"flags":{"enable_client_connections":true}},` + clients("G"), []string{"A", "B", "C", "D", "G"}},
	} {
		done(t, s, `{"sections":{`+step.body+`}}`)
		if got, want := enabledAt(t, s), slices.Concat(before, step.want); !slices.Equal(got, want) {
			t.Errorf("%s: the database is enabled for %q, want %q", step.name, got, want)
		}
	}
	done(t, s, `{"sections":{`+clients("H", "I")+`,"databases":[{"name":"`+database+`","strategy":"auth0","enabled_clients":["A","H"]}]}}`)
	if got := enabledAt(t, s); !slices.Equal(got, []string{"A", "H"}) {
		t.Errorf("with a section that names two the database is enabled for %q", got)
	}
}

// TestImportThatFailsTurnsNothingOn for the applications that it would have created.
func TestImportThatFailsTurnsNothingOn(t *testing.T) {
	s := servertest.Start(t)
	before := enabledAt(t, s)
	status, report := bring(t, s, `{"sections":{"clients":[{"name":"A"},{"name":"B","grant_types":["no such grant"]}]}}`)
	if status == http.StatusOK {
		t.Fatalf("the import did %v", report.Changes)
	}
	if got := enabledAt(t, s); !slices.Equal(got, before) {
		t.Errorf("the database is enabled for %q, and was for %q", got, before)
	}
}

// TestUsersOfAnImportedExtension: records may name users by e-mail address, in any case, or by id, and also
// users of the same import. An address of two users, or of none, is reported.
func TestUsersOfAnImportedExtension(t *testing.T) {
	s := servertest.Start(t)
	for _, email := range []string{"twin@example.test", "twin@example.test"} {
		connection := "Username-Password-Authentication"
		if status, answer := s.Manage(s.Client(), http.MethodPost, "users", map[string]any{
			"email": email, "password": "Long-Enough-2026!", "connection": connection,
		}); status != http.StatusCreated && status != http.StatusConflict {
			t.Fatalf("%d %v", status, answer)
		}
	}
	if status, answer := s.Manage(s.Client(), http.MethodPost, "connections", map[string]any{"name": "Other", "strategy": "auth0"}); status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	status, answer := s.Manage(s.Client(), http.MethodPost, "users", map[string]any{
		"email": "twin@example.test", "password": "Long-Enough-2026!", "connection": "Other",
	})
	twin, _ := answer.(map[string]any)
	if status != http.StatusCreated {
		t.Fatalf("%d %v", status, answer)
	}
	id, _ := twin["user_id"].(string)
	role := func(users ...string) string {
		var quoted []string
		for _, u := range users {
			quoted = append(quoted, fmt.Sprintf("%q", u))
		}
		return `"authorizationExtension":{"roles":[{"name":"Loader","application":"Timesheets Mobile","permissions":[],"users":[` + strings.Join(quoted, ",") + `]}]}`
	}
	for _, tt := range []struct {
		name, sections string
		wrong          string // "" where it is kept
	}{
		{"an address", role(servertest.Employee), ""},
		{"an address in capitals", role(strings.ToUpper(servertest.Employee)), ""},
		{"an id", role(id), ""},
		{"an id that nobody has", role("auth0|000000000000000000000000"), ""},
		{"nobody", role(), ""},
		{"a user of the same import", `"users":[{"email":"new@example.test","password":"Long-Enough-2026!"}],` + role("new@example.test"), ""},
		{"an address of two", role(servertest.Employee, "Twin@example.test"), `2 users have the e-mail address "Twin@example.test"`},
		{"an address of nobody", role("emploee@exampleco.com"), servertest.Employee},
	} {
		status, report := bring(t, s, `{"sections":{`+tt.sections+`}}`)
		switch {
		case tt.wrong == "" && status != http.StatusOK:
			t.Errorf("%s: %d %s", tt.name, status, report.Message)
		case tt.wrong != "" && (status != http.StatusUnprocessableEntity || !strings.Contains(report.Message, tt.wrong)):
			t.Errorf("%s: %d %s, want %q in it", tt.name, status, report.Message, tt.wrong)
		}
	}
}
