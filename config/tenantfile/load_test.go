package tenantfile_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tenant0/tenant0/config/tenantfile"
)

// write creates files, by name, in a new folder and returns the folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestConfigurationOfEitherFormIsTheSame(t *testing.T) {
	keywords := map[string]any{"DOMAIN": "acme.test", "ORIGINS": []any{"http://localhost:3000"}}
	want := tenantfile.Document{
		"clients": []any{tenantfile.Document{"name": "App of acme.test", "web_origins": []any{"http://localhost:3000"}}},
		"rules":   []any{tenantfile.Document{"name": "old", "script": "// for acme.test"}},
		"prompts": tenantfile.Document{"identifier_first": true, "customText": tenantfile.Document{"en": tenantfile.Document{"login": tenantfile.Document{}}}},
		"emailProvider": tenantfile.Document{"name": "smtp", "credentials": tenantfile.Document{
			"smtp_pass": "##SMTP_PASS##",
		}},
	}
	yaml := write(t, map[string]string{
		"tenant.yaml": `
clients: [{name: 'App of ##DOMAIN##', web_origins: @@ORIGINS@@, callbacks: @@CALLBACKS@@}]
rules: [{name: old, script: ./rules/old.js}]
prompts: {identifier_first: true, customText: {en: {login: {}}}}
emailProvider: {name: smtp, credentials: {smtp_pass: '##SMTP_PASS##'}}`,
		"rules/old.js": "// for ##DOMAIN##",
	})
	folder := write(t, map[string]string{
		"clients/App.json":         `{"name": "App of ##DOMAIN##", "web_origins": "@@ORIGINS@@", "callbacks": "@@CALLBACKS@@"}`,
		"rules/old.json":           `{"name": "old", "script": "./old.js"}`,
		"rules/old.js":             "// for ##DOMAIN##",
		"prompts/prompts.json":     `{"identifier_first": true}`,
		"prompts/custom-text.json": `{"en": {"login": {}}}`,
		"emails/provider.json":     `{"name": "smtp", "credentials": {"smtp_pass": "##SMTP_PASS##"}}`,
		"package.json":             `{"name": "not of the tenant"}`,
	})
	for name, path := range map[string]string{"a folder with tenant.yaml": yaml, "the YAML file": filepath.Join(yaml, "tenant.yaml"), "a folder": folder} {
		t.Run(name, func(t *testing.T) {
			c, err := tenantfile.LoadConfiguration(path, keywords)
			if name != "a folder" { // YAML has no place for a keyword that stands for nothing
				if err == nil || !strings.Contains(err.Error(), "tenant.yaml") {
					t.Fatalf("a keyword without a value at the place of a value: %v", err)
				}
				withAll := map[string]any{"CALLBACKS": nil}
				maps.Copy(withAll, keywords)
				if c, err = tenantfile.LoadConfiguration(path, withAll); err == nil {
					delete(c.Sections["clients"].([]any)[0].(tenantfile.Document), "callbacks") // null
					c.Unset = append([]string{"CALLBACKS"}, c.Unset...)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, c.Sections); diff != "" {
				t.Errorf("sections (- want, + got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"CALLBACKS", "SMTP_PASS"}, c.Unset); diff != "" {
				t.Errorf("keywords without a value (- want, + got):\n%s", diff)
			}
		})
	}
}

func TestConfigurationOfUsers(t *testing.T) {
	dir := write(t, map[string]string{
		"list.json":   `[{"email":"a@b.test"},{"email":"c@b.test"}]`,
		"lines.json":  "{\"email\":\"a@b.test\"}\n\n{\"email\":\"c@b.test\"}\n",
		"one.json":    `{"email":"a@b.test"}`,
		"tenant.json": `{"clients":[]}`,
	})
	for name, want := range map[string]int{"list.json": 2, "lines.json": 2, "one.json": 1, "tenant.json": 0} {
		c, err := tenantfile.LoadConfiguration(filepath.Join(dir, name), nil)
		if err != nil || len(c.Users) != want {
			t.Errorf("%s has %d users, want %d (%v)", name, len(c.Users), want, err)
		}
	}
}

func TestConfigurationReadsNoFilesOfOthers(t *testing.T) {
	dir := write(t, map[string]string{"secret.js": "secret", "export/tenant.yaml": "rules: [{name: a, script: ./../secret.js}]"})
	if _, err := tenantfile.LoadConfiguration(filepath.Join(dir, "export"), nil); err == nil {
		t.Error("a path leads out of the export")
	}
	dir = write(t, map[string]string{"tenant.yaml": "rules: [{name: a, script: ./none.js}]"})
	if _, err := tenantfile.LoadConfiguration(dir, nil); err == nil || !strings.Contains(err.Error(), "./none.js") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestAFolderIsASeed(t *testing.T) {
	files := map[string]string{
		"tenant.json":                          `{"friendly_name": "Folder", "session_cookie": {"mode": "persistent"}}`,
		"clients/App.json":                     `{"name": "App of ##ENV##", "callbacks": "@@CALLBACKS@@", "custom_login_page": "./App.html"}`,
		"clients/App.html":                     "<p>##ENV##</p>",
		"resource-servers/Orders.json":         `{"name": "Orders", "identifier": "urn:orders", "scopes": [{"value": "read"}]}`,
		"grants/App.json":                      `{"client_id": "App of ##ENV##", "audience": "urn:orders", "scope": ["read"]}`,
		"database-connections/D/database.json": `{"name": "D", "strategy": "auth0", "enabled_clients": ["App of dev"], "options": {"customScripts": {"login": "./login.js"}}}`,
		"database-connections/D/login.js":      "// login",
		"prompts/prompts.json":                 `{"identifier_first": true}`,
		"prompts/custom-text.json":             `{"en": {"login": {}}}`,
		"actions/report.json":                  `{"name": "report", "code": "./report/code.js"}`,
		"actions/report/code.js":               "// code",
		"roles/Clerk.json":                     `{"name": "Clerk", "permissions": [{"resource_server_identifier": "urn:orders", "permission_name": "read"}]}`,
		"package.json":                         `{"name": "not of the tenant"}`,
	}
	keywords := map[string]any{"ENV": "dev", "CALLBACKS": []any{"http://localhost/cb"}}
	dir := write(t, files)
	tenant, err := tenantfile.Load(dir, keywords)
	if err != nil {
		t.Fatal(err)
	}
	sections := decoded(t, tenant)
	for where, want := range map[string]any{
		"tenant.friendly_name": "Folder", "clients.0.name": "App of dev", "clients.0.callbacks.0": "http://localhost/cb",
		"clients.0.custom_login_page": "<p>dev</p>", "clientGrants.0.client_id": "App of dev", "databases.0.options.customScripts.login": "// login",
		"prompts.identifier_first": true, "actions.0.code": "// code", "roles.0.permissions.0.permission_name": "read",
	} {
		if got := within(sections, where); got != want {
			t.Errorf("%s is %v, want %v", where, got, want)
		}
	}
	// Problems are reported with the file in which they are.
	files["roles/Other.json"] = "{\n  \"name\": \"Clerk\"}"
	files["grants/Wrong.json"] = `{"client_id": "Ap", "audience": "urn:orders", "scope": ["read"]}`
	files["actions/broken.json"] = "{\n  \"name\": ]}"
	dir = write(t, files)
	_, seeded := tenantfile.Load(dir, keywords)
	_, imported := tenantfile.LoadConfiguration(dir, keywords)
	for _, err := range []error{seeded, imported} {
		if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "actions", "broken.json")+":2:") {
			t.Errorf("a file that cannot be read: %v", err)
		}
	}
	delete(files, "actions/broken.json")
	dir = write(t, files)
	_, seeded = tenantfile.Load(dir, keywords)
	_, imported = tenantfile.LoadConfiguration(dir, keywords)
	twice := filepath.Join(dir, "roles", "Other.json") + `:2:11: roles[1].name: "Clerk" is given twice, first on line ` + filepath.Join(dir, "roles", "Clerk.json") + ":1"
	for _, err := range []error{seeded, imported} {
		if err == nil || !strings.Contains(err.Error(), twice) {
			t.Errorf("a name that is given twice: %v\nwant %s", err, twice)
		}
	}
	if !strings.Contains(seeded.Error(), filepath.Join(dir, "grants", "Wrong.json")+":1:15: clientGrants[1].client_id: there is no application") {
		t.Errorf("a reference to nothing: %v", seeded)
	}
	dir = write(t, map[string]string{"tenant.yml": "clients: [{name: A}]", "README.md": ""})
	if tenant, err = tenantfile.Load(dir, nil); err != nil || len(tenant.Clients) != 1 {
		t.Errorf("a folder with tenant.yml: %v", err)
	}
	dir = write(t, map[string]string{"package.json": "{}"})
	_, seeded = tenantfile.Load(dir, nil)
	_, imported = tenantfile.LoadConfiguration(dir, nil)
	for _, err := range []error{seeded, imported} {
		if err == nil || !strings.Contains(err.Error(), "neither a tenant.yaml nor") {
			t.Errorf("a folder of something else: %v", err)
		}
	}
}

func TestCSVIsRefusedByName(t *testing.T) {
	for _, name := range []string{"users.csv", "Users.CSV"} {
		if _, err := tenantfile.LoadConfiguration(name, nil); err == nil || !strings.Contains(err.Error(), "CSV is not supported") || !strings.Contains(err.Error(), "JSON lines") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEntriesOfOneFileNameAreAllWritten: an application's grants for itself and for its users, and names that
// become the same file name, get separate files.
func TestEntriesOfOneFileNameAreAllWritten(t *testing.T) {
	sections := tenantfile.Document{
		"clientGrants": []any{
			tenantfile.Document{"client_id": "Shop", "audience": "https://orders.example", "subject_type": "client", "scope": []any{"a"}},
			tenantfile.Document{"client_id": "Shop", "audience": "https://orders.example", "subject_type": "user", "scope": []any{"b"}},
		},
		"roles": []any{tenantfile.Document{"name": "a/b"}, tenantfile.Document{"name": "a:b"}, tenantfile.Document{"name": "a-b"}},
		"rules": []any{tenantfile.Document{"name": "x/y", "script": "one"}, tenantfile.Document{"name": "x:y", "script": "two"}},
	}
	want, err := json.Marshal(sections)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if _, err := tenantfile.WriteConfiguration(folder, sections, false); err != nil {
		t.Fatal(err)
	}
	read, err := tenantfile.LoadConfiguration(folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	var before tenantfile.Document
	if err := json.Unmarshal(want, &before); err != nil {
		t.Fatal(err)
	}
	byText := cmpopts.SortSlices(func(a, b any) bool { return fmt.Sprint(a) < fmt.Sprint(b) })
	if diff := cmp.Diff(before, read.Sections, byText); diff != "" {
		t.Errorf("what is read again (- want, + got):\n%s", diff)
	}
}
