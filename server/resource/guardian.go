package resource

// PushApp is the app that receives push notifications, Auth0: secure/
// multi-factor-authentication/multi-factor-authentication-factors/configure-push-notifications-for-mfa. The
// default is Auth0's own app.
var PushApp = &Kind{Name: "prompts/mfa-push", Open: true, Fields: Fields{
	"app_name":        {Type: String, Default: "Auth0 Guardian"},
	"apple_app_link":  {Type: String, Default: "https://apps.apple.com/app/auth0-guardian/id1093447833"},
	"google_app_link": {Type: String, Default: "https://play.google.com/store/apps/details?id=com.auth0.guardian"},
}}

var (
	nullableText         = Field{Type: String, Nullable: true, Min: 1, Max: 1000}
	nullableSecret       = Field{Type: String, Nullable: true, Min: 1, Max: 1000, Secret: true}
	nullableFile         = Field{Type: String, Nullable: true, Min: 1, Max: 10000, Secret: true}
	overrideRelyingParty = Field{Type: Bool, Default: false}
	// sentCodes are the length of codes in digits, and their lifetime in seconds. Auth0 does not publish
	// the limits.
	sentCodes = Fields{
		"otp_length":          {Type: Integer, Required: true, Default: 6, Min: 4, Max: 10},
		"otp_expiration_time": {Type: Integer, Required: true, Default: 300, Min: 30, Max: 24 * 60 * 60},
	}
)

// guardianSettings are the members of the settings of Auth0: api/management/v2/guardian, by the path below
// guardian/factors/.
var guardianSettings = map[string]Fields{
	"phone/message-types": {
		"message_types": {Type: Array, Required: true, Default: []any{}, Unique: true, Item: oneOf("sms", "voice")},
	},
	"phone/settings": sentCodes, "email/settings": sentCodes,
	"phone/selected-provider": {
		"provider": {Type: String, Required: true, Default: "auth0", Enum: []string{"auth0", "twilio", "phone-message-hook"}},
	},
	"phone/providers/twilio": {
		"from": {Type: String, Nullable: true, Max: 64}, "messaging_service_sid": nullableText, "auth_token": nullableSecret, "sid": nullableText,
	},
	"phone/templates": {
		"enrollment_message": {
			Type: String, Required: true,
			Default: "{{code}} is your verification code for {{tenant.friendly_name}}. Please enter this code to verify your enrollment.",
		},
		"verification_message": {Type: String, Required: true, Default: "{{code}} is your verification code for {{tenant.friendly_name}}"},
	},
	"push-notification/selected-provider": {
		"provider": {Type: String, Required: true, Default: "guardian", Enum: []string{"guardian", "sns", "direct"}},
	},
	"push-notification/providers/sns": {
		"aws_access_key_id": {Type: String, Nullable: true, Min: 1, Max: 1000, Plain: true}, "aws_secret_access_key": nullableSecret,
		"aws_region": {Type: String, Nullable: true, Min: 1, Max: 1000, Pattern: Like(
			"^(?:us-east-[0-9]{1,2}|us-west-[0-9]{1,2}|ap-southeast-[0-9]{1,2}|ap-northeast-[0-9]{1,2}|ap-central-[0-9]{1,2}|" +
				"eu-west-[0-9]{1,2}|eu-central-[0-9]{1,2})$",
		)},
		"sns_apns_platform_application_arn": nullableText, "sns_gcm_platform_application_arn": nullableText,
	},
	"push-notification/providers/apns":  {"sandbox": {Type: Bool, Default: false}, "bundle_id": nullableText, "p12": nullableFile},
	"push-notification/providers/fcm":   {"server_key": {Type: String, Nullable: true, Min: 1, Max: 152, Secret: true}},
	"push-notification/providers/fcmv1": {"server_credentials": nullableFile},
	"duo/settings": {
		"ikey": {Type: String, Plain: true, Max: 10000}, "skey": {Type: String, Secret: true, Min: 1, Max: 10000}, "host": {Type: String, Max: 10000},
	},
	"webauthn-roaming/settings": {
		"userVerification":     {Type: String, Default: "preferred", Enum: []string{"discouraged", "preferred", "required"}},
		"overrideRelyingParty": overrideRelyingParty, "relyingPartyIdentifier": nullableText,
	},
	"webauthn-platform/settings": {"overrideRelyingParty": overrideRelyingParty, "relyingPartyIdentifier": nullableText},
}

// GuardianRemember are the settings for remembering browsers, Auth0:
// api/management/v2/guardian/set-guardian-settings.
// Times are in seconds.
var GuardianRemember = &Kind{Name: "guardian/settings", Fields: Fields{
	"display_remember_me_checkbox":   {Type: Bool, Required: true, Default: true},
	"remember_me_default_value":      {Type: Bool, Required: true, Default: false},
	"mfa_session_inactivity_timeout": {Type: Integer, Required: true, Default: 30 * 24 * 60 * 60, Min: 60 * 60, Max: 30 * 24 * 60 * 60},
	"mfa_session_overall_timeout":    {Type: Integer, Required: true, Default: 30 * 24 * 60 * 60, Min: 60 * 60, Max: 90 * 24 * 60 * 60},
}}

// GuardianSettings returns the kind of a guardian setting by its path below guardian/factors/, such as
// "duo/settings".
func GuardianSettings(path string) *Kind {
	return &Kind{Name: "guardian/factors/" + path, Fields: guardianSettings[path]}
}

// Factor is a body that enables or disables a factor.
var Factor = &Kind{Fields: Fields{"enabled": {Type: Bool, Required: true}}}
