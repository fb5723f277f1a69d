package resource

import (
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// missing returns Auth0's error for an unknown id.
func missing(code, message string) *apierr.Error {
	return &apierr.Error{Status: http.StatusNotFound, Message: message, Extra: errorCode(code)}
}

// taken returns Auth0's error for a value that another object already has.
func taken(code, message string) *apierr.Error {
	return &apierr.Error{Status: http.StatusConflict, Message: message, Extra: errorCode(code)}
}

func errorCode(code string) map[string]any {
	if code == "" {
		return nil
	}
	return map[string]any{"errorCode": code}
}

var (
	text = Field{Type: String}
	// metadataValue is a value in metadata; null removes it.
	metadataValue = Field{Type: String, Nullable: true, Max: 255}
	flag          = Field{Type: Bool}
	number        = Field{Type: Integer}
	object        = Field{Type: Object}
	// secret is a secret, notSecret is no secret although its name looks like
	// one. Their values are not checked.
	secret    = Field{Secret: true}
	notSecret = Field{Plain: true}
	// plainTextOrNull is a text without a secret, beside members that are
	// secrets.
	plainTextOrNull = Field{Type: String, Nullable: true, Plain: true}
	texts           = Field{Type: Array, Item: &text}
	words           = Field{Type: Array, Item: &Field{Type: String, Min: 1}}
	readOnly        = Field{Access: ReadOnly}
)

// oneOf describes a text that is one of the given ones.
func oneOf(texts ...string) *Field { return &Field{Type: String, Enum: texts} }

// urls describes a list of URLs in a format.
func urls(format string) Field { return Field{Type: Array, Item: &Field{Type: String, Format: format}} }

// shownOnly is readOnly for members that look like secrets but are none.
var shownOnly = Field{Access: ReadOnly, Plain: true}

// Clients describes the resource of Auth0: api/management/v2/clients.
var Clients = &Kind{
	Name: "clients", ID: "client_id", NewID: ClientID, Min: 1,
	Fields: Fields{
		"client_id": {Type: String, Access: ReadOnly}, "tenant": readOnly, "global": {Type: Bool, Access: ReadOnly, Default: false},
		"signing_keys": shownOnly, "jwks_uri": readOnly, "callback_url_template": {Type: Bool, Access: ReadOnly, Default: false},
		"external_client_id": readOnly, "external_metadata_type": readOnly, "external_metadata_created_by": readOnly,
		"owners": readOnly, "encrypted": readOnly,

		"name":        {Type: String, Required: true, Pattern: Like("^[^<>]+$")},
		"description": {Type: String, Max: 140}, "client_secret": {Type: String, Min: 1, Secret: true},
		"logo_uri":  {Type: String, Format: "absolute-uri-or-empty"},
		"callbacks": urls("callback-url"), "allowed_origins": urls("url-with-placeholders"), "web_origins": urls("url-with-placeholders"),
		"allowed_logout_urls": urls("url-with-placeholders"), "client_aliases": words, "allowed_clients": words, "grant_types": words,
		"app_type": {Type: String, Enum: []string{
			"native", "spa", "regular_web", "non_interactive", "resource_server", "express_configuration", "rms", "box",
			"cloudbees", "concur", "dropbox", "mscrm", "echosign", "egnyte", "newrelic", "office365", "salesforce", "sentry",
			"sharepoint", "slack", "springcm", "zendesk", "zoom", "sso_integration", "oag",
		}},
		"is_first_party":                      {Type: Bool, Default: true},
		"oidc_conformant":                     flag,
		"sso":                                 flag,
		"sso_disabled":                        {Type: Bool, Default: false},
		"cross_origin_authentication":         {Type: Bool, Default: false},
		"cross_origin_auth":                   flag,
		"cross_origin_loc":                    {Type: String, Format: "absolute-uri-or-empty"},
		"custom_login_page_on":                {Type: Bool, Default: true},
		"custom_login_page":                   text,
		"custom_login_page_preview":           text,
		"form_template":                       text,
		"is_token_endpoint_ip_header_trusted": {Type: Bool, Default: false},
		"token_endpoint_auth_method":          {Type: String, Nullable: true, Enum: []string{"none", "client_secret_post", "client_secret_basic"}},
		"jwt_configuration": {Type: Object, Open: true, Fields: Fields{
			"alg": {Type: String, Enum: []string{"HS256", "RS256", "RS512", "PS256"}}, "lifetime_in_seconds": {Type: Integer, Max: 2592000},
			"secret_encoded": flag, "scopes": object,
		}},
		"refresh_token": {Type: Object, Nullable: true, Fields: Fields{
			"rotation_type":   {Type: String, Required: true, Enum: []string{"rotating", "non-rotating"}},
			"expiration_type": {Type: String, Required: true, Enum: []string{"expiring", "non-expiring"}},
			"leeway":          number, "token_lifetime": {Type: Integer, Min: 1, Max: 157788000}, "idle_token_lifetime": {Type: Integer, Min: 1, Max: 157788000},
			"infinite_token_lifetime": flag, "infinite_idle_token_lifetime": flag, "policies": {Type: Array, Nullable: true, Min: 1, Item: &refreshPolicy},
		}},
		"client_metadata": {Type: Object, Max: 10, Names: clientMetadataNames, Item: &metadataValue}, "addons": addons, "mobile": mobile,
		"native_social_login": nativeSocialLogin,
		"encryption_key":      {Type: Object, Nullable: true, Plain: true, Open: true, Fields: Fields{"pub": plainText, "cert": plainText, "subject": text}}, // public
		"initiate_login_uri":  {Type: String, Format: "absolute-https-uri-with-placeholders-or-empty"},
		"default_organization": {Type: Object, Nullable: true, Fields: Fields{
			"organization_id": {Type: String, Required: true, Min: 1}, "flows": {Type: Array, Required: true, Item: &Field{Type: String, Enum: []string{"client_credentials"}}},
		}},
		"anonymous_sessions":                    {Type: Object, Nullable: true, Fields: Fields{"active": {Type: Bool, Required: true}}},
		"b2b_integration_configuration":         b2bIntegration,
		"organization_usage":                    {Type: String, Nullable: true, Enum: []string{"deny", "allow", "require"}},
		"organization_require_behavior":         {Type: String, Nullable: true, Enum: []string{"no_prompt", "pre_login_prompt", "post_login_prompt"}},
		"organization_discovery_methods":        {Type: Array, Nullable: true, Min: 1, Item: &Field{Type: String, Enum: []string{"email", "organization_name"}}},
		"client_authentication_methods":         authenticationMethods,
		"require_pushed_authorization_requests": flag,
		"require_proof_of_possession":           flag,
		"signed_request_object":                 signedRequests,
		"compliance_level":                      {Type: String, Nullable: true, Enum: []string{"none", "fapi1_adv_pkj_par", "fapi1_adv_mtls_par", "fapi2_sp_pkj_mtls", "fapi2_sp_mtls_mtls"}},
		"oidc_logout":                           backchannelLogout, "oidc_backchannel_logout": backchannelLogout, "session_transfer": sessionTransfer,
		"skip_non_verifiable_callback_uri_confirmation_prompt": {Type: Bool, Nullable: true},
		"token_exchange": {Type: Object, Nullable: true, Plain: true, Fields: Fields{
			"allow_any_profile_of_type": {Type: Array, Item: oneOf("custom_authentication", "on_behalf_of_token_exchange")},
		}},
		"par_request_expiry":         {Type: Integer, Nullable: true, Min: 10, Max: 600},
		"token_quota":                tokenQuota,
		"express_configuration":      expressConfiguration,
		"resource_server_identifier": {Type: String, Access: CreateOnly, Min: 1, Max: 600},
		"third_party_security_mode":  {Type: String, Enum: []string{"strict", "permissive"}},
		"redirection_policy":         {Type: String, Enum: []string{"allow_always", "open_redirect_protection"}},

		"async_approval_notification_channels":          {Type: Array, Nullable: true, Min: 1, Item: oneOf("guardian-push", "email", "my-account")},
		"enforce_anon_session_transfer_network_binding": {Type: String, Nullable: true, Enum: []string{"ip", "asn", "none"}},
		"oidc_support":                           oidcSupport,
		"my_organization_configuration":          myOrganization,
		"fedcm_login":                            {Type: Object, Nullable: true, Fields: Fields{"google": {Type: Object, Nullable: true, Fields: Fields{"is_enabled": flag}}}},
		"identity_assertion_authorization_grant": {Type: Object, Nullable: true, Plain: true, Fields: Fields{"active": {Type: Bool, Required: true}}},
		"token_vault_privileged_access":          privilegedAccess,

		// These are not Auth0's.
		"tenant0_standard_answers": flag, "tenant0_userinfo_signed_response_alg": {Type: String, Enum: []string{"RS256"}},
		"tenant0_request_objects": requestObjects,
	},
	Merged: []string{
		"client_metadata", "jwt_configuration", "mobile", "native_social_login", "signed_request_object", "session_transfer", "oidc_logout",
	},
	Complete: completeClient,
	Missing:  missing("inexistent_client", "The client does not exist"),
}

// ClientDocument is a body that names a Client ID Metadata Document, and the response that says what is in it.
var ClientDocument = &Kind{Fields: Fields{
	"external_client_id": {Type: String, Required: true}, "mapped_fields": shownOnly, "validation": shownOnly, "errors": readOnly, "client_id": readOnly,
}}

// completeClient fills in defaults that depend on the application's type.
func completeClient(doc storage.Document, _ time.Time) {
	appType, _ := doc["app_type"].(string)
	if doc["is_first_party"] == false {
		completeThirdParty(doc)
	}
	method, _ := doc["token_endpoint_auth_method"].(string)
	switch appType {
	case "spa", "native":
		set(doc, "grant_types", []any{"authorization_code", "implicit", "refresh_token"})
	case "resource_server":
		set(doc, "oidc_conformant", true)
		set(doc, "grant_types", []any{})
		set(doc, "jwt_configuration", storage.Document{"alg": "RS256", "secret_encoded": false})
	case "express_configuration":
		set(doc, "grant_types", []any{"authorization_code", "client_credentials"})
		set(doc, "jwt_configuration", storage.Document{"alg": "RS256", "secret_encoded": false})
		doc["oidc_conformant"] = true
		set(doc, "callbacks", []any{"https://system-admin.okta.com/admin/app/generic/oauth20redirect"})
		set(doc, "organization_usage", "require")
		set(doc, "organization_require_behavior", "pre_login_prompt")
		set(doc, "client_authentication_methods", storage.Document{"private_key_jwt": storage.Document{"credentials": []any{}}})
	default:
		set(doc, "grant_types", []any{"authorization_code", "implicit", "refresh_token", "client_credentials"})
	}
	set(doc, "oidc_conformant", false)
	completeRefreshToken(doc, appType == "non_interactive" || appType == "regular_web" || (appType == "" && method == "client_secret_post"))
	if sent, ok := doc["jwt_configuration"].(storage.Document); ok {
		set(sent, "secret_encoded", false)
	}
	set(doc, "jwt_configuration", storage.Document{"lifetime_in_seconds": 36000, "secret_encoded": false})
	CompleteClientParts(doc)
}

// CompleteClientParts fills in the defaults within parts of a client that exist
// only if they were sent. It is used for new and for changed clients.
func CompleteClientParts(doc storage.Document) {
	if transfer, ok := doc["session_transfer"].(storage.Document); ok {
		setAll(transfer, storage.Document{
			"can_create_session_transfer_token": false, "allow_refresh_token": false, "allowed_authentication_methods": []any{},
			"enforce_device_binding": "ip", "enforce_cascade_revocation": true, "enforce_online_refresh_tokens": true,
		})
	}
	if social, ok := doc["native_social_login"].(storage.Document); ok {
		for _, name := range []string{"apple", "facebook", "google"} {
			set(social, name, storage.Document{"enabled": false})
		}
	}
}

// completeThirdParty fills in the defaults of third-party applications, Auth0:
// get-started/applications/third-party-applications/security-controls.
func completeThirdParty(doc storage.Document) {
	set(doc, "third_party_security_mode", "permissive")
	set(doc, "oidc_conformant", true)
	if doc["third_party_security_mode"] != "strict" {
		set(doc, "refresh_token", storage.Document{
			"rotation_type": "rotating", "expiration_type": "expiring", "infinite_token_lifetime": false, "infinite_idle_token_lifetime": false,
		})
		return
	}
	rotation := "non-rotating"
	if doc["token_endpoint_auth_method"] == "none" || doc["app_type"] == "spa" || doc["app_type"] == "native" {
		rotation = "rotating"
	}
	set(doc, "refresh_token", storage.Document{
		"rotation_type": rotation, "expiration_type": "expiring", "infinite_token_lifetime": true, "infinite_idle_token_lifetime": false,
	})
	set(doc, "grant_types", []any{"authorization_code"})
	set(doc, "redirection_policy", "open_redirect_protection")
	set(doc, "jwt_configuration", storage.Document{"alg": "RS256", "lifetime_in_seconds": 3600, "secret_encoded": false})
}

func completeRefreshToken(doc storage.Document, confidential bool) {
	lifetime, idle := 2592000, 1296000
	if confidential {
		lifetime, idle = 31557600, 2592000
	}
	sent, ok := doc["refresh_token"].(storage.Document)
	if !ok {
		sent = storage.Document{}
		doc["refresh_token"] = sent
	}
	expiring := sent["expiration_type"] == "expiring"
	setAll(sent, storage.Document{
		"rotation_type": "non-rotating", "expiration_type": "non-expiring", "leeway": 0,
		"token_lifetime": lifetime, "idle_token_lifetime": idle,
		"infinite_token_lifetime": !expiring, "infinite_idle_token_lifetime": !expiring,
	})
}

// Credentials describes the resource of Auth0: api/management/v2/clients/credentials.
var Credentials = &Kind{
	Name: "credentials", ID: "id", NewID: Prefixed("cred_", 22), Min: 1,
	Fields: Fields{
		"id": readOnly, "created_at": readOnly, "updated_at": readOnly, "thumbprint_sha256": readOnly,
		"credential_type": {Type: String, Required: true, Access: CreateOnly, Enum: []string{"public_key", "cert_subject_dn", "x509_cert"}},
		"name":            {Type: String, Access: CreateOnly, Max: 128},
		"pem":             {Type: String, Access: CreateOnly, Plain: true}, // a public key or a certificate
		"alg":             {Type: String, Access: CreateOnly, Enum: []string{"RS256", "RS384", "PS256"}},
		"kid":             {Type: String, Access: CreateOnly, Pattern: Like("^[0-9a-zA-Z_-]{10,64}$")},
		"subject_dn":      {Type: String, Access: CreateOnly, Min: 1, Max: 256}, "parse_expiry_from_cert": {Type: Bool, Access: CreateOnly},
		"expires_at": {Type: String, Nullable: true},
	},
	Created: "created_at", Updated: "updated_at",
	Missing: missing("inexistent_client_credential", "The credential does not exist"),
}
