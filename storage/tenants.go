package storage

import "github.com/tenant0/tenant0/storage/table"

// TenantKey is the key of the tenant's settings, which are one record.
const TenantKey = "settings"

// Tenant is the tenant's settings, Auth0: get-started/tenant-settings.
type Tenant struct {
	FriendlyName        string   `json:"friendly_name"`
	PictureURL          string   `json:"picture_url"`
	SupportEmail        string   `json:"support_email"`
	SupportURL          string   `json:"support_url"`
	DefaultAudience     string   `json:"default_audience"`
	DefaultDirectory    string   `json:"default_directory"`
	EnabledLocales      []string `json:"enabled_locales"`
	AllowedLogoutURLs   []string `json:"allowed_logout_urls"`
	SessionLifetime     float64  `json:"session_lifetime"`      // hours
	IdleSessionLifetime float64  `json:"idle_session_lifetime"` // hours
	// SessionCookie has the mode "non-persistent" if cookies end when the browser is closed; sessions then have the
	// ephemeral lifetimes below, in hours.
	SessionCookie struct {
		Mode string `json:"mode"`
	} `json:"session_cookie"`
	EphemeralLifetime     float64 `json:"ephemeral_session_lifetime"`
	IdleEphemeralLifetime float64 `json:"idle_ephemeral_session_lifetime"`

	DefaultRedirectionURI    string `json:"default_redirection_uri"`
	AuthorizationResponseIss bool   `json:"authorization_response_iss_parameter_supported"` // RFC 9207
	// DefaultTokenQuota is the quota of each application and each organization that has none of its own.
	DefaultTokenQuota struct {
		Clients       *TokenQuota `json:"clients"`
		Organizations *TokenQuota `json:"organizations"`
	} `json:"default_token_quota"`
	// AllowOrganizationName lets requests name an organization instead of giving its id; tokens then contain the
	// name.
	AllowOrganizationName bool `json:"allow_organization_name_in_authentication_api"`
	// ACRValuesSupported are the values of acr_values that discovery lists.
	ACRValuesSupported []string `json:"acr_values_supported"`
	// PushedAuthorizationRequestsSupported says whether applications may push requests (PAR); nil means yes.
	PushedAuthorizationRequestsSupported *bool `json:"pushed_authorization_requests_supported"`
	// ResourceParameterProfile is "audience", or "compatibility" if the parameter resource may replace audience.
	ResourceParameterProfile string `json:"resource_parameter_profile"`
	ErrorPage                struct {
		URL  string `json:"url"`
		HTML string `json:"html"`
	} `json:"error_page"`
	// ChangePassword is the tenant's own page for choosing a new password.
	ChangePassword struct {
		Enabled bool   `json:"enabled"`
		HTML    string `json:"html"`
	} `json:"change_password"`
	// GuardianMFAPage is the tenant's own page for further factors.
	GuardianMFAPage struct {
		Enabled bool   `json:"enabled"`
		HTML    string `json:"html"`
	} `json:"guardian_mfa_page"`
	Flags struct {
		UseScopeDescriptionsForConsent     *bool `json:"use_scope_descriptions_for_consent"`
		RevokeRefreshTokenGrant            bool  `json:"revoke_refresh_token_grant"`
		EnableClientConnections            *bool `json:"enable_client_connections"` // nil means true
		RemoveAlgFromJWKS                  bool  `json:"remove_alg_from_jwks"`
		RequirePushedAuthorizationRequests bool  `json:"require_pushed_authorization_requests"`
		EnableDynamicClientRegistration    bool  `json:"enable_dynamic_client_registration"`
		ChangePasswordV1                   bool  `json:"change_pwd_flow_v1"`
		// StandardAnswers, tenant0's own, gives applications that register themselves the setting
		// tenant0_standard_answers.
		StandardAnswers bool `json:"tenant0_standard_answers"`
		// RateLimits, tenant0's own, turns on rate limits that Auth0 always has.
		RateLimits bool `json:"tenant0_rate_limits"`
	} `json:"flags"`
	// RegistrationMode is the third-party security mode of applications that register themselves: strict (the
	// default) or permissive.
	RegistrationMode string `json:"dynamic_client_registration_security_mode"`
	// DeviceFlow says how the user codes of the device flow look.
	DeviceFlow struct {
		Charset string `json:"charset"` // base20 or digits; empty means base20
		Mask    string `json:"mask"`    // a star for each character; empty means ****-****
	} `json:"device_flow"`
	OIDCLogout struct {
		EndSessionEndpointDiscovery *bool `json:"rp_logout_end_session_endpoint_discovery"`
	} `json:"oidc_logout"`
}

// TakesPushedRequests reports whether applications may push requests (PAR).
func (t Tenant) TakesPushedRequests() bool {
	return t.PushedAuthorizationRequestsSupported == nil || *t.PushedAuthorizationRequestsSupported
}

// OwnResetPage is the HTML of the tenant's own page for a new password, "" for none, Auth0:
// customize/login-pages/classic-login/customize-password-reset-page.
func (t Tenant) OwnResetPage() string {
	if !t.ChangePassword.Enabled {
		return ""
	}
	return t.ChangePassword.HTML
}

// OwnFactorPage is the HTML of the tenant's own page for further factors, "" for none, Auth0:
// secure/multi-factor-authentication/customize-mfa/customize-mfa-classic-login.
func (t Tenant) OwnFactorPage() string {
	if !t.GuardianMFAPage.Enabled {
		return ""
	}
	return t.GuardianMFAPage.HTML
}

var tenants = table.Declare(table.Spec[Tenant]{
	Name:     "tenant",
	Key:      func(Tenant) string { return TenantKey },
	Remember: true,
})

// Ephemeral reports whether cookies end when the browser is closed, Auth0:
// manage-users/sessions/non-persistent-sessions.
func (t Tenant) Ephemeral() bool { return t.SessionCookie.Mode == "non-persistent" }

// AudienceOf returns the audience that the parameter resource (RFC 8707) names, "" if the tenant does not accept it
// in place of audience, Auth0: get-started/tenant-settings.
func (t Tenant) AudienceOf(resource string) string {
	if t.ResourceParameterProfile != "compatibility" {
		return ""
	}
	return resource
}
