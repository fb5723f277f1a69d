package tenantfile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tenant0/tenant0/config/tenantfile"
)

func encoded(t *testing.T, tenant *tenantfile.Tenant) string {
	t.Helper()
	data, err := json.Marshal(tenant)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// wrongFiles returns the archives of files that are refused. In each, NAME.yaml is followed by NAME.txt with the problems.
func wrongFiles(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/wrong/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives of wrong files: %v", err)
	}
	return paths
}

func TestAWrongFileIsToldEverythingThatIsWrongWithIt(t *testing.T) {
	for _, path := range wrongFiles(t) {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var got txtar.Archive
		got.Comment = archive.Comment
		for _, file := range archive.Files {
			if strings.HasSuffix(file.Name, ".txt") {
				continue
			}
			tenant, err := tenantfile.Parse(file.Name, file.Data)
			var refused *tenantfile.Error
			switch {
			case err == nil:
				t.Errorf("%s: %s loads, with the warnings %q", path, file.Name, tenant.Warnings)
			case !errors.As(err, &refused):
				t.Errorf("%s: %s: not a Error: %v", path, file.Name, err)
			}
			answer := strings.TrimSuffix(file.Name, filepath.Ext(file.Name)) + ".txt"
			got.Files = append(got.Files, file, txtar.File{Name: answer, Data: fmt.Appendln(nil, err)})
		}
		golden(t, path, string(txtar.Format(&got)))
	}
}

// TestAHostileFileIsRefusedWithAClearSentence has hostile and broken files that are too long or too binary for an archive.
func TestAHostileFileIsRefusedWithAClearSentence(t *testing.T) {
	const aliases = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n" +
		"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
	merges := "clients: [{name: A, client_metadata: &m0 {k: v"
	for i := range 200 {
		merges += fmt.Sprintf(", k%d: v", i)
	}
	merges += "}}"
	for i := range 1000 {
		merges += fmt.Sprintf(", {name: A%d, client_metadata: {<<: *m0}}", i)
	}
	merges += "]\n"
	tests := map[string]struct{ file, want string }{
		"not UTF-8": {
			"clients:\n  - name: Caf\xe9\n", "seed.yaml:2:14: is not UTF-8 text",
		},
		"UTF-16": {
			"\xff\xfec\x00", "seed.yaml:1:1: is not UTF-8 text",
		},
		"a control character": {
			"clients:\n  - name: a\x00b\n", "seed.yaml:2:12: has the control character U+0000 in it",
		},
		"nested deeply in YAML": {
			"users: [{email: a@b, app_metadata: {a: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}}]",
			"seed.yaml:1:137: users[0].app_metadata: is nested deeper than 100 levels",
		},
		"nested deeply in JSON": {
			`{"users": [{"email": "a@b", "app_metadata": {"a": ` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}}]}`,
			"seed.yaml:1:148: users[0].app_metadata: is nested deeper than 100 levels",
		},
		"nested deeper than the parser goes": {
			"users: " + strings.Repeat("[", 20_000), "seed.yaml:1:1: is not YAML: exceeded max depth of 10000",
		},
		"an alias bomb": {
			"users: [{email: a@b, app_metadata: {\n" + strings.ReplaceAll(aliases, "\n", ",\n") + "f: [*e,*e]}}]",
			"aliases repeat more than 100000 values",
		},
		"an alias inside itself": {
			"users: [{email: a@b, app_metadata: {a: &a [*a, *a]}}]", "is nested deeper than 100 levels",
		},
		"a map that merges itself": {
			"clients: [{name: A, client_metadata: &m {<<: *m, a: 1}}]",
			"seed.yaml:1:53: clients[0].client_metadata.a: must be text, not a number; put it in quotes",
		},
		"merged maps without end": {
			merges, "aliases repeat more than 100000 values",
		},
		"more problems than anyone reads": {
			"clients: [" + strings.Repeat("{},", 5000) + "]", "has more problems than the 1000 listed",
		},
		"too large": {
			strings.Repeat("#", 64<<20+1), "seed.yaml:1:1: is larger than 64 MiB",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tenantfile.Parse("seed.yaml", []byte(test.file))
			if err == nil {
				t.Fatal("it loads")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %.1000s\nwant %s", err, test.want)
			}
		})
	}
}

func TestAProblemIsClickable(t *testing.T) {
	_, err := tenantfile.Parse("dir/seed.yaml", []byte("clients:\n  - name: SPA\n    callbaks: []\n"))
	var refused *tenantfile.Error
	if !errors.As(err, &refused) || len(refused.Problems) != 1 {
		t.Fatalf("%v", err)
	}
	diff(t, "problem", refused.Problems[0], tenantfile.Problem{
		File: "dir/seed.yaml", Line: 3, Column: 5, Path: "clients[0].callbaks", Message: `unknown key; did you mean "callbacks"?`,
	})
	diff(t, "text", err.Error(), `dir/seed.yaml:3:5: clients[0].callbaks: unknown key; did you mean "callbacks"?`)
}

func TestWhatTheTenantDoesWithoutIsAWarning(t *testing.T) {
	const id = "Zq3nV8bT1cWk5yR7mXo2LpE9sHd4GuJf"
	const file = `
migrations: [{name: A}]
hooks: []
somethingNew: {a: 1}
clients: [{name: A, callbacks: ["https://##ENV##.example/cb"]}]
databases: [{name: DB, enabled_clients: [` + id + `, A]}]
clientGrants: [{client_id: ` + id + `, audience: urn:auth0-authz-api, scope: []}]
authorizationExtension:
  roles:
    - {name: R, applicationId: ` + id + `, permissions: [11111111-2222-3333-4444-555555555555], users: [auth0|1, auth0|2]}
  groups:
    - {name: G, mappings: [{_id: m1, groupName: H, connectionName: gone}]}
`
	tenant, err := tenantfile.Parse("seed.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "warnings", tenant.Warnings, []string{
		"seed.yaml:2:1: migrations: this section is not emulated yet and was left out",
		"seed.yaml:4:1: somethingNew: this section is not emulated yet and was left out",
		"seed.yaml:5:33: clients[0].callbacks[0]: the keyword marker ##ENV## is not replaced",
		"seed.yaml:6:42: databases[0].enabled_clients[0]: the application with the id " + id + " is not in the file; the reference to it was left out",
		"seed.yaml:7:17: clientGrants[0].client_id: the application with the id " + id + " is not in the file; the reference to it was left out",
		"seed.yaml:8:1: authorizationExtension: 2 of its users are not in the file; their records take effect once users with these ids exist",
		"seed.yaml:10:17: authorizationExtension.roles[0].applicationId: the application with the id " + id + " is not in the file",
		"seed.yaml:10:80: authorizationExtension.roles[0].permissions[0]: there is no permission with the id 11111111-2222-3333-4444-555555555555; the reference does nothing",
		"seed.yaml:12:52: authorizationExtension.groups[0].mappings[0].connectionName: there is no connection \"gone\"; the mapping does nothing",
	})
	diff(t, "grants", tenant.ClientGrants, []tenantfile.Document(nil))
	diff(t, "enabled clients", tenant.Databases[0]["enabled_clients"], any([]any{"A"}))
}

func TestYAMLAndJSONAreTheSameTenant(t *testing.T) {
	const yaml = `
clients:
  - &a {name: A, client_id: a, jwt_configuration: {lifetime_in_seconds: 3_600}}
  - {<<: *a, name: "B \U0001F600", client_id: b}
users:
  - {email: a@b.example, app_metadata: {n: 1.5, big: 1e3, when: 2026-01-02, none: ~, "<<": x, tab: "a\tb", nel: "a\Nb"}}
`
	const json = "{\n\t\"clients\": [\n\t\t{\"name\": \"A\", \"client_id\": \"a\", \"jwt_configuration\": {\"lifetime_in_seconds\": 3600.0}}," +
		"{\"name\":\"B \\ud83d\\ude00\",\"client_id\":\"b\",\"jwt_configuration\":{\"lifetime_in_seconds\":36e2}}\n\t],\r\n" +
		"\"users\": [{\"email\": \"a@b.example\", \"app_metadata\": {\"n\": 15e-1, \"big\": 1000, \"when\": \"2026-01-02\", \"<<\": \"x\"," +
		" \"tab\": \"a\\tb\", \"nel\": \"a\u0085b\", \"none\": null}}]}"
	a, err := tenantfile.Parse("seed.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	b, err := tenantfile.Parse("seed.json", []byte(json))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "tenant", b, a)
	diff(t, "a number", a.Users[0]["app_metadata"].(tenantfile.Document)["n"], any(1.5))
	diff(t, "a whole number", a.Users[0]["app_metadata"].(tenantfile.Document)["big"], any(1000))
	if names := []any{a.Clients[0]["name"], a.Clients[1]["name"]}; !slices.Equal(names, []any{"A", "B 😀"}) {
		t.Errorf("names %q", names)
	}
}

func TestAMisplacedValueInJSONIsFound(t *testing.T) {
	_, err := tenantfile.Parse("seed.json", []byte("{\n  \"clients\": [\n    {\"name\" : \"A\", \"sso\": 1}, {\"name\": \"é\", \"sso\": 2}]}"))
	const want = "seed.json:3:27: clients[0].sso: must be true or false, not a number\n" +
		"seed.json:3:52: clients[1].sso: must be true or false, not a number"
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

func TestAFileWithoutConnectionsHasTheDefaultOne(t *testing.T) {
	tenant, err := tenantfile.Parse("seed.yaml", []byte("clients: [{name: A}, {name: B}]\nusers: [{email: a@b.example, password: x}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "databases", tenant.Databases, []tenantfile.Document{{
		"name": tenantfile.DefaultConnection, "strategy": "auth0", "enabled_clients": []any{"A", "B"},
	}})
	diff(t, "the user's connection", tenant.Users[0]["connection"], any(tenantfile.DefaultConnection))
}

func TestReferencesByIdBecomeReferencesByName(t *testing.T) {
	const file = `
clients: [{name: A, client_id: a1}]
users: [{email: u@x.example}]
databases: [{name: DB, enabled_clients: [a1, A]}]
clientGrants: [{client_id: a1, audience: urn:auth0-authz-api, allow_all_scopes: true}]
authorizationExtension:
  permissions: [{_id: p1, name: read, applicationId: a1}, {name: write, application: A}]
  roles: [{_id: r1, name: R, applicationId: A, permissions: [write, p1], users: [U@x.example]}]
  groups:
    - {name: All, nested: [Some], roles: [R]}
    - {_id: g2, name: Some, members: [u@x.example], mappings: [{groupName: G, connectionName: DB}]}
  scopePolicies: [{application: a1}]
  tokenClaims: [{application: a1, idToken: {tier: user.app_metadata.tier}}]
`
	tenant, err := tenantfile.Parse("seed.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "enabled clients", tenant.Databases[0]["enabled_clients"], any([]any{"A"}))
	diff(t, "grant", tenant.ClientGrants[0]["client_id"], any("A"))
	extension := tenant.AuthorizationExtension
	write, all := extension.Permissions[1].ID, extension.Groups[0].ID
	mapping := extension.Groups[1].Mappings[0].ID
	if len(write) != 36 || len(all) != 36 || len(mapping) != 36 {
		t.Errorf("made ids %q %q %q", write, all, mapping)
	}
	record := func(id, name string) tenantfile.ExtensionRecord {
		return tenantfile.ExtensionRecord{ID: id, Name: name, Description: name, Application: "A", ApplicationType: "client"}
	}
	diff(t, "extension", extension, &tenantfile.Extension{
		Permissions: []tenantfile.ExtensionPermission{{record("p1", "read")}, {record(write, "write")}},
		Roles:       []tenantfile.ExtensionRole{{record("r1", "R"), []string{write, "p1"}, []string{"U@x.example"}}},
		Groups: []tenantfile.ExtensionGroup{
			{ID: all, Name: "All", Description: "All", Nested: []string{"g2"}, Roles: []string{"r1"}},
			{
				ID: "g2", Name: "Some", Description: "Some", Members: []string{"u@x.example"},
				Mappings: []tenantfile.ExtensionMapping{{ID: mapping, GroupName: "G", ConnectionName: "DB"}},
			},
		},
		ScopePolicies: []tenantfile.ScopePolicy{{Application: "A", Mode: "append"}},
		TokenClaims:   []tenantfile.TokenClaims{{Application: "A", IDToken: map[string]tenantfile.ClaimSource{"tier": {Path: "user.app_metadata.tier"}}}},
	})
}

func TestTheSchemaIsShippedAsItIs(t *testing.T) {
	file, err := os.ReadFile("tenant.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "schema", string(tenantfile.Schema()), string(file))
}
