package resource

import (
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// missing is Auth0's answer for an id that is none.
func missing(code, message string) *apierr.Error {
	return &apierr.Error{Status: http.StatusNotFound, Message: message, Extra: errorCode(code)}
}

// taken is Auth0's answer for a value that another resource has.
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
	text     = Field{Type: String}
	flag     = Field{Type: Bool}
	number   = Field{Type: Integer}
	object   = Field{Type: Object}
	list     = Field{Type: Array}
	texts    = Field{Type: Array, Item: &text}
	onlyRead = Field{Access: ReadOnly}
)

// Clients is Auth0: api/management/v2/clients.
var Clients = &Kind{
	Name: "clients", ID: "client_id", NewID: ClientID,
	Open: true, // clients grow members faster than their description
	Fields: Fields{
		"client_id": {Type: String, Access: ReadOnly}, "tenant": onlyRead, "global": {Type: Bool, Access: ReadOnly, Default: false},
		"signing_keys": onlyRead, "jwks_uri": onlyRead, "callback_url_template": {Type: Bool, Access: ReadOnly, Default: false},
		"external_client_id": onlyRead, "external_metadata_type": onlyRead, "external_metadata_created_by": onlyRead,
		"name":        {Type: String, Required: true, Min: 1},
		"description": {Type: String, Max: 140}, "client_secret": {Type: String, Min: 1},
		"logo_uri": text, "callbacks": texts, "allowed_origins": texts, "web_origins": texts, "client_aliases": texts,
		"allowed_clients": texts, "allowed_logout_urls": texts, "grant_types": texts,
		"app_type": {Type: String, Enum: []string{
			"native", "spa", "regular_web", "non_interactive", "resource_server", "express_configuration", "rms", "box",
			"cloudbees", "concur", "dropbox", "mscrm", "echosign", "egnyte", "newrelic", "office365", "salesforce", "sentry",
			"sharepoint", "slack", "springcm", "zendesk", "zoom", "sso_integration", "oag",
		}},
		"is_first_party":                      {Type: Bool, Default: true},
		"oidc_conformant":                     flag,
		"sso_disabled":                        {Type: Bool, Default: false},
		"cross_origin_authentication":         {Type: Bool, Default: false},
		"custom_login_page_on":                {Type: Bool, Default: true},
		"is_token_endpoint_ip_header_trusted": {Type: Bool, Default: false},
		"token_endpoint_auth_method":          {Type: String, Nullable: true, Enum: []string{"none", "client_secret_post", "client_secret_basic"}},
		"jwt_configuration": {Type: Object, Open: true, Fields: Fields{
			"alg": {Type: String, Enum: []string{"HS256", "RS256", "RS512", "PS256"}}, "lifetime_in_seconds": {Type: Integer, Max: 2592000},
			"secret_encoded": flag, "scopes": object,
		}},
		"refresh_token": {Type: Object, Nullable: true, Open: true, Fields: Fields{
			"rotation_type":   {Type: String, Required: true, Enum: []string{"rotating", "non-rotating"}},
			"expiration_type": {Type: String, Required: true, Enum: []string{"expiring", "non-expiring"}},
			"leeway":          number, "token_lifetime": {Type: Integer, Min: 1, Max: 157788000}, "idle_token_lifetime": {Type: Integer, Min: 1, Max: 157788000},
			"infinite_token_lifetime": flag, "infinite_idle_token_lifetime": flag,
		}},
		"client_metadata": {Type: Object}, "addons": object, "mobile": object, "initiate_login_uri": text,
		"organization_usage":                    {Type: String, Nullable: true, Enum: []string{"deny", "allow", "require"}},
		"organization_require_behavior":         {Type: String, Nullable: true, Enum: []string{"no_prompt", "pre_login_prompt", "post_login_prompt"}},
		"client_authentication_methods":         {Type: Object, Nullable: true},
		"require_pushed_authorization_requests": flag,
		"resource_server_identifier":            {Type: String, Access: CreateOnly},
	},
	Merged: []string{
		"client_metadata", "jwt_configuration", "mobile", "native_social_login", "signed_request_object", "session_transfer", "oidc_logout",
	},
	Complete: completeClient,
	Missing:  missing("inexistent_client", "The client does not exist"),
}

// completeClient fills in what depends on the application's type.
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

// CompleteClientParts fills in the parts of a client that have defaults of their
// own once they are there, for a new client and for a changed one.
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

// completeThirdParty fills in what applications of others have, Auth0:
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
	set(doc, "refresh_token", storage.Document{
		"rotation_type": "non-rotating", "expiration_type": "expiring", "infinite_token_lifetime": true, "infinite_idle_token_lifetime": false,
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

// Credentials is Auth0: api/management/v2/clients/credentials.
var Credentials = &Kind{
	Name: "credentials", ID: "id", NewID: Prefixed("cred_", 22), Open: true,
	Fields: Fields{
		"id": onlyRead, "created_at": onlyRead, "updated_at": onlyRead, "thumbprint_sha256": onlyRead,
		"credential_type": {Type: String, Required: true, Access: CreateOnly, Enum: []string{"public_key", "cert_subject_dn", "x509_cert"}},
		"name":            {Type: String, Access: CreateOnly, Max: 128},
		"pem":             {Type: String, Access: CreateOnly},
		"alg":             {Type: String, Access: CreateOnly, Default: "RS256", Enum: []string{"RS256", "RS384", "PS256"}},
		"kid":             {Type: String, Access: CreateOnly},
		"subject_dn":      {Type: String, Access: CreateOnly}, "parse_expiry_from_cert": {Type: Bool, Access: CreateOnly},
		"expires_at": {Type: String, Nullable: true},
	},
	Created: "created_at", Updated: "updated_at",
	Missing: missing("inexistent_client_credential", "The credential does not exist"),
}
