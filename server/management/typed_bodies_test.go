package management_test

import (
	"net/http"
	"testing"
)

// TestMembersThatTheServerReadsAreOfTheirType: a member that the server reads is refused if it has another type;
// it never leads to an internal server error.
func TestMembersThatTheServerReadsAreOfTheirType(t *testing.T) {
	c := newClient(t)
	path := "/clients/" + c.must(http.StatusCreated, http.MethodPost, "/clients", object{"name": "Types"})["client_id"].(string)
	credentials := func(credential any) object {
		return object{"client_authentication_methods": object{"private_key_jwt": object{"credentials": []any{credential}}}}
	}
	connection := func(member string, value any) object {
		return object{"name": "types", "strategy": "oidc", "options": object{"client_id": "x"}, member: value}
	}
	const at = " on property client_authentication_methods.private_key_jwt.credentials[0]"
	c.sendAll([]sent{
		{http.MethodPatch, path, credentials(object{"id": []any{1}}), "'Expected type string but found type array'" + at + ".id."},
		{http.MethodPatch, path, credentials("cred_1"), "'Expected type object but found type string'" + at + "."},
		{
			http.MethodPost, "/connections", connection("connected_accounts", object{"active": 1e300}),
			"'Expected type boolean but found type integer' on property connected_accounts.active.",
		},
		{
			http.MethodPost, "/connections", connection("authentication", object{"active": "yes"}),
			"'Expected type boolean but found type string' on property authentication.active.",
		},
		{
			http.MethodPatch, "/tenants/settings",
			object{"flags": object{"use_scope_descriptions_for_consent": -1}},
			"'Expected type boolean but found type integer' on property flags.use_scope_descriptions_for_consent.",
		},
		{http.MethodPatch, "/tenants/settings", object{"flags": object{"enable_sso": nil, "a_flag_that_is_new": true}}, ""},
	})
}

// TestMembersThatAuth0HasAddedAreTaken, with the types that Auth0 documents.
func TestMembersThatAuth0HasAddedAreTaken(t *testing.T) {
	c := newClient(t)
	tokens := object{"scim": object{"tokens": object{"scopes": []string{"get:users"}, "default_expiry": 3600}}}
	rule := func(match object) object {
		return object{"description": "d", "active": false, "rule": object{"action": object{"block": true}, "scope": "tenant", "match": match, "match_all": true}}
	}
	twilio := func(configuration object) object {
		return object{"name": "twilio", "configuration": configuration, "credentials": object{"auth_token": "t"}}
	}
	profile := c.must(201, http.MethodPost, "/self-service-profiles", object{"name": "tickets"})["id"].(string)
	organization := c.must(201, http.MethodPost, "/organizations", object{"name": "acme"})["id"].(string)
	database := c.must(201, http.MethodPost, "/connections", object{"name": "members", "strategy": "auth0"})["id"].(string)
	ticket := func(config object) sent {
		return sent{http.MethodPost, "/self-service-profiles/" + profile + "/sso-ticket", object{"connection_config": config}, ""}
	}
	refused := func(s sent, refusal string) sent { s.refusal = refusal; return s }
	settings := func(body object, refusal string) sent {
		return sent{http.MethodPatch, "/tenants/settings", body, refusal}
	}
	policy := func(policy object) object {
		return object{"security_headers": object{"content_security_policy": object{"enabled": true, "policies": []any{policy}}}}
	}
	c.sendAll([]sent{
		{http.MethodPost, "/connection-profiles", object{
			"name": "Directories", "provisioning": tokens, "strategy_overrides": object{"okta": object{"provisioning": tokens}},
			"cross_app_access_resource_app": object{"status": object{"default_value": "enabled"}},
		}, ""},
		{http.MethodPost, "/connection-profiles", object{"name": "Wrong", "provisioning": object{"scim": object{}}}, "'Missing required property: tokens' on property provisioning.scim."},
		{http.MethodPost, "/connections", object{"name": "vault", "strategy": "oidc", "options": object{"client_id": "x"}, "connected_accounts": object{
			"active": true, "allow_missing_user_id": true,
		}}, ""},
		{http.MethodPost, "/network-acls", rule(object{"asns": []int{1}}), ""},
		{
			http.MethodPost, "/network-acls", rule(object{"http_message_signature": object{"keys": []any{object{}}}}),
			"'Missing required property: id' on property rule.match.http_message_signature.keys[0].",
		},
		settings(object{"sessions": object{"anonymous": object{"lifetime_in_minutes": 5}}}, ""),
		settings(policy(object{"mode": "enforcing", "directives": object{"default-src": []string{"'self'"}}}), ""),
		settings(policy(object{"mode": "novel"}), "'No enum match for: novel' on property security_headers.content_security_policy.policies[0].mode."),
		settings(object{"country_codes": object{"mode": "allow", "novelty": 1}}, "'Additional properties not allowed: novelty' on property country_codes."),
		{http.MethodPost, "/branding/phone/providers", twilio(object{"sid": "AC1", "delivery_methods": []any{1}}), "'Data does not match any schemas from 'oneOf'' on property configuration."},
		{http.MethodPost, "/branding/phone/providers", twilio(object{"sid": "AC1", "default_from": "+15551234567", "delivery_methods": []string{"text", "voice"}}), ""},
		ticket(object{"name": "sso-acme", "options": object{"domain_aliases": []string{"acme.test"}}}),
		refused(ticket(object{"display_name": "Acme"}), "'Missing required property: name' on property connection_config."),
		refused(ticket(object{"name": "a b"}), "'String does not match pattern ^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$: a b' on property connection_config.name."),
		refused(ticket(object{"name": "a", "options": object{"client_secret": "s"}}), "'Additional properties not allowed: client_secret' on property connection_config.options."),
		{
			http.MethodPost, "/self-service-profiles/" + profile + "/sso-ticket",
			object{"third_party_client_access_config": object{"allow_configuration": "yes"}},
			"'Expected type boolean but found type string' on property third_party_client_access_config.allow_configuration.",
		},
		{http.MethodPost, "/clients", object{"name": "fed", "fedcm_login": object{"google": object{"is_enabled": "yes"}}}, "'Expected type boolean but found type string' on property fedcm_login.google.is_enabled."},
		{http.MethodPost, "/clients", object{"name": "b2b", "b2b_integration_configuration": object{"integration_type": "novel"}}, "'No enum match for: novel' on property b2b_integration_configuration.integration_type."},
		{http.MethodPost, "/clients", object{"name": "okta", "express_configuration": object{}}, "'Missing required property: admin_login_domain' on property express_configuration."},
		{http.MethodPost, "/connections", object{"name": "scripts", "strategy": "auth0", "options": object{"customScripts": object{"login": 1}}}, "'Expected type string but found type integer' on property options.customScripts.login."},
		{http.MethodPost, "/clients", object{
			"name": "latest", "oidc_support": object{"is_allowed": true, "allow_all_scopes": false, "allowed_scopes": []string{"profile", "phone"}},
			"enforce_anon_session_transfer_network_binding": "asn", "async_approval_notification_channels": []string{"my-account"},
			"oidc_logout": object{"backchannel_logout_initiators": object{"mode": "custom", "selected_initiators": []string{"profile-changed"}}},
		}, ""},
		{http.MethodPost, "/clients", object{"name": "open", "oidc_support": object{"allow_all_scopes": true}}, "'Missing required property: is_allowed' on property oidc_support."},
		{http.MethodPatch, "/attack-protection/brute-force-protection", object{"form_submission_mode": "manual"}, ""},
		{
			http.MethodPost, "/emails/provider",
			object{"name": "mandrill", "default_from_address": "a@b.test", "credentials": object{"api_key": 1}},
			"'Expected type string but found type integer' on property credentials.api_key.",
		},
		{http.MethodPatch, "/attack-protection/brute-force-protection", object{"form_submission_mode": "novel"}, "'No enum match for: novel' on property form_submission_mode."},
		{http.MethodPost, "/connection-profiles", object{
			"name": "Workspaces", "enabled_features": []string{"directory_sync"}, "provisioning": object{"google_workspace": object{"sync_users": true}},
		}, ""},
		{http.MethodPost, "/connection-profiles", object{"name": "Wrong", "provisioning": object{"google_workspace": object{}}}, "'Missing required property: sync_users' on property provisioning.google_workspace."},
		{http.MethodPost, "/resource-servers", object{"name": "signed", "identifier": "https://signed.example.com", "require_consent_non_repudiation": true}, ""},
		{http.MethodPatch, "/prompts/login-id/screen/login-id/rendering", object{"rendering_mode": "standard", "context_configuration": []string{"country_codes"}}, ""},
		{http.MethodPost, "/organizations/" + organization + "/connections", object{"connection_id": database, "organization_member_access_level": "readonly"}, ""},
		{http.MethodPost, "/users/auth0%7Cnobody/authentication-methods", object{"type": "email", "novelty": 1}, "'Additional properties not allowed: novelty'."},
	})
}

// TestPageTemplatesHaveAPlaceForThePage: Auth0: customize/login-pages/universal-login/customize-templates.
func TestPageTemplatesHaveAPlaceForThePage(t *testing.T) {
	c := newClient(t)
	const path, tags = "/branding/templates/universal-login", "The template must contain a single auth0:head tag and at least one auth0:widget tag."
	refuse := func(body any, message string) {
		t.Helper()
		c.refuses([]refusal{{http.MethodPut, path, body, 400, "invalid_body", message}})
	}
	for _, html := range []string{
		"", "<html></html>", "{%- auth0:head -%}", "{%- auth0:widget -%}", "{%- auth0:head -%}{%- auth0:head -%}{%- auth0:widget -%}", "auth0:head auth0:widget",
	} {
		refuse(object{"template": html}, tags)
	}
	refuse(object{"template": 5}, "Payload validation error: 'Expected type string but found type integer' on property template.")
	refuse(object{}, "Payload validation error: 'Missing required property: template'.")
	refuse(5, "Payload validation error: 'Expected type string but found type number'.")
	c.must(404, http.MethodGet, path, nil)
	c.must(201, http.MethodPut, path, object{"template": "<head>{% auth0:head %}</head>{%- auth0:widget -%}{%- auth0:widget -%}"})
	c.must(204, http.MethodPut, path, "{%-auth0:head-%}{%-auth0:widget-%}")
}
