package resource

import (
	"math"

	"github.com/tenant0/tenant0/storage"
)

// defaultIdentifiers is the default appearance of users' identifiers on the pages.
var defaultIdentifiers = storage.Document{
	"login_display": "unified", "otp_autocomplete": true,
	"phone_display": storage.Document{"masking": "mask_digits", "formatting": "international"},
}

// How users' identifiers appear on the pages. The settings of the branding have these members and a theme has all of them.
var (
	loginDisplay    = Field{Type: String, Enum: []string{"unified", "separate"}}
	phoneMasking    = Field{Type: String, Enum: []string{"show_all", "hide_country_code", "mask_digits"}}
	phoneFormatting = Field{Type: String, Enum: []string{"regional", "international"}}
)

// httpsOrNull is an https URL or null.
var httpsOrNull = Field{Type: String, Nullable: true, Format: "strict-https-uri"}

// requiredOrNull describes a member that must be sent, but may be null.
func requiredOrNull(t Type) Field { return Field{Type: t, Required: true, Nullable: true} }

// secretOrNull is a secret text or null.
var secretOrNull = Field{Type: String, Nullable: true, Secret: true}

// deliveryMethods are the ways in which a phone provider sends messages.
var deliveryMethods = Field{Type: Array, Required: true, Min: 1, Item: oneOf("text", "voice")}

// Settings, each of which is a single document.
var (
	// Branding describes the resource of Auth0: api/management/v2/branding.
	Branding = &Kind{Name: storage.BrandingKind, Min: 1, Fields: Fields{
		"colors": {Type: Object, Nullable: true, Min: 1, Fields: Fields{
			"primary": {Type: String, Nullable: true, Format: "html-color"}, "page_background": {}, // a color, or a gradient
		}},
		"favicon_url": httpsOrNull, "logo_url": httpsOrNull, "font": {Type: Object, Nullable: true, Min: 1, Fields: Fields{"url": httpsOrNull}},
		"identifiers": {Type: Object, Nullable: true, Min: 1, Default: defaultIdentifiers, Fields: Fields{
			"login_display": loginDisplay, "otp_autocomplete": flag,
			"phone_display": {Type: Object, Nullable: true, Fields: Fields{"masking": phoneMasking, "formatting": phoneFormatting}},
		}},
	}, Merged: []string{"colors"}, Deep: []string{"identifiers"}}
	// Prompts describes the resource of Auth0: api/management/v2/prompts.
	Prompts = &Kind{Name: storage.PromptsKind, Min: 1, Fields: Fields{
		"universal_login_experience":     {Type: String, Default: "new", Enum: []string{"new", "classic"}},
		"identifier_first":               {Type: Bool, Nullable: true, Default: false},
		"webauthn_platform_first_factor": {Type: Bool, Nullable: true},
	}}
	// EmailProvider describes the resource of Auth0: api/management/v2/emails.
	EmailProvider = &Kind{
		Name: "emails/provider", Min: 1,
		Fields: Fields{
			"name": {Type: String, Required: true, Enum: []string{
				"mailgun", "mandrill", "sendgrid", "resend", "ses", "sparkpost", "smtp", "azure_cs", "ms365", "custom",
			}},
			"enabled": {Type: Bool, Default: true}, "default_from_address": text,
			"credentials": {Type: Object, Required: true, Open: true, Secret: true, Fields: Fields{
				"region": plainTextOrNull, "domain": plainTextOrNull, "accessKeyId": plainTextOrNull, "api_user": plainTextOrNull, "smtp_host": plainTextOrNull,
				"smtp_port": {Type: Integer, Nullable: true, Plain: true, Min: 1, Max: math.MaxUint16},
				"smtp_user": plainTextOrNull, "smtp_pass": secretOrNull, "tenantId": plainTextOrNull, "clientId": plainTextOrNull,
				"api_key": secretOrNull, "secretAccessKey": secretOrNull, "connectionString": secretOrNull, "clientSecret": secretOrNull,
			}},
			"settings": {Type: Object, Nullable: true, Plain: true}, // headers of messages
		},
		Missing: missing("inexistent_email_provider", "There is not a configured email provider"),
		Taken:   taken("email_provider_conflict", "An email provider is already configured"),
	}
	// EmailTemplates describes the resource of Auth0: api/management/v2/email-templates.
	EmailTemplates = &Kind{
		Name: "email-templates", ID: "template",
		Fields: Fields{
			"template": {Type: String, Required: true, Enum: []string{
				"verify_email", "verify_email_by_code", "reset_email", "reset_email_by_code", "welcome_email", "blocked_account",
				"auth_email_by_code", "stolen_credentials", "enrollment_email", "mfa_oob_code", "user_invitation", "change_password", "password_reset", "async_approval",
			}},
			"body": requiredOrNull(String), "from": requiredOrNull(String), "resultUrl": {Type: String, Nullable: true},
			"subject": requiredOrNull(String), "syntax": requiredOrNull(String), "enabled": requiredOrNull(Bool),
			"urlLifetimeInSeconds": {Type: Number, Nullable: true}, "includeEmailInRedirect": flag,
		},
		Missing: missing("inexistent_email_template", "The template does not exist."),
		Taken:   taken("email_template_conflict", "The template already exists."),
	}
	// CustomDomains describes the resource of Auth0: api/management/v2/custom-domains.
	CustomDomains = &Kind{
		Name: storage.CustomDomainsKind, ID: "custom_domain_id", NewID: Prefixed("cd_", 16),
		Fields: Fields{
			"custom_domain_id": readOnly, "origin_domain_name": readOnly, "primary": {Type: Bool, Access: ReadOnly, Default: false},
			"is_default": {Type: Bool, Access: ReadOnly, Default: false},
			"status":     {Type: String, Access: ReadOnly, Default: "pending_verification"}, "verification": readOnly, "certificate": shownOnly,
			"cname_api_key":       generatedSecret,
			"domain":              {Type: String, Required: true, Access: CreateOnly, Min: 3, Max: 255, Pattern: hostname},
			"type":                {Type: String, Required: true, Access: CreateOnly, Enum: []string{"auth0_managed_certs", "self_managed_certs"}},
			"verification_method": {Type: String, Access: CreateOnly, Enum: []string{"txt"}}, "tls_policy": {Type: String, Enum: []string{"recommended"}},
			"custom_client_ip_header": {Type: String, Nullable: true, Enum: []string{
				"true-client-ip", "cf-connecting-ip", "x-forwarded-for", "x-azure-clientip", "",
			}},
			"domain_metadata": {Type: Object, Max: 10, Item: &metadataValue}, "relying_party_identifier": {Type: String, Nullable: true, Max: 255, Format: "hostname"},
		},
		Unique: []string{"domain"}, Merged: []string{"domain_metadata"}, Created: "created_at",
		Missing: missing("inexistent_custom_domain", "The custom domain does not exist"),
		Taken:   taken("custom_domain_conflict", "The specified custom domain already exists"),
	}
	// PhoneProviders describes the resource of Auth0: api/management/v2/branding/phone/providers.
	PhoneProviders = &Kind{
		Name: "branding/phone/providers", ID: "id", NewID: Prefixed("pro_", 22), Open: true,
		Fields: Fields{
			"id": readOnly, "tenant": readOnly, "channel": {Type: String, Access: ReadOnly, Default: "phone"},
			"name": {Type: String, Required: true, Enum: []string{"twilio", "custom"}}, "disabled": {Type: Bool, Default: false},
			"configuration": {Type: Object, OneOf: func() []Field {
				return []Field{
					{Type: Object, Fields: Fields{
						"sid": {Type: String, Required: true}, "default_from": text, "mssid": text, "delivery_methods": deliveryMethods,
					}},
					{Type: Object, Fields: Fields{"delivery_methods": deliveryMethods}},
				}
			}},
			"credentials": {Type: Object, Required: true, Secret: true},
		},
		Created: "created_at", Updated: "updated_at",
		Missing: missing("", "Phone provider not found"), Taken: taken("", "A phone provider is already configured"),
	}
	// PhoneTemplates describes the resource of Auth0: api/management/v2/branding/phone/templates.
	PhoneTemplates = &Kind{
		Name: "branding/phone/templates", ID: "id", NewID: Prefixed("tem_", 22),
		Fields: Fields{
			"id": readOnly, "tenant": readOnly, "channel": {Type: String, Access: ReadOnly, Default: "phone"}, "customizable": readOnly,
			"type":     {Type: String, Access: CreateOnly, Enum: []string{"otp_verify", "otp_enroll", "change_password", "blocked_account", "password_breach"}},
			"disabled": {Type: Bool, Default: false},
			"content": {Type: Object, Min: 1, Fields: Fields{
				"syntax": text, "from": {Type: String, Min: 1, Max: 16},
				"body": {Type: Object, Min: 1, Fields: Fields{"text": {Type: String, Min: 1, Max: 20000}, "voice": {Type: String, Min: 1, Max: 20000}}},
			}},
		},
		Unique: []string{"type"}, Created: "created_at", Updated: "updated_at",
		Missing: missing("", "Phone notification template not found"), Taken: taken("", "A template of this type already exists"),
	}
	// Themes describes the resource of Auth0: api/management/v2/branding/themes.
	Themes = &Kind{
		Name: storage.ThemesKind, ID: "themeId", NewID: ClientID,
		Fields: Fields{
			"themeId": readOnly, "borders": themeBorders, "colors": themeColors, "fonts": themeFonts, "page_background": themeBackground,
			"widget": themeWidget, "displayName": {Type: String, Default: "Unnamed Theme", Max: 2048, Pattern: Like("^[^<>]*$")}, "identifiers": {Type: Object, Fields: Fields{
				"login_display": required(loginDisplay), "otp_autocomplete": required(flag),
				"phone_display": {Type: Object, Required: true, Fields: Fields{"masking": required(phoneMasking), "formatting": required(phoneFormatting)}},
			}},
		},
		Missing: missing("theme_not_found", "There was an error retrieving branding settings: invalid theme ID"),
	}
	// PageTemplate is the request that sets the page template, UniversalLoginTemplate the stored template, Auth0:
	// api/management/v2/branding/templates.
	PageTemplate           = &Kind{Name: storage.PageTemplateKind, Fields: Fields{"template": {Type: String, Required: true}}}
	UniversalLoginTemplate = &Kind{
		Name: storage.PageTemplateKind, Open: true, Fields: Fields{},
		Missing: missing("inexistent_templates_universal_login", "Template does not exist."),
	}
)

// CustomSigningKeys describes the resource of Auth0: api/management/v2/keys/put-custom-signing-keys: public keys in
// the format of RFC 7517.
var CustomSigningKeys = &Kind{
	Name: "keys/custom-signing",
	Fields: Fields{"keys": {Type: Array, Required: true, Min: 1, Item: &Field{Type: Object, Plain: true, Fields: Fields{
		"kty":     {Type: String, Required: true, Enum: []string{"EC", "RSA"}},
		"use":     {Type: String, Enum: []string{"sig"}},
		"key_ops": {Type: Array, Min: 1, Item: &Field{Type: String, Enum: []string{"verify"}}},
		"alg":     {Type: String, Enum: []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"}},
		"crv":     {Type: String, Enum: []string{"P-256", "P-384", "P-521"}},
		"x5c":     {Type: Array, Min: 1, Item: &Field{Type: String}},
		"kid":     {Type: String}, "n": {Type: String}, "e": {Type: String}, "x": {Type: String}, "y": {Type: String},
		"x5u": {Type: String}, "x5t": {Type: String}, "x5t#S256": {Type: String},
	}}}},
	Missing: missing("", "There are no custom signing keys."),
}

// EncryptionKeys describes the resource of Auth0: api/management/v2/keys/encryption.
var EncryptionKeys = &Kind{
	Name: "keys/encryption", ID: "kid", NewID: UUID, Open: true,
	Fields: Fields{
		"kid": readOnly, "parent_kid": readOnly, "public_key": shownOnly, "state": {Type: String, Access: ReadOnly, Default: "pre-activation"},
		"type": {Type: String, Required: true, Enum: []string{"customer-provided-root-key", "tenant-encryption-key", "tenant-master-key"}},
	},
	Created: "created_at", Updated: "updated_at",
	Missing: missing("inexistent_encryption_key", "The encryption key does not exist."),
}

// DefaultDomain is the request that sets the tenant's default domain.
var DefaultDomain = &Kind{Fields: Fields{"domain": {Type: String, Required: true, Min: 1}}}

// TryPhone is a request for a test message by a phone provider or with a template.
var TryPhone = &Kind{Fields: Fields{
	"to":              {Type: String, Required: true, Min: 1, Max: 16},
	"delivery_method": {Type: String, Enum: []string{"text", "voice"}},
}}
