package tenantfile_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tenant0/tenant0/config/tenantfile"
)

// object has a text for every member that an export writes to a separate file. No file can have such a name as name may be.
func object(name string) map[string]any {
	return map[string]any{
		"name": name, "template": name, "type": name, "code": "code of " + name, "script": "script of " + name, "html": "html of " + name,
		"custom_login_page": "page of " + name, "options": map[string]any{
			"email": map[string]any{"body": "e-mail of " + name}, "customScripts": map[string]any{"login": "login of " + name, "get_user": "user of " + name},
		},
	}
}

func everySection() tenantfile.Document {
	all := tenantfile.Document{
		"clientGrants": []any{map[string]any{"client_id": "a", "audience": "b"}, map[string]any{"client_id": "a", "audience": "c"}},
		"networkACLs":  []any{map[string]any{"description": "a"}},
		"branding":     map[string]any{"colors": "x", "templates": []any{object("u/1"), object("u?2")}},
		"prompts": map[string]any{
			"identifier_first": true, "customText": map[string]any{"en": "x"},
			"partials":        map[string]any{"login": map[string]any{"login": map[string]any{"form-content-start": "<b>", "form-content-end": "</b>"}}},
			"screenRenderers": []any{map[string]any{"prompt": "login", "screen": "login"}},
		},
		"attackProtection": map[string]any{"botDetection": map[string]any{"a": 1}, "captcha": map[string]any{"a": 1}, "bruteForceProtection": map[string]any{}},
	}
	for section := range strings.FieldsSeq(`actions actionModules clients databases connectionProfiles customDomains emailTemplates eventStreams
		flows flowVaultConnections forms guardianFactorProviders guardianFactorTemplates guardianFactors hooks logStreams organizations pages
		phoneProviders phoneTemplates rateLimitPolicies resourceServers roles rules rulesConfigs selfServiceProfiles themes tokenExchangeProfiles
		triggers userAttributeProfiles`) {
		all[section] = []any{object(section + "a/b"), object(section + "a?b"), object(section + "c")}
	}
	all["connections"] = []any{object("x"), object("y")}
	for section := range strings.FieldsSeq(`tenant emailProvider guardianPolicies guardianPhoneFactorMessageTypes guardianPhoneFactorSelectedProvider
		riskAssessment supplementalSignals`) {
		all[section] = map[string]any{"of": section}
	}
	return all
}

func byName(a, b any) bool { return fmt.Sprint(a) < fmt.Sprint(b) }

func TestEverySectionIsReadAsItWasWritten(t *testing.T) {
	plain := func(sections tenantfile.Document) (out any) {
		raw, err := json.Marshal(sections)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, asYAML := range []bool{true, false} {
		folder := t.TempDir()
		if _, err := tenantfile.WriteConfiguration(folder, everySection(), asYAML); err != nil {
			t.Fatal(err)
		}
		read, err := tenantfile.LoadConfiguration(folder, nil)
		if err != nil {
			t.Fatal(err)
		}
		// A folder has no other order than that of its files.
		if d := cmp.Diff(plain(everySection()), plain(read.Sections), cmpopts.SortSlices(byName)); d != "" {
			t.Errorf("sections, as YAML: %t (-want +got):\n%s", asYAML, d)
		}
	}
}
