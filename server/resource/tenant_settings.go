package resource

import (
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// Limits of session lifetimes, Auth0: manage-users/sessions/session-lifetime-limits:
// at most 365 days, and 100 days idle. The minimum is that of Auth0's Terraform
// provider.
const (
	maxAbsoluteHours = 365 * 24
	maxIdleHours     = 100 * 24
	leastHours       = 0.01
)

// hours describes a lifetime in hours.
func hours(most, otherwise int) Field {
	return Field{Type: Number, Default: otherwise, Least: leastHours, Max: most}
}

// minutes describes a lifetime in minutes, which only requests contain.
func minutes(mostHours int) Field { return Field{Type: Integer, Min: 1, Max: mostHours * 60} }

// locales are the languages that a tenant may enable, Auth0:
// customize/internationalization-and-localization/universal-login-internationalization.
var locales = strings.Fields("am ar ar-EG ar-SA az bg bn bs ca-ES cnr cs cy da de el en en-CA es es-419 es-AR es-MX et eu-ES fa fi fr " +
	"fr-CA fr-FR gl-ES gu he hi hr hu hy id is it ja ka kk kn ko lt lv mk ml mn mr ms my nb nl nn no pa pl pt pt-BR pt-PT ro ru sk sl so sq " +
	"sr sv sw ta te th tl tr uk ur vi zgh zh-CN zh-HK zh-MO zh-TW")

// securityHeaders are HTTP headers for pages. They are stored and have no effect.
var securityHeaders = Field{Type: Object, Nullable: true, Fields: Fields{
	"content_security_policy": {Type: Object, Nullable: true, Fields: Fields{
		"enabled": flag, "policies": {Type: Array, Item: &Field{Type: Object, Fields: Fields{
			"mode": {Type: String, Enum: []string{"enforcing", "reporting"}}, "directives": {Type: Object, Open: true},
			"flags":     {Type: Array, Item: oneOf("upgrade-insecure-requests", "block-all-mixed-content")},
			"reporting": {Type: Object, Nullable: true, Fields: Fields{"report_uri": text, "report_to_group": text}},
		}}},
		"reporting_infrastructure": {Type: Object, Nullable: true, Fields: Fields{
			"report_to": {Type: Object, Nullable: true, Fields: Fields{
				"group": text, "max_age": number, "endpoints": {Type: Array, Item: &Field{Type: Object, Fields: Fields{"url": text}}},
			}},
			"reporting_endpoints": {Type: Object, Open: true},
		}},
	}},
	"x_xss_protection": {Type: Object, Nullable: true, Fields: Fields{
		"enabled": flag, "mode": {Type: String, Enum: []string{"block"}}, "report_uri": text,
	}},
}}

// TenantSettings describes the resource of Auth0: api/management/v2/tenants/tenant-settings.
var TenantSettings = &Kind{
	Name: "tenants/settings", Open: true, Min: 1, // tenants accept undocumented members too
	Fields: Fields{
		"friendly_name": text, "picture_url": {Type: String, Format: "absolute-uri-or-empty"},
		"support_email": {Type: String, Format: "email-or-empty"}, "support_url": {Type: String, Format: "absolute-uri-or-empty"},
		"allowed_logout_urls": urls("url-with-placeholders"), "default_audience": text, "default_directory": text,
		"session_lifetime": hours(maxAbsoluteHours, 168), "session_lifetime_in_minutes": minutes(maxAbsoluteHours),
		"idle_session_lifetime": hours(maxIdleHours, 72), "idle_session_lifetime_in_minutes": minutes(maxIdleHours),
		"ephemeral_session_lifetime": hours(maxAbsoluteHours, 72), "ephemeral_session_lifetime_in_minutes": minutes(maxAbsoluteHours),
		"idle_ephemeral_session_lifetime": hours(maxIdleHours, 24), "idle_ephemeral_session_lifetime_in_minutes": minutes(maxIdleHours),
		"sandbox_version":            {Type: String, Default: "22", Max: 8},
		"legacy_sandbox_version":     {Type: String, Max: 8},
		"sandbox_versions_available": {Type: Array, Access: ReadOnly, Default: []any{"22", "18"}},
		"resource_parameter_profile": {Type: String, Default: "audience", Enum: []string{"audience", "compatibility"}},
		"enabled_locales":            {Type: Array, Min: 1, Ordered: true, Item: oneOf(locales...), Default: []any{"en"}},
		"flags": {Type: Object, Open: true, Item: &Field{Type: Bool, Nullable: true}, Default: storage.Document{
			"allow_changing_enable_sso": false, "allow_legacy_delegation_grant_types": false, "allow_legacy_ro_grant_types": false,
			"cannot_change_enforce_client_authentication_on_passwordless_start": true, "change_pwd_flow_v1": false,
			"disable_clickjack_protection_headers": false, "disable_impersonation": true, "enable_apis_section": false,
			"enable_client_connections": true, "enable_custom_domain_in_emails": false, "enable_dynamic_client_registration": false,
			"enable_legacy_logs_search_v2": false, "enable_pipeline2": false, "enable_public_signup_user_exists_error": false,
			"enable_sso": true, "enforce_client_authentication_on_passwordless_start": true,
			"new_universal_login_experience_enabled": true, "revoke_refresh_token_grant": false, "universal_login": true,
			"use_scope_descriptions_for_consent": false,
		}},
		"acr_values_supported":                      {Type: Array, Nullable: true, Item: &text},
		"dynamic_client_registration_security_mode": {Type: String, Enum: []string{"strict", "permissive"}},
		"default_redirection_uri":                   {Type: String, Format: "absolute-https-uri-or-empty"},
		"session_cookie":                            {Type: Object, Nullable: true, Fields: Fields{"mode": {Type: String, Required: true, Enum: []string{"persistent", "non-persistent"}}}},
		"sessions": {Type: Object, Nullable: true, Fields: Fields{"oidc_logout_prompt_enabled": flag, "anonymous": {Type: Object, Nullable: true, Fields: Fields{
			"lifetime_in_minutes": {Type: Integer, Min: 1}, "activate_cookie": flag,
		}}}},
		"device_flow": {Type: Object, Nullable: true, Fields: Fields{
			"charset": {Type: String, Enum: []string{"base20", "digits"}}, "mask": {Type: String, Max: 20},
		}},
		"mtls":                {Type: Object, Nullable: true, Fields: Fields{"enable_endpoint_aliases": flag}},
		"default_token_quota": {Type: Object, Nullable: true, Min: 1, Plain: true, Fields: Fields{"clients": tokenQuota, "organizations": tokenQuota}},
		"country_codes": {Type: Object, Nullable: true, Fields: Fields{
			"mode": {Type: String, Enum: []string{"allow", "deny"}}, "list": texts,
		}},
		"customize_mfa_in_postlogin_action": flag, "allow_organization_name_in_authentication_api": flag,
		"pushed_authorization_requests_supported": flag, "authorization_response_iss_parameter_supported": flag,
		"skip_non_verifiable_callback_uri_confirmation_prompt": flag, "client_id_metadata_document_supported": flag, "enable_ai_guide": flag,
		"phone_consolidated_experience": flag, "include_session_metadata_in_tenant_logs": flag, "security_headers": securityHeaders,
		"dpop_strict_refresh_token_binding": {Type: Bool, Nullable: true}, "client_id_metadata_document_dynamic_registration_supported": {Type: Bool, Nullable: true},
		"access_token": {Type: Object, Nullable: true, Plain: true, Open: true}, "universal_login": {Type: Object, Nullable: true, Open: true, Fields: Fields{
			"colors": {Type: Object, Nullable: true, Open: true, Fields: Fields{"primary": {Type: String, Nullable: true}}},
		}},
		"error_page": {Type: Object, Nullable: true, Doc: "Tenant error page customization", Fields: Fields{
			"html": {Type: String, Nullable: true}, "show_log_link": {Type: Bool, Nullable: true}, "url": {Type: String, Nullable: true, Format: "absolute-uri-or-empty"},
		}},
		"change_password":   {Type: Object, Nullable: true, Fields: Fields{"enabled": flag, "html": text}},
		"guardian_mfa_page": {Type: Object, Nullable: true, Fields: Fields{"enabled": flag, "html": text}},
		"oidc_logout": {
			Type: Object, Default: storage.Document{"rp_logout_end_session_endpoint_discovery": true},
			Fields: Fields{"rp_logout_end_session_endpoint_discovery": flag},
		},
	},
	Merged: []string{"flags", "change_password", "guardian_mfa_page"},
	Deep:   []string{"universal_login"},
}
