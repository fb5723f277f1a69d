package tenantfile_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config/tenantfile"
)

// texts is a tenant file with texts that look as if they contained markers.
const texts = `
pages:
  - {name: login, enabled: true, html: "<script>atob('@@config@@')</script>"}
actions:
  - name: report
    code: |
      const query = "SELECT @@version@@ FROM ##table##";
      const issue = "see ##1##";
rules: [{name: old, script: "var base = @@EXTENSION_URL@@; // ##x##"}]
emailTemplates: [{template: welcome_email, body: "<p>@@nick@@ ##nick##</p>"}]
databases:
  - name: legacy
    options: {customScripts: {login: "select '@@rows@@'", get_user: "##rows## too"}}
`

func TestAMarkerInsideATextIsNoMarker(t *testing.T) {
	path := filepath.Join(write(t, map[string]string{"tenant.yaml": texts}), "tenant.yaml")
	c, err := tenantfile.LoadConfiguration(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "keywords without a value", c.Unset, []string(nil))
	tenant, err := tenantfile.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "warnings", tenant.Warnings, []string(nil))
	for name, sections := range map[string]tenantfile.Document{"an import": c.Sections, "a seed": decoded(t, tenant)} {
		for _, want := range []struct{ where, text string }{
			{"pages.0.html", "<script>atob('@@config@@')</script>"},
			{"actions.0.code", "const query = \"SELECT @@version@@ FROM ##table##\";\nconst issue = \"see ##1##\";\n"},
			{"rules.0.script", "var base = @@EXTENSION_URL@@; // ##x##"},
			{"emailTemplates.0.body", "<p>@@nick@@ ##nick##</p>"},
			{"databases.0.options.customScripts.login", "select '@@rows@@'"},
			{"databases.0.options.customScripts.get_user", "##rows## too"},
		} {
			diff(t, name+": "+want.where, within(sections, want.where), any(want.text))
		}
	}
	// A marker that has a value is replaced everywhere, together with quotes around it, as in auth0-deploy-cli.
	keywords := map[string]any{"config": "<&>", "table": []any{"a", 1.0, nil, true}, "version": 1e6, "nick": map[string]any{"a": "b"}}
	if _, err = tenantfile.LoadConfiguration(path, keywords); err == nil {
		t.Error("quotes in a quoted text make it no YAML, yet it loads")
	}
	code := strings.Replace(texts, `"<script>atob('@@config@@')</script>"`, `<script>atob('@@config@@')</script>`, 1)
	code = strings.Replace(code, "<p>@@nick@@ ", "<p>", 1)
	path = filepath.Join(write(t, map[string]string{"tenant.yaml": code}), "tenant.yaml")
	if c, err = tenantfile.LoadConfiguration(path, keywords); err != nil {
		t.Fatal(err)
	}
	diff(t, "a page", within(c.Sections, "pages.0.html"), any(`<script>atob("<&>")</script>`))
	diff(t, "code", within(c.Sections, "actions.0.code"), any("const query = \"SELECT 1000000 FROM a,1,,true\";\nconst issue = \"see ##1##\";\n"))
	diff(t, "a body", within(c.Sections, "emailTemplates.0.body"), any("<p>[object Object]</p>"))
}

func TestAValueThatIsAMarkerHasNoValue(t *testing.T) {
	path := filepath.Join(write(t, map[string]string{"tenant.yaml": `
clients:
  - name: "App of ##ENV##"
    callbacks: "@@CALLBACKS@@"
    web_origins: ["##ORIGIN##"]
    description: ##NOTE##
actions: [{name: a, code: "@@CODE@@", secrets: [{name: s, value: "##my-secret##"}]}]
`}), "tenant.yaml")
	c, err := tenantfile.LoadConfiguration(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "keywords without a value", c.Unset, []string{"CALLBACKS", "CODE", "ENV", "NOTE", "ORIGIN", "my-secret"})
	diff(t, "sections", c.Sections, tenantfile.Document{
		"clients": []any{tenantfile.Document{"name": "App of ##ENV##", "web_origins": []any{"##ORIGIN##"}, "description": nil}},
		"actions": []any{tenantfile.Document{"name": "a", "secrets": []any{tenantfile.Document{"name": "s", "value": "##my-secret##"}}}},
	})
	tenant, err := tenantfile.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if said := strings.Join(tenant.Warnings, "\n"); !strings.Contains(said, path+":4:5: ") || !strings.Contains(said, "reads the keyword marker ##NOTE## as a comment") ||
		!strings.Contains(said, "##ORIGIN##") || !strings.Contains(said, "clients[0].callbacks: the keyword marker @@CALLBACKS@@") {
		t.Errorf("the warnings are\n%s", said)
	}
	diff(t, "application", tenant.Clients[0], tenantfile.Document{"name": "App of ##ENV##", "web_origins": []any{"##ORIGIN##"}})
	tenant, err = tenantfile.Load(path, map[string]any{
		"ENV": "dev", "CALLBACKS": []any{"http://localhost/cb"}, "ORIGIN": "http://localhost", "NOTE": "here", "CODE": "exports", "my-secret": "s",
	})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "warnings with values", tenant.Warnings, []string(nil))
	diff(t, "application with values", tenant.Clients[0], tenantfile.Document{
		"name": "App of dev", "web_origins": []any{"http://localhost"}, "callbacks": []any{"http://localhost/cb"}, "description": "here",
	})
}

func TestAnUnquotedMarkerIsExplained(t *testing.T) {
	for file, line := range map[string]string{
		"clients:\n  - name: A\n    callbacks: @@CALLBACKS@@\n": ":3:1: ",
		"clients: [{name: A,\n callbacks: [@@CALLBACKS@@]}]\n":  ":2:1: ",
		"roles:\n  - @@CALLBACKS@@\n":                           ":2:1: ",
	} {
		path := filepath.Join(write(t, map[string]string{"tenant.yaml": file}), "tenant.yaml")
		_, imported := tenantfile.LoadConfiguration(path, nil)
		_, seeded := tenantfile.Load(path, nil)
		for _, err := range []error{imported, seeded} {
			if err == nil || !strings.Contains(err.Error(), path+line) || !strings.Contains(err.Error(), `quote it: "@@CALLBACKS@@"`) {
				t.Errorf("%q: %v", file, err)
			}
		}
	}
}

func TestTagsOfOtherToolsAreRefused(t *testing.T) {
	for file, want := range map[string]string{
		"clients: !include clients.yaml\n":                        ":1:10: clients: has the tag !include",
		"roles:\n  - {name: !env ROLE_NAME, description: d}\n":    ":2:12: roles[0].name: has the tag !env",
		"actions: !!python/tuple [a]\n":                           ":1:10: actions: has the tag !!python/tuple",
		"rules: [{name: a, script: !secret {file: b}}]\n":         ":1:27: rules[0].script: has the tag !secret",
		"clients: [{name: a}]\nclients: [{name: b}]\n":            ":2:1: clients: the key is given twice",
		"clients: [{name: a}]\n---\nclients: [{name: b}]\n":       "has more than one YAML document",
		"organizations: [{name: a, branding: {colors: !x ''}}]\n": "has the tag !x",
		"clients: [{name: a, name: b}]\n":                         "the key is given twice",
	} {
		path := filepath.Join(write(t, map[string]string{"tenant.yaml": file}), "tenant.yaml")
		_, imported := tenantfile.LoadConfiguration(path, nil)
		_, seeded := tenantfile.Load(path, nil)
		for _, err := range []error{imported, seeded} {
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
				t.Errorf("%q: %v", file, err)
			}
		}
	}
}

// TestAValueThatYAMLTakesForAComment: the error about a missing value says that its keyword has none.
func TestAValueThatYAMLTakesForAComment(t *testing.T) {
	_, err := tenantfile.Parse("seed.yaml", []byte(`
resourceServers:
  - name: Orders
    identifier: ##API_AUDIENCE##
clients:
  - name: ##APP_NAME##
    app_type: spa
  - app_type: native
roles:
  - {name: Clerk, permissions: [{permission_name: read, resource_server_identifier: urn:other}]}
`))
	if err == nil {
		t.Fatal("the file is accepted")
	}
	const explained = "; the keyword %[1]s has no value, and YAML reads ##%[1]s## as a comment: give the keyword a value, or put the marker in quotes"
	diff(t, "errors", strings.Split(err.Error(), "\n"), []string{
		`seed.yaml:3:5: resourceServers[0]: the key "identifier" is missing` + fmt.Sprintf(explained, "API_AUDIENCE"),
		`seed.yaml:6:5: clients[0]: the key "name" is missing` + fmt.Sprintf(explained, "APP_NAME"),
		`seed.yaml:8:5: clients[1]: the key "name" is missing`,
		`seed.yaml:10:85: roles[0].permissions[0].resource_server_identifier: there is no API "urn:other" in the file; the APIs are ${issuer}api/v2/, ${issuer}me/, ${issuer}my-org/, urn:auth0-authz-api`,
	})
}
