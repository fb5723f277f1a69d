package tenantfile_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config/tenantfile"
)

// decoded returns a tenant as the sections of its file.
func decoded(t *testing.T, tenant *tenantfile.Tenant) (sections tenantfile.Document) {
	t.Helper()
	if err := json.Unmarshal([]byte(encoded(t, tenant)), &sections); err != nil {
		t.Fatal(err)
	}
	return sections
}

// within returns the value at a path whose steps are separated by dots.
func within(value any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case tenantfile.Document:
			value = v[step]
		case []any:
			if i, err := strconv.Atoi(step); err == nil && i < len(v) {
				value = v[i]
			}
		}
	}
	return value
}

// bothWays reads a tenant file for an import and as a seed, and returns both errors.
func bothWays(t *testing.T, file string) []error {
	t.Helper()
	path := filepath.Join(write(t, map[string]string{"tenant.yaml": file}), "tenant.yaml")
	_, imported := tenantfile.LoadConfiguration(path, nil)
	_, seeded := tenantfile.Load(path, nil)
	return []error{imported, seeded}
}

func TestTwoObjectsOfOneNameAreRefused(t *testing.T) {
	const clients, orders = "clients: [{name: A, client_id: a1}]\n", "resourceServers: [{name: O, identifier: urn:o, scopes: [{value: r}, {value: w}]}]\n"
	for section, test := range map[string]struct{ before, file, name string }{
		"databases":               {"", "databases: [{name: twice}, {name: twice, options: {}}]", `"twice"`},
		"connections":             {"databases: [{name: twice}]\n", "connections: [{name: twice, strategy: oidc}]", `"twice"`},
		"resourceServers":         {"", "resourceServers: [{name: O, identifier: urn:o}, {name: P, identifier: urn:o}]", `"urn:o"`},
		"clientGrants":            {clients + orders, "clientGrants: [{client_id: A, audience: urn:o, scope: [r]}, {client_id: a1, audience: urn:o, scope: [w], subject_type: client}]", `"A", "urn:o", "client"`},
		"emailTemplates":          {"", "emailTemplates: [{template: welcome_email}, {template: welcome_email, body: x}]", `"welcome_email"`},
		"rulesConfigs":            {"", "rulesConfigs: [{key: K, value: a}, {key: K, value: b}]", `"K"`},
		"themes":                  {"", "themes: [{displayName: T}, {displayName: T}]", `"T"`},
		"customDomains":           {"", "customDomains: [{domain: login.example.com}, {domain: login.example.com}]", `"login.example.com"`},
		"networkACLs":             {"", "networkACLs: [{description: block}, {description: block}]", `"block"`},
		"rateLimitPolicies":       {"", "rateLimitPolicies: [{consumer_selector: x}, {consumer_selector: x}]", `"x"`},
		"phoneTemplates":          {"", "phoneTemplates: [{type: otp_verify}, {type: otp_verify}]", `"otp_verify"`},
		"guardianFactorProviders": {"", "guardianFactorProviders: [{name: sms, provider: twilio}, {name: sms, provider: twilio}]", `"sms", "twilio"`},
		"users":                   {"", "users: [{email: a@b.example}, {email: A@b.example}]", `"A@b.example"`},

		"resourceServers[0].scopes":          {"", "resourceServers: [{name: O, identifier: urn:o, scopes: [{value: r}, {value: r, description: d}]}]", `"r"`},
		"roles[0].permissions":               {orders, "roles: [{name: R, permissions: [&p {resource_server_identifier: urn:o, permission_name: r}, *p]}]", `"urn:o", "r"`},
		"organizations[0].connections":       {"databases: [{name: D}]\n", "organizations: [{name: o, connections: [{name: D}, {name: D, assign_membership_on_login: true}]}]", `"D"`},
		"actions[0].secrets":                 {"", "actions: [{name: a, secrets: [{name: s, value: a}, {name: s, value: b}]}]", `"s"`},
		"branding.templates":                 {"", "branding: {templates: [{template: universal_login, body: a}, {template: universal_login, body: b}]}", `"universal_login"`},
		"prompts.screenRenderers":            {"", "prompts: {screenRenderers: [{prompt: p, screen: s}, {prompt: p, screen: s}]}", `"p", "s"`},
		"organizations[0].discovery_domains": {"", "organizations: [{name: o, discovery_domains: [{domain: a.example}, {domain: a.example}]}]", `"a.example"`},
	} {
		for _, err := range bothWays(t, test.before+test.file) {
			if err == nil || !strings.Contains(err.Error(), section+"[") || !strings.Contains(err.Error(), test.name) || !strings.Contains(err.Error(), "is given twice, first on line ") {
				t.Errorf("%s: %v", section, err)
			}
		}
	}
	// The objects of all other sections are identified by name.
	for _, section := range []string{
		"clients", "roles", "rules", "hooks", "actions", "actionModules", "organizations", "pages", "logStreams", "selfServiceProfiles",
		"tokenExchangeProfiles", "eventStreams", "flowVaultConnections", "flows", "forms", "userAttributeProfiles", "connectionProfiles",
		"phoneProviders", "guardianFactors", "guardianFactorTemplates",
	} {
		diff(t, section, tenantfile.Identity(section), []string{"name"})
		for _, err := range bothWays(t, section+":\n  - {name: one}\n  - {name: twice}\n  - {name: twice}\n") {
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf(`tenant.yaml:4:12: %s[2].name: "twice" is given twice, first on line 3`, section)) {
				t.Errorf("%s: %v", section, err)
			}
		}
	}
}

func TestObjectsOfOneNameAreApartWhereTheyMayBe(t *testing.T) {
	for _, file := range []string{
		"clients: [{name: A}]\nclientGrants: [{client_id: A, audience: urn:auth0-authz-api, scope: []}, {client_id: A, audience: urn:auth0-authz-api, scope: [], subject_type: user}]",
		"guardianFactorProviders: [{name: sms, provider: twilio}, {name: sms, provider: phone-message-hook}]",
		"resourceServers: [{name: O, identifier: urn:o, scopes: [{value: r}]}, {name: O, identifier: urn:p, scopes: [{value: r}]}]",
		"databases: [{name: A}, {name: B}]\nusers: [{email: a@b.example, connection: A}, {email: a@b.example, connection: B}]",
		"rules: [{name: a}]\nhooks: [{name: a}]",
	} {
		for _, err := range bothWays(t, file) {
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}
