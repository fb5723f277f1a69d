package config_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/config"
)

// write makes the files of an export and returns their folder.
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
	want := config.Document{
		"clients": []any{config.Document{"name": "App of acme.test", "web_origins": []any{"http://localhost:3000"}}},
		"rules":   []any{config.Document{"name": "old", "script": "// for acme.test"}},
		"prompts": config.Document{"identifier_first": true, "customText": config.Document{"en": config.Document{"login": config.Document{}}}},
		"emailProvider": config.Document{"name": "smtp", "credentials": config.Document{
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
			c, err := config.LoadConfiguration(path, keywords)
			if name != "a folder" { // YAML has no place for a keyword that stands for nothing
				if err == nil || !strings.Contains(err.Error(), "tenant.yaml") {
					t.Fatalf("a keyword without a value at the place of a value: %v", err)
				}
				withAll := map[string]any{"CALLBACKS": nil}
				maps.Copy(withAll, keywords)
				if c, err = config.LoadConfiguration(path, withAll); err == nil {
					delete(c.Sections["clients"].([]any)[0].(config.Document), "callbacks") // null
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
		c, err := config.LoadConfiguration(filepath.Join(dir, name), nil)
		if err != nil || len(c.Users) != want {
			t.Errorf("%s has %d users, want %d (%v)", name, len(c.Users), want, err)
		}
	}
}

func TestConfigurationReadsNoFilesOfOthers(t *testing.T) {
	dir := write(t, map[string]string{"secret.js": "secret", "export/tenant.yaml": "rules: [{name: a, script: ./../secret.js}]"})
	if _, err := config.LoadConfiguration(filepath.Join(dir, "export"), nil); err == nil {
		t.Error("a path leads out of the export")
	}
	dir = write(t, map[string]string{"tenant.yaml": "rules: [{name: a, script: ./none.js}]"})
	if _, err := config.LoadConfiguration(dir, nil); err == nil || !strings.Contains(err.Error(), "./none.js") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestKeywordsComeFromTheFileAndTheEnvironment(t *testing.T) {
	file := filepath.Join(write(t, map[string]string{
		"config.json": `{"AUTH0_DOMAIN": "acme.test", "AUTH0_KEYWORD_REPLACE_MAPPINGS": {"ONE": 1, "TWO": 1, "THREE": 1}}`,
	}), "config.json")
	t.Setenv("AUTH0_KEYWORD_REPLACE_MAPPINGS", `{"TWO": 2, "THREE": 2}`)
	t.Setenv("THREE", "3")
	got, err := config.Keywords(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"ONE": 1.0, "TWO": 2.0, "THREE": "3"} {
		if got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	t.Setenv("AUTH0_KEYWORD_REPLACE_MAPPINGS", "TWO=2")
	if _, err := config.Keywords(file); err == nil || !strings.Contains(err.Error(), "AUTH0_KEYWORD_REPLACE_MAPPINGS") {
		t.Errorf("a variable that is no JSON: %v", err)
	}
}
