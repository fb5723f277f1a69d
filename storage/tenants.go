package storage

// TenantKey is the key of the one tenant settings record.
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
	// SessionCookie says whether cookies outlive the browser: its mode is "non-persistent" where they do not, and
	// the lifetimes of sessions are the ephemeral ones then, in hours.
	SessionCookie struct {
		Mode string `json:"mode"`
	} `json:"session_cookie"`
	EphemeralLifetime     float64 `json:"ephemeral_session_lifetime"`
	IdleEphemeralLifetime float64 `json:"idle_ephemeral_session_lifetime"`

	DefaultRedirectionURI string `json:"default_redirection_uri"`
	// DefaultTokenQuota bounds the tokens of each application, and those for each organization, that has no quota of its own.
	DefaultTokenQuota struct {
		Clients       *TokenQuota `json:"clients"`
		Organizations *TokenQuota `json:"organizations"`
	} `json:"default_token_quota"`
	// AllowOrganizationName lets organizations be asked for by name, and shows it in tokens.
	AllowOrganizationName bool `json:"allow_organization_name_in_authentication_api"`
	// ACRValuesSupported are the values of acr_values that discovery lists.
	ACRValuesSupported []string `json:"acr_values_supported"`
	// PushedAuthorizationRequestsSupported is whether requests may be sent ahead, nil where it
	// is not set.
	PushedAuthorizationRequestsSupported *bool `json:"pushed_authorization_requests_supported"`
	// ResourceParameterProfile is audience, or compatibility for a tenant that takes the
	// parameter resource for audience.
	ResourceParameterProfile string `json:"resource_parameter_profile"`
	ErrorPage                struct {
		URL  string `json:"url"`
		HTML string `json:"html"`
	} `json:"error_page"`
	// ChangePassword is the tenant's own page for a new password.
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
		// StandardAnswers, tenant0's own, gives applications that register themselves the switch
		// of that name.
		StandardAnswers bool `json:"tenant0_standard_answers"`
		// RateLimits, tenant0's own, switches on limits that Auth0 always has.
		RateLimits bool `json:"tenant0_rate_limits"`
	} `json:"flags"`
	// RegistrationMode is strict, which is the default, or permissive: what applications are
	// that register themselves.
	RegistrationMode string `json:"dynamic_client_registration_security_mode"`
	// DeviceFlow is how the codes look that people type for their devices.
	DeviceFlow struct {
		Charset string `json:"charset"` // base20 or digits; empty is base20
		Mask    string `json:"mask"`    // a star for each character; empty is ****-****
	} `json:"device_flow"`
	OIDCLogout struct {
		EndSessionEndpointDiscovery *bool `json:"rp_logout_end_session_endpoint_discovery"`
	} `json:"oidc_logout"`
}

// TakesPushedRequests reports whether applications may send requests ahead.
func (t Tenant) TakesPushedRequests() bool {
	return t.PushedAuthorizationRequestsSupported == nil || *t.PushedAuthorizationRequestsSupported
}

// OwnResetPage is the tenant's own page for a new password, "" for none, Auth0:
// customize/login-pages/classic-login/customize-password-reset-page.
func (t Tenant) OwnResetPage() string {
	if !t.ChangePassword.Enabled {
		return ""
	}
	return t.ChangePassword.HTML
}

// OwnFactorPage is the tenant's own page for further factors, "" for none, Auth0:
// secure/multi-factor-authentication/customize-mfa/customize-mfa-classic-login.
func (t Tenant) OwnFactorPage() string {
	if !t.GuardianMFAPage.Enabled {
		return ""
	}
	return t.GuardianMFAPage.HTML
}

var tenants = declare(spec[Tenant]{
	name:     "tenant",
	key:      func(Tenant) string { return TenantKey },
	remember: true,
})

// Ephemeral reports whether the tenant's cookies end with the browser, Auth0: manage-users/sessions/non-persistent-sessions.
func (t Tenant) Ephemeral() bool { return t.SessionCookie.Mode == "non-persistent" }

// AudienceOf is the audience that the parameter resource of RFC 8707 stands for, "" where the tenant does not take it for one,
// Auth0: get-started/tenant-settings.
func (t Tenant) AudienceOf(resource string) string {
	if t.ResourceParameterProfile != "compatibility" {
		return ""
	}
	return resource
}
