package resource

import "github.com/tenant0/tenant0/storage"

// TenantSettings is Auth0: api/management/v2/tenants/tenant-settings.
var TenantSettings = &Kind{
	Name: "tenants/settings", Open: true,
	Fields: Fields{
		"friendly_name": text, "picture_url": text, "support_email": text, "support_url": text,
		"allowed_logout_urls": {Type: Array, Item: &text}, "default_audience": text, "default_directory": text,
		"session_lifetime":      {Type: Number, Default: 168},
		"idle_session_lifetime": {Type: Number, Default: 72},
		"sandbox_version":       {Type: String, Default: "22"},
		"enabled_locales":       {Type: Array, Item: &text, Default: []any{"en"}},
		"flags": {Type: Object, Open: true, Default: storage.Document{
			"allow_changing_enable_sso": false, "disable_impersonation": true, "enable_sso": true, "universal_login": true,
			"revoke_refresh_token_grant": false, "disable_clickjack_protection_headers": false,
		}},
		"default_redirection_uri": text, "error_page": {Type: Object, Nullable: true}, "session_cookie": {Type: Object, Nullable: true},
		"oidc_logout": {Type: Object, Default: storage.Document{"rp_logout_end_session_endpoint_discovery": true}},
	},
	Merged: []string{"flags"},
}
