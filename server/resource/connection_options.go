package resource

import (
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// keyPair is a key of a SAML connection: an object with the key and its certificate, or only the key.
var keyPair = Field{Open: true, Secret: true, Fields: Fields{"cert": notSecret}}

// connectionOptions are those options of connections, of all strategies, that are secrets or look like secrets, Auth0:
// api/management/v2/connections/post-connections and authenticate/identity-providers. For other options package redact
// decides. The options in commonOptions are checked for every strategy.
var connectionOptions = Field{Type: Object, Default: storage.Document{}, Open: true, Fields: Fields{
	// of most strategies
	"client_id": notSecret, "client_secret": secret, "token_endpoint": notSecret, "tokenURL": notSecret,
	"requestTokenURL": notSecret, "accessTokenURL": notSecret, "authorization_endpoint": notSecret,
	"customHeaders": {Open: true, Item: &secret}, "access_token": secret, "refresh_token": secret, "api_key": secret, "apiKey": secret,
	// of some social connections
	"app_secret": secret, "secret": secret, "kid": notSecret, "team_id": notSecret, "consumerKey": notSecret, "consumerSecret": secret,
	"privateKey": secret, "private_key": secret, "adminAccessToken": secret, "adminRefreshToken": secret,
	// of databases
	"bareConfiguration": {Open: true, Item: &secret}, "bare_configuration": {Open: true, Item: &secret},
	"password_strength": {Plain: true}, "custom_password_hash": {Plain: true},
	// of enterprise connections
	"signing_key": keyPair, "signingKey": keyPair, "decryptionKey": keyPair, "decryption_key": keyPair, "signingCert": notSecret, "cert": notSecret,
	"certs": notSecret, "tokenEncryption": notSecret, "admin_access_token": secret,
	"admin_refresh_token": secret, "admin_access_token_expiresin": notSecret, "clientSecret": secret, "session_key": secret, "bind_password": secret,
	"connection_settings": {Plain: true},
	// of passwordless connections
	"twilio_sid": notSecret, "twilio_token": secret,
	"credentials": secret, "totp": {Plain: true},
}}

// orNull describes an object without secrets, or null.
func orNull(fields Fields) Field {
	return Field{Type: Object, Nullable: true, Plain: true, Fields: fields}
}

// plainly describes an object without secrets.
func plainly(fields Fields) Field { return Field{Type: Object, Plain: true, Fields: fields} }

// chosen describes a text that is one of the given ones and no secret.
func chosen(texts ...string) Field { return Field{Type: String, Plain: true, Enum: texts} }

// enabled describes an object with nothing but a switch.
var enabled = plainly(Fields{"enabled": flag})

// passwordOptions are the password policy of a database, Auth0: authenticate/database-connections/password-options. The
// server enforces them.
var (
	blockedWords    = Field{Type: Array, Item: &Field{Type: String, Max: 50}}
	passwordOptions = Fields{
		"passwordPolicy":              {Type: String, Nullable: true, Plain: true, Enum: []string{"none", "low", "fair", "good", "excellent", ""}}, // old connections have ""
		"password_complexity_options": orNull(Fields{"min_length": {Type: Integer, Nullable: true, Min: 1, Max: 128}}),
		"password_history":            orNull(Fields{"enable": required(flag), "size": {Type: Integer, Nullable: true, Min: 0, Max: 24}}),
		"password_no_personal_info":   orNull(Fields{"enable": required(flag)}),
		"password_dictionary":         orNull(Fields{"enable": required(flag), "dictionary": blockedWords}),
		"password_options": orNull(Fields{
			"complexity": plainly(Fields{
				"min_length": {Type: Integer, Nullable: true, Min: 1, Max: 72}, "character_types": {Type: Array, Item: oneOf("uppercase", "lowercase", "number", "special")},
				"character_type_rule": chosen("all", "three_of_four"), "identical_characters": chosen("allow", "block"),
				"sequential_characters": chosen("allow", "block"), "max_length_exceeded": chosen("truncate", "error"),
			}),
			"dictionary": plainly(Fields{"active": flag, "custom": blockedWords, "default": chosen("en_10k", "en_100k")}),
			"history":    plainly(Fields{"active": flag, "size": {Type: Integer, Nullable: true, Min: 1, Max: 24}}),
			"profile_data": plainly(Fields{
				"active": flag, "blocked_fields": {Type: Array, Item: &Field{Type: String, Max: 100}},
			}),
		}),
	}
)

// script is the source code of a script.
var script = Field{Type: String, Plain: true, Min: 1}

// signatureAlgorithms are the algorithms of a provider's ID tokens, and of the assertions that are sent to it.
var signatureAlgorithms = []string{"ES256", "ES384", "PS256", "PS384", "RS256", "RS384", "RS512"}

// commonOptions are the options that are checked for every strategy, Auth0:
// api/management/v2/connections/post-connections.
var commonOptions = Fields{
	"validation": {Type: Object, Nullable: true, Fields: Fields{"username": orNull(Fields{
		"min": {Type: Integer, Min: 1, Max: 128}, "max": {Type: Integer, Min: 1, Max: 128},
	})}},
	"non_persistent_attrs": {Type: Array, Nullable: true, Item: &text},
	"precedence":           {Type: Array, Min: 3, Ordered: true, Item: oneOf("email", "phone_number", "username")},
	"attributes": {Type: Object, Min: 1, Fields: Fields{
		"email":        identifying(Fields{"unique": flag, "verification_method": chosen("link", "code", "otp")}),
		"phone_number": identifying(nil),
		"username": identifying(Fields{"validation": {Type: Object, Open: true, Fields: Fields{
			"min_length": {Type: Integer, Min: 1}, "max_length": {Type: Integer, Min: 1}, "allowed_types": {Type: Object, Open: true, Fields: Fields{"email": flag, "phone_number": flag}},
		}}}),
	}},
	"disable_signup": {Type: Bool, Nullable: true, Plain: true}, "requires_username": {Type: Bool, Nullable: true, Plain: true},
	"brute_force_protection": {Type: Bool, Nullable: true, Plain: true}, "mfa": {Type: Object, Nullable: true, Open: true, Plain: true},
	"enable_script_context": flag, "enabledDatabaseCustomization": flag, "import_mode": flag,
	"configuration": {Type: Object, Nullable: true, Item: &Field{Type: String, Nullable: true, Secret: true}},
	"customScripts": {Type: Object, Plain: true, Open: true, Fields: Fields{
		"login": script, "get_user": script, "delete": script, "change_password": script, "verify": script, "create": script,
		"change_username": script, "change_email": script, "change_phone_number": script,
	}},
	"authentication_methods": orNull(Fields{
		"password": plainly(Fields{"enabled": flag, "api_behavior": chosen("required", "optional"), "signup_behavior": chosen("allow", "block")}),
		"passkey":  enabled, "email_otp": enabled, "phone_otp": enabled,
	}),
	"passkey_options": orNull(Fields{
		"challenge_ui": chosen("both", "autofill", "button"), "progressive_enrollment_enabled": flag, "local_enrollment_enabled": flag,
	}),
	"api_enable_users": flag, "api_enable_groups": flag, "basic_profile": flag, "ext_admin": flag, "ext_is_suspended": flag, "ext_agreed_terms": flag,
	"ext_groups": flag, "ext_assigned_plans": flag, "ext_profile": flag, "disable_self_service_change_password": {Type: Bool, Plain: true},
	"upstream_params": {Type: Object, Nullable: true, Item: &Field{Type: Object, OneOf: func() []Field {
		return []Field{
			{Type: Object, Fields: Fields{"alias": {Type: String, Enum: []string{
				"acr_values", "audience", "client_id", "display", "id_token_hint", "login_hint", "max_age", "prompt", "resource", "response_mode",
				"response_type", "ui_locales",
			}}}},
			{Type: Object, Fields: Fields{"value": text}},
		}
	}}},
	"set_user_root_attributes": {Type: String, Enum: []string{"on_each_login", "on_first_login", "never_on_login"}},
	"gateway_authentication": {Type: Object, Nullable: true, Open: true, Fields: Fields{
		"method": text, "subject": text, "audience": text, "secret": secretText, "secret_base64_encoded": {Type: Bool, Plain: true},
	}},
	"federated_connections_access_tokens": orNull(Fields{"active": flag}),
	"assertion_decryption_settings": plainly(Fields{
		"algorithm_profile": {Type: String, Required: true, Enum: []string{"v2026-1"}}, "algorithm_exceptions": {Type: Array, Item: &Field{Type: String, Min: 1, Max: 100}},
	}),
	"id_token_signed_response_algs":   {Type: Array, Nullable: true, Plain: true, Item: oneOf(signatureAlgorithms...)},
	"token_endpoint_auth_method":      {Type: String, Nullable: true, Plain: true, Enum: []string{"client_secret_post", "private_key_jwt"}},
	"token_endpoint_auth_signing_alg": {Type: String, Nullable: true, Plain: true, Enum: signatureAlgorithms},
	"token_endpoint_jwtca_aud_format": chosen("issuer", "token_endpoint"), "dpop_signing_alg": chosen("ES256", "ES384", "ES512", "Ed25519"),
	"enable_pushed_authorization_requests": {Type: Bool, Nullable: true, Plain: true}, "useOauthSpecScope": {Type: Bool, Nullable: true, Plain: true},
	"pushed_authorization_request_endpoint": {Type: String, Nullable: true, Plain: true},
	"id_token_session_expiry_supported":     {Type: Bool, Nullable: true, Plain: true},
	"oidc_metadata":                         providerMetadata(),
}

// providerMetadata describes the metadata of an OpenID provider, OpenID Connect Discovery 1.0 section 3. Other members are
// accepted and not checked.
func providerMetadata() Field {
	list, yesOrNo := Field{Type: Array, Nullable: true, Plain: true, Item: &text}, Field{Type: Bool, Nullable: true}
	fields := Fields{
		"claims_parameter_supported": yesOrNo, "request_parameter_supported": yesOrNo, "request_uri_parameter_supported": yesOrNo,
		"require_request_uri_registration": yesOrNo, "require_pushed_authorization_requests": yesOrNo,
	}
	for of := range strings.FieldsSeq(`scopes response_modes response_types grant_types acr_values subject_types id_token_signing_alg_values
		id_token_encryption_alg_values id_token_encryption_enc_values userinfo_signing_alg_values userinfo_encryption_alg_values
		userinfo_encryption_enc_values request_object_signing_alg_values request_object_encryption_alg_values request_object_encryption_enc_values
		token_endpoint_auth_methods token_endpoint_auth_signing_alg_values display_values claim_types claims claims_locales ui_locales
		dpop_signing_alg_values code_challenge_methods`) {
		fields[of+"_supported"] = list
	}
	for name := range strings.FieldsSeq(`issuer authorization_endpoint token_endpoint userinfo_endpoint jwks_uri registration_endpoint
		service_documentation op_policy_uri op_tos_uri end_session_endpoint pushed_authorization_request_endpoint`) {
		fields[name] = Field{Type: String, Nullable: true, Plain: true}
	}
	return Field{Type: Object, Nullable: true, Open: true, Plain: true, Fields: fields}
}

// identifying describes an attribute of a database's users: whether it is an identifier, which method users log in with
// by default, and whether it is asked for and verified at sign-up.
func identifying(more Fields) Field {
	return withFields(Field{Type: Object, Open: true, Plain: true, Fields: Fields{
		"identifier":       {Type: Object, Open: true, Plain: true, Fields: Fields{"active": flag, "default_method": chosen("password", "email_otp", "phone_otp")}},
		"profile_required": flag,
		"signup": {Type: Object, Open: true, Plain: true, Fields: Fields{
			"status": chosen("required", "optional", "inactive"), "verification": {Type: Object, Open: true, Fields: Fields{"active": flag}},
		}},
	}}, more)
}
