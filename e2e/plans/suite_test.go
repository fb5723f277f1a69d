package plans_test

import (
	"slices"
	"strings"
	"testing"
)

// basic are the modules of the plans Basic and Form Post Basic. The plans Implicit and Hybrid have those of them
// that their response types allow, and the two modules about nonces.
const basic = `
oidcc-server oidcc-response-type-missing oidcc-userinfo-get oidcc-userinfo-post-header oidcc-userinfo-post-body
oidcc-ensure-request-without-nonce-succeeds-for-code-flow
oidcc-scope-profile oidcc-scope-email oidcc-scope-address oidcc-scope-phone oidcc-scope-all oidcc-alternate-happy-flow
oidcc-display-page oidcc-display-popup oidcc-prompt-login oidcc-prompt-none-not-logged-in oidcc-prompt-none-logged-in
oidcc-max-age-1 oidcc-max-age-10000 oidcc-ensure-request-with-unknown-parameter-succeeds oidcc-id-token-hint oidcc-login-hint
oidcc-ui-locales oidcc-claims-locales oidcc-ensure-request-with-acr-values-succeeds oidcc-codereuse oidcc-codereuse-30seconds
oidcc-ensure-registered-redirect-uri oidcc-ensure-post-request-succeeds oidcc-server-client-secret-post
oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported
oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported
oidcc-claims-essential oidcc-ensure-request-object-with-redirect-uri oidcc-refresh-token oidcc-ensure-request-with-valid-pkce-succeeds`

// plans lists the modules of the suite's plans, and the test that goes through each plan.
var plans = []struct{ plan, in, modules string }{
	{"oidcc-config-certification-test-plan", "TestConfigPlan", "oidcc-discovery-endpoint-verification"},
	{"oidcc-basic-certification-test-plan", "TestLoginPlans", basic},
	{"oidcc-formpost-basic-certification-test-plan", "TestLoginPlans", basic},
	{"oidcc-implicit-certification-test-plan", "TestLoginPlans", basic + " oidcc-ensure-request-without-nonce-fails"},
	{"oidcc-formpost-implicit-certification-test-plan", "TestLoginPlans", basic + " oidcc-ensure-request-without-nonce-fails"},
	{"oidcc-hybrid-certification-test-plan", "TestLoginPlans", basic + " oidcc-ensure-request-without-nonce-fails oidcc-ensure-request-without-nonce-succeeds"},
	{"oidcc-formpost-hybrid-certification-test-plan", "TestLoginPlans", basic + " oidcc-ensure-request-without-nonce-fails oidcc-ensure-request-without-nonce-succeeds"},
	{"oidcc-dynamic-certification-test-plan", "TestDynamicPlan", `
oidcc-server oidcc-idtoken-rs256 oidcc-idtoken-signature oidcc-idtoken-unsigned oidcc-userinfo-rs256
oidcc-redirect-uri-query-OK oidcc-redirect-uri-query-mismatch oidcc-redirect-uri-query-added oidcc-redirect-uri-regfrag
oidcc-ensure-redirect-uri-in-authorization-request oidcc-registration-logo-uri oidcc-registration-policy-uri
oidcc-registration-tos-uri oidcc-registration-jwks-uri oidcc-registration-sector-uri oidcc-registration-sector-bad
oidcc-server-rotate-keys oidcc-refresh-token oidcc-refresh-token-rp-key-rotation
oidcc-request-uri-unsigned oidcc-request-uri-signed-rs256
oidcc-ensure-request-object-with-redirect-uri oidcc-ensure-client-assertion-with-iss-aud-succeeds`},
	{"oidcc-rp-initiated-logout-certification-test-plan", "TestLogoutPlan", `
oidcc-rp-initiated-logout-discovery-endpoint-verification
oidcc-rp-initiated-logout oidcc-rp-initiated-logout-no-state oidcc-rp-initiated-logout-bad-post-logout-redirect-uri
oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri oidcc-rp-initiated-logout-modified-id-token-hint
oidcc-rp-initiated-logout-bad-id-token-hint oidcc-rp-initiated-logout-no-id-token-hint oidcc-rp-initiated-logout-no-params
oidcc-rp-initiated-logout-no-post-logout-redirect-uri oidcc-rp-initiated-logout-only-state`},
	{"oidcc-backchannel-rp-initiated-logout-certification-test-plan", "TestBackchannelPlan", `
oidcc-backchannel-logout-discovery-endpoint-verification oidcc-backchannel-rp-initiated-logout`},
	{"oidcc-test-plan with private_key_jwt", "TestLoginPlans", basic + " oidcc-ensure-redirect-uri-in-authorization-request oidcc-redirect-uri-query-added"},
	{"oidcc-test-plan with private_key_jwt", "TestPrivateKeyPlan", "oidcc-server oidcc-ensure-client-assertion-with-iss-aud-succeeds"},
}

// elsewhere gives, for modules that are not in a table, where they are tested.
var elsewhere = map[string]string{
	"oidcc-discovery-endpoint-verification":                     "TestConfigPlan is this module",
	"oidcc-rp-initiated-logout-discovery-endpoint-verification": "TestConfigPlan asks for what it wants besides",
	"oidcc-backchannel-logout-discovery-endpoint-verification":  "TestConfigPlan asks for what it wants besides",
	"oidcc-backchannel-rp-initiated-logout":                     "TestBackchannelPlan is this module",
}

// TestEveryModuleIsThere compares the suite's lists with the tables that the tests go through.
func TestEveryModuleIsThere(t *testing.T) {
	rows := map[string][]string{"TestPrivateKeyPlan": {"oidcc-server", "oidcc-ensure-client-assertion-with-iss-aud-succeeds"}}
	for _, m := range modules {
		rows["TestLoginPlans"] = append(rows["TestLoginPlans"], m.name)
	}
	for _, m := range dynamics {
		rows["TestDynamicPlan"] = append(rows["TestDynamicPlan"], m.name)
	}
	for _, m := range leavings {
		rows["TestLogoutPlan"] = append(rows["TestLogoutPlan"], m.name)
	}
	for _, p := range plans {
		for name := range strings.FieldsSeq(p.modules) {
			if elsewhere[name] == "" && !slices.Contains(rows[p.in], name) {
				t.Errorf("%s: %s does not go through %s", p.plan, p.in, name)
			}
		}
	}
}
