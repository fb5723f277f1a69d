package resource

import "github.com/tenant0/tenant0/storage"

var breachedStage = Field{Type: Object, Fields: Fields{"shields": {Type: Array, Item: oneOf("block", "admin_notification")}}}

// allowlist holds the IP addresses that are exempt from the protection.
var allowlist = Field{Type: Array, Default: []any{}, Item: &Field{Type: String, Format: "ip-or-cidr"}}

// throttled describes how many attempts are allowed, and after how many
// milliseconds one more is.
func throttled(mostAttempts, leastRate int) Field {
	return Field{Type: Object, Fields: Fields{
		"max_attempts": {Type: Integer, Min: 1, Max: mostAttempts}, "rate": {Type: Integer, Min: leastRate, Max: 24 * 60 * 60 * 1000},
	}}
}

// Texts in the settings of a captcha, without and with secrets.
var (
	captchaText   = Field{Type: String, Plain: true, Max: 100}
	captchaSecret = Field{Type: String, Secret: true, Max: 100}
)

// captchaProvider describes the settings of a captcha provider. Its required
// members must be in every change.
func captchaProvider(defaults storage.Document, fields Fields) Field {
	return Field{Type: Object, Default: defaults, Fields: fields}
}

var siteAndSecret = Fields{"site_key": required(captchaText), "secret": required(captchaSecret)}

// The settings in Auth0: api/management/v2/attack-protection, with the defaults
// of a new tenant.
var (
	BruteForceProtection = &Kind{
		Name: "attack-protection/brute-force-protection",
		Fields: Fields{
			"enabled": {Type: Bool, Default: true}, "shields": {Type: Array, Item: oneOf("block", "user_notification"), Default: []any{"block", "user_notification"}},
			"mode":      {Type: String, Default: "count_per_identifier_and_ip", Enum: []string{"count_per_identifier_and_ip", "count_per_identifier"}},
			"allowlist": allowlist, "max_attempts": {Type: Integer, Min: 1, Max: 100, Default: 10},
			"form_submission_mode": {Type: String, Enum: []string{"auto", "manual"}},
		},
	}
	SuspiciousIPThrottling = &Kind{
		Name: "attack-protection/suspicious-ip-throttling",
		Fields: Fields{
			"enabled": {Type: Bool, Default: true}, "shields": {Type: Array, Item: oneOf("block", "admin_notification"), Default: []any{"admin_notification", "block"}},
			"allowlist": allowlist,
			"stage": {Type: Object, Fields: Fields{
				"pre-login": throttled(2500, 34560), "pre-user-registration": throttled(72000, 1200), "pre-custom-token-exchange": throttled(0, 0),
			}, Default: storage.Document{
				"pre-login":                 storage.Document{"max_attempts": 100, "rate": 864000},
				"pre-user-registration":     storage.Document{"max_attempts": 50, "rate": 1200},
				"pre-custom-token-exchange": storage.Document{"max_attempts": 10, "rate": 600000},
			}},
		},
		Deep: []string{"stage"},
	}
	BreachedPasswordDetection = &Kind{
		Name: "attack-protection/breached-password-detection",
		Fields: Fields{
			"enabled": {Type: Bool, Default: false}, "shields": {Type: Array, Item: oneOf("block", "user_notification", "admin_notification"), Default: []any{}},
			"admin_notification_frequency": {Type: Array, Item: oneOf("immediately", "daily", "weekly", "monthly"), Default: []any{}},
			// Not Auth0's but tenant0's own: the passwords that count as
			// breached. They are no secrets.
			"tenant0_passwords": {Type: Array, Item: &Field{Type: String, Min: 1}, Plain: true},
			"method":            {Type: String, Default: "standard", Enum: []string{"standard", "enhanced"}},
			"stage": {Type: Object, Fields: Fields{"pre-user-registration": breachedStage, "pre-change-password": breachedStage}, Default: storage.Document{
				"pre-user-registration": storage.Document{"shields": []any{}}, "pre-change-password": storage.Document{"shields": []any{}},
			}},
		},
		Deep: []string{"stage"},
	}
	BotDetection = &Kind{
		Name: "attack-protection/bot-detection",
		Fields: Fields{
			"challenge_password_policy":       {Type: String, Default: "never", Enum: []string{"never", "when_risky", "always"}},
			"challenge_passwordless_policy":   {Type: String, Default: "never", Enum: []string{"never", "when_risky", "always"}},
			"challenge_password_reset_policy": {Type: String, Default: "never", Enum: []string{"never", "when_risky", "always"}},
			"allowlist":                       allowlist,
			"bot_detection_level":             {Type: String, Default: "medium", Enum: []string{"low", "medium", "high"}},
			"monitoring_mode_enabled":         {Type: Bool, Default: false},
		},
	}
	Captcha = &Kind{
		Name: "attack-protection/captcha",
		Fields: Fields{
			"active_provider_id": {Type: String, Default: "auth_challenge", Nullable: true, Enum: []string{
				"arkose", "auth_challenge", "friendly_captcha", "hcaptcha", "recaptcha_v2", "recaptcha_enterprise", "simple_captcha",
			}},
			"simple_captcha": captchaProvider(storage.Document{}, Fields{}),
			"auth_challenge": captchaProvider(storage.Document{"fail_open": false}, Fields{"fail_open": required(flag)}),
			"recaptcha_v2":   captchaProvider(storage.Document{"site_key": ""}, siteAndSecret),
			"recaptcha_enterprise": captchaProvider(storage.Document{"site_key": "", "project_id": ""}, Fields{
				"site_key": required(captchaText), "api_key": required(captchaSecret), "project_id": required(captchaText),
			}),
			"hcaptcha":         captchaProvider(storage.Document{"site_key": ""}, siteAndSecret),
			"friendly_captcha": captchaProvider(storage.Document{"site_key": ""}, siteAndSecret),
			"arkose": captchaProvider(storage.Document{
				"site_key": "", "client_subdomain": "client-api", "verify_subdomain": "verify-api", "fail_open": false,
			}, Fields{
				"site_key": required(captchaText), "secret": required(captchaSecret), "client_subdomain": captchaText, "verify_subdomain": captchaText,
				"fail_open": flag,
			}),
		},
		Merged: []string{"auth_challenge", "recaptcha_v2", "recaptcha_enterprise", "hcaptcha", "friendly_captcha", "arkose"},
	}
	PhoneProviderProtection = &Kind{
		Name: "attack-protection/phone-provider-protection", Open: true,
		Fields: Fields{"type": {Type: String, Default: "default", Enum: []string{"exponential", "default"}}},
	}
)
