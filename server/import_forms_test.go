package server_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config/tenantfile"
	"github.com/tenant0/tenant0/server/servertest"
)

// TestSectionsOfAnotherFormAreRefused: a section that is not a list of objects, or not an object where one is expected,
// cannot be imported and must not count as success. The import says so, and so does the check of a tenant file.
func TestSectionsOfAnotherFormAreRefused(t *testing.T) {
	s := servertest.Start(t)
	refused := func(sections map[string]any, says string) {
		t.Helper()
		raw, err := json.Marshal(map[string]any{"sections": sections})
		if err != nil {
			t.Fatal(err)
		}
		if status, report := bring(t, s, string(raw)); status != http.StatusUnprocessableEntity || !strings.Contains(report.Message, says) {
			t.Errorf("%s: %d %q, want %q", raw, status, report.Message, says)
		}
		path := filepath.Join(t.TempDir(), "tenant.json")
		if raw, err = json.Marshal(sections); err == nil {
			err = os.WriteFile(path, raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tenantfile.Load(path, nil); err == nil && !strings.Contains(says, ": it must be a list") {
			t.Errorf("%s is taken as a seed", raw)
		}
	}
	lists := []string{
		"pages", "rulesConfigs", "emailTemplates", "guardianFactors", "guardianFactorTemplates", "guardianFactorProviders",
		"phoneProviders", "phoneTemplates", "tokenExchangeProfiles",
	}
	for section := range listed {
		lists = append(lists, section)
	}
	for _, section := range lists {
		for _, value := range []any{map[string]any{"a": 1}, "text", 5} {
			refused(map[string]any{section: value}, section+": it must be a list")
		}
		for _, entry := range []any{"text", nil, []any{}, 5} {
			refused(map[string]any{section: []any{entry}}, section+": entry 1 must be an object")
		}
	}
	for _, section := range []string{
		"triggers", "emailProvider", "branding", "prompts", "attackProtection", "guardianPolicies", "riskAssessment", "supplementalSignals",
		"guardianPhoneFactorSelectedProvider", "guardianPhoneFactorMessageTypes", "tenant", "authorizationExtension",
	} {
		for _, value := range []any{[]any{map[string]any{"a": 1}}, "text", 5} {
			refused(map[string]any{section: value}, section+": it must be an object")
		}
	}
	for _, tt := range []struct {
		section string
		object  map[string]any
		says    string
	}{
		{"roles", map[string]any{"name": "r", "permissions": map[string]any{"a": 1}}, "permissions: it must be a list"},
		{"roles", map[string]any{"name": "r", "permissions": []any{"read:it"}}, "permissions: entry 1 must be an object"},
		{"databases", map[string]any{"name": "d", "enabled_clients": "App"}, "enabled_clients: it must be a list"},
		{"organizations", map[string]any{"name": "o", "connections": "d"}, "connections: it must be a list"},
		{"organizations", map[string]any{"name": "o", "discovery_domains": map[string]any{}}, "discovery_domains: it must be a list"},
	} {
		refused(map[string]any{tt.section: []any{tt.object}}, tt.says)
	}
	refused(map[string]any{"triggers": map[string]any{"post-login": map[string]any{}}}, "post-login: it must be a list")
	refused(map[string]any{"branding": map[string]any{"templates": "x"}}, "templates: it must be a list")
	refused(map[string]any{"prompts": map[string]any{"screenRenderers": map[string]any{}}}, "screenRenderers: it must be a list")
	if status, report := bring(t, s, `{"sections":{"organizations":null,"roles":[]}}`); status != http.StatusOK {
		t.Errorf("sections without anything: %d %s", status, report.Message)
	}
}
