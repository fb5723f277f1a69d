package resource

import "strings"

// PromptNames are the prompts with customizable texts, Auth0:
// api/management/v2/prompts/get-custom-text-by-language.
var PromptNames = strings.Fields(`login login-id login-password login-passwordless login-email-verification signup signup-id signup-password
	phone-identifier-enrollment phone-identifier-challenge email-identifier-challenge reset-password custom-form consent customized-consent
	logout mfa-push mfa-otp mfa-voice mfa-phone mfa-webauthn mfa-sms mfa-email mfa-recovery-code mfa status device-flow email-verification
	email-otp-challenge organizations invitation common captcha passkeys brute-force-protection async-approval-flow confirmation`)

// PartialPrompts are the prompts that may have partials, Auth0:
// api/management/v2/prompts/put-partials.
var PartialPrompts = strings.Fields(`login login-id login-password login-passwordless signup signup-id signup-password customized-consent passkeys`)

// ScreenNames are the screens of prompts, Auth0: api/management/v2/prompts/get-rendering.
var ScreenNames = strings.Fields(`login login-id login-password login-passwordless-email-code login-passwordless-email-link
	login-passwordless-sms-otp login-email-verification signup signup-id signup-password phone-identifier-enrollment phone-identifier-challenge
	email-identifier-challenge reset-password-request reset-password-email reset-password reset-password-success reset-password-error
	reset-password-mfa-email-challenge reset-password-mfa-otp-challenge reset-password-mfa-phone-challenge
	reset-password-mfa-push-challenge-push reset-password-mfa-recovery-code-challenge reset-password-mfa-sms-challenge
	reset-password-mfa-voice-challenge reset-password-mfa-webauthn-platform-challenge reset-password-mfa-webauthn-roaming-challenge custom-form
	consent consent-tenant-scopes customized-consent logout logout-complete logout-aborted mfa-push-welcome mfa-push-enrollment-qr mfa-push-enrollment-code
	mfa-push-success mfa-push-challenge-push mfa-push-list mfa-otp-enrollment-qr mfa-otp-enrollment-code mfa-otp-challenge mfa-voice-enrollment
	mfa-voice-challenge mfa-phone-challenge mfa-phone-enrollment mfa-webauthn-platform-enrollment mfa-webauthn-roaming-enrollment
	mfa-webauthn-platform-challenge mfa-webauthn-roaming-challenge mfa-webauthn-change-key-nickname mfa-webauthn-enrollment-success
	mfa-webauthn-error mfa-webauthn-not-available-error mfa-country-codes mfa-sms-enrollment mfa-sms-challenge mfa-sms-list mfa-email-challenge
	mfa-email-list mfa-recovery-code-enrollment mfa-recovery-code-challenge-new-code mfa-recovery-code-challenge
	mfa-detect-browser-capabilities mfa-enroll-result mfa-login-options mfa-begin-enroll-options status device-code-activation
	device-code-activation-allowed device-code-activation-denied device-code-confirmation email-verification-result email-otp-challenge
	organization-selection organization-picker pre-login-organization-picker accept-invitation redeem-ticket passkey-enrollment
	passkey-enrollment-local interstitial-captcha brute-force-protection-unblock brute-force-protection-unblock-success
	brute-force-protection-unblock-failure async-approval-error async-approval-accepted async-approval-denied confirmation
	async-approval-wrong-user`)

// RenderingModes say what renders a screen: advanced is a page of the tenant,
// standard is the server.
var RenderingModes = []string{"advanced", "standard"}

// contexts are the values that the tenant's page may receive: named ones, or a
// member of metadata.
var contexts = Field{Type: String, OneOf: func() []Field {
	return []Field{
		{Type: String, Enum: []string{
			"branding.settings", "branding.themes.default", "client.logo_uri", "client.description", "organization.display_name",
			"organization.branding", "screen.texts", "tenant.name", "tenant.friendly_name", "tenant.logo_url", "tenant.enabled_locales",
			"untrusted_data.submitted_form_data", "untrusted_data.authorization_params.login_hint",
			"untrusted_data.authorization_params.screen_hint", "untrusted_data.authorization_params.ui_locales", "user.organizations",
			"transaction.custom_domain.domain", "experiment", "country_codes",
		}},
		{Type: String, Pattern: Like(`^(client\.metadata|organization\.metadata|transaction\.custom_domain\.domain_metadata|user\.user_metadata|user\.app_metadata)\.[^.]+$`)},
		{Type: String, Pattern: Like(`^untrusted_data\.authorization_params\.ext-[^.]+$`)},
	}
}}

// renderingFilter selects objects that a rendering applies to: by an id, or by
// one member of their metadata.
var renderingFilter = Field{Type: Array, Item: &Field{Type: Object, OneOf: func() []Field {
	return []Field{
		{Type: Object, Fields: Fields{"id": {Type: String, Required: true}}},
		{Type: Object, Fields: Fields{"metadata": {Type: Object, Required: true, Max: 1, Plain: true}}},
	}
}}}

func renderingFields() Fields {
	return Fields{
		"rendering_mode":             {Type: String, Enum: RenderingModes},
		"context_configuration":      {Type: Array, Nullable: true, Item: &contexts},
		"default_head_tags_disabled": {Type: Bool, Nullable: true}, "use_page_template": {Type: Bool, Nullable: true},
		"head_tags": {Type: Array, Nullable: true, Ordered: true, Item: &Field{Type: Object, Open: true, Plain: true, Fields: Fields{
			"tag": {Type: String}, "attributes": {Type: Object, Max: 10}, "content": {Type: String},
		}}},
		"filters": {Type: Object, Nullable: true, Fields: Fields{
			"match_type": {Type: String, Enum: []string{"includes_any", "excludes_any"}},
			"clients":    renderingFilter, "organizations": renderingFilter, "domains": renderingFilter,
		}},
	}
}

// Rendering is the configuration of a screen's rendering, Auth0:
// api/management/v2/prompts/patch-rendering.
var Rendering = &Kind{Name: "prompts/rendering", Fields: renderingFields()}

// Renderings is a request that configures the rendering of several screens,
// Auth0: api/management/v2/prompts/patch-bulk-rendering.
var Renderings = &Kind{Fields: Fields{"configs": {Type: Array, Required: true, Min: 1, Item: &Field{Type: Object, Fields: withScreen(renderingFields())}}}}

func withScreen(fields Fields) Fields {
	fields["prompt"] = Field{Type: String, Required: true, Enum: PromptNames}
	fields["screen"] = Field{Type: String, Required: true, Enum: ScreenNames}
	return fields
}
