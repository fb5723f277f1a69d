package resource

// The parts of an application that are objects of their own, Auth0: api/management/v2/clients/post-clients.

// tokenQuota limits how many tokens are issued, Auth0:
// troubleshoot/customer-support/operational-policies/rate-limit-policy.
var tokenQuota = Field{Type: Object, Nullable: true, Plain: true, Fields: Fields{"client_credentials": {
	Type: Object, Required: true, Min: 1, Fields: Fields{
		"enforce": flag, "per_day": {Type: Integer, Min: 1}, "per_hour": {Type: Integer, Min: 1},
	},
}}}

// clientMetadataNames matches the names that members of client_metadata may have.
var clientMetadataNames = Like(`^[A-Za-z0-9:,\-+=_*?"/\\()<>@\t ]{1,255}$`)

// refreshPolicy names another API that a refresh token can be used for, Auth0:
// secure/tokens/refresh-tokens/multi-resource-refresh-token.
var refreshPolicy = Field{Type: Object, Fields: Fields{
	"audience": {Type: String, Required: true, Min: 1, Max: 600},
	"scope":    {Type: Array, Required: true, Item: &Field{Type: String, Min: 1, Max: maxScope}},
}}

// sessionTransfer describes the member session_transfer, Auth0: authenticate/single-sign-on/native-to-web.
var sessionTransfer = Field{Type: Object, Nullable: true, Fields: Fields{
	"can_create_session_transfer_token": flag, "enforce_cascade_revocation": flag, "allow_refresh_token": flag, "enforce_online_refresh_tokens": flag,
	"allowed_authentication_methods": {Type: Array, Nullable: true, Item: oneOf("cookie", "query")},
	"enforce_device_binding":         {Type: String, Enum: []string{"ip", "asn", "none"}},
	"delegation": {Type: Object, Nullable: true, Fields: Fields{
		"allow_delegated_access": flag, "enforce_device_binding": {Type: String, Enum: []string{"ip", "asn"}},
	}},
}}

// backchannelLogout describes the member oidc_logout, Auth0: authenticate/login/logout/back-channel-logout.
var backchannelLogout = Field{Type: Object, Open: true, Fields: Fields{
	"backchannel_logout_urls": texts,
	"backchannel_logout_initiators": {Type: Object, Open: true, Fields: Fields{
		"mode": {Type: String, Enum: []string{"custom", "all"}},
		"selected_initiators": {Type: Array, Item: oneOf(
			"rp-logout", "idp-logout", "password-changed", "session-expired", "session-revoked", "account-deleted", "email-identifier-changed",
			"mfa-phone-unenrolled", "account-deactivated", "profile-changed",
		)},
	}},
	"backchannel_logout_session_metadata": {Type: Object, Nullable: true, Open: true, Fields: Fields{"include": flag}},
}}

// oidcSupport describes the member oidc_support, Auth0: api/management/v2/clients/post-clients.
var oidcSupport = Field{Type: Object, Nullable: true, Plain: true, Fields: Fields{
	"is_allowed": {Type: Bool, Required: true}, "allow_all_scopes": flag,
	"allowed_scopes": {Type: Array, Item: oneOf("profile", "email", "address", "phone")},
}}

// nativeSocialLogin says which social networks' tokens an application may exchange.
var nativeSocialLogin = Field{Type: Object, Min: 1, Fields: Fields{"apple": exchanged, "facebook": exchanged, "google": exchanged}}

var exchanged = Field{Type: Object, Min: 1, Fields: Fields{"enabled": flag}}

// authenticationMethods are the keys and certificates that an application authenticates with, by a single
// method.
var authenticationMethods = Field{Type: Object, Nullable: true, Plain: true, Min: 1, Max: 1, Fields: Fields{
	"private_key_jwt": withCredentials, "tls_client_auth": withCredentials, "self_signed_tls_client_auth": withCredentials,
}}

// credentialReference is the id of a credential, or a new credential. It accepts all members that answers
// contain, so that an answer can be sent back in a change.
var credentialReference = Field{Type: Object, Open: true, Fields: Fields{
	"id": {Type: String}, "name": {Type: String}, "kid": {Type: String}, "alg": {Type: String}, "pem": {Type: String},
	"credential_type": {Type: String}, "subject_dn": {Type: String}, "parse_expiry_from_cert": {Type: Bool}, "expires_at": {Type: String, Nullable: true},
}}

// withCredentials lists credentials of the application. New ones are checked by the kind Credentials.
var withCredentials = Field{Type: Object, Fields: Fields{"credentials": {Type: Array, Required: true, Plain: true, Item: &credentialReference}}}

var signedRequests = Field{Type: Object, Plain: true, Fields: Fields{
	"required": flag, "credentials": {Type: Array, Plain: true, Item: &credentialReference},
}}

// requestObjects describes the member tenant0_request_objects, which is not Auth0's: the metadata request_uris and
// request_object_signing_alg of OpenID Connect Dynamic Client Registration section 2.
var requestObjects = Field{Type: Object, Fields: Fields{
	"request_uris": {Type: Array, Item: &Field{Type: String, Min: 1, Format: "absolute-uri-or-empty"}},
	"signing_alg":  {Type: String, Enum: []string{"RS256", "RS384", "PS256", "PS384", "ES256", "ES384"}},
}}

// myOrganization describes the member my_organization_configuration, Auth0: manage-users/my-organization-api.
var myOrganization = Field{Type: Object, Nullable: true, Open: true, Fields: Fields{
	"connection_profile_id": text, "user_attribute_profile_id": text, "invitation_landing_client_id": text,
	"third_party_client_access": {Type: Object, Nullable: true, Fields: Fields{
		"default_value": {Type: String, Required: true, Enum: []string{"block"}}, "allowed_values": {Type: Array, Required: true, Item: oneOf("allow", "block")},
	}},
	"allowed_strategies": {
		Type: Array, Required: true, Item: oneOf("pingfederate", "adfs", "waad", "google-apps", "okta", "oidc", "samlp"),
	},
	"connection_deletion_behavior": {Type: String, Required: true, Enum: []string{"allow", "allow_if_empty"}},
}}

// expressConfiguration describes how administrators of Okta add an application to their directory.
var expressConfiguration = Field{Type: Object, Nullable: true, Fields: Fields{
	"initiate_login_uri_template": {Type: String, Required: true}, "user_attribute_profile_id": {Type: String, Required: true},
	"connection_profile_id": {Type: String, Required: true}, "enable_client": {Type: Bool, Required: true}, "enable_organization": {Type: Bool, Required: true},
	"linked_clients":     {Type: Array, Item: &Field{Type: Object, Fields: Fields{"client_id": {Type: String, Required: true}}}},
	"okta_oin_client_id": {Type: String, Required: true}, "admin_login_domain": {Type: String, Required: true, Min: 1}, "oin_submission_id": {Type: String, Min: 1, Max: 200},
}}

var b2bIntegration = Field{Type: Object, Nullable: true, Fields: Fields{
	"sso_profiles": texts, "integration_type": {Type: String, Enum: []string{"custom_auth_server", "third_party", "application"}},
}}

// privilegedAccess is for workers that get users' tokens from Token Vault. Its keys are public keys.
var privilegedAccess = Field{Type: Object, Nullable: true, Plain: true, Fields: Fields{
	"credentials": {Type: Array, Required: true, Plain: true, Item: &credentialReference}, "ip_allowlist": {Type: Array, Nullable: true, Item: &text},
	"grants": {Type: Array, Nullable: true, Item: &Field{Type: Object, Plain: true, Fields: Fields{
		"connection": {Type: String, Required: true}, "scopes": {Type: Array, Required: true, Item: &text},
	}}},
}}

// mobile holds the ids of an application's mobile apps.
var mobile = Field{Type: Object, Open: true, Fields: Fields{
	"android": {Type: Object, Open: true, Fields: Fields{
		"app_package_name": text, "sha256_cert_fingerprints": {Type: Array, Plain: true, Item: &Field{Type: String, Min: 1}},
	}},
	"ios": {Type: Object, Open: true, Fields: Fields{"team_id": text, "app_bundle_identifier": text}},
}}

// addon describes the settings of an add-on, with those of its members that are known.
func addon(known Fields) Field { return Field{Type: Object, Open: true, Fields: known} }

// addons are the settings of protocols other than OpenID Connect. Only the add-ons that Auth0 has are accepted;
// each may have more members.
var addons = Field{Type: Object, Fields: Fields{
	"aws": addon(Fields{"principal": text, "role": text, "lifetime_in_seconds": {Type: Integer, Min: 900, Max: 43200}}),
	"azure_blob": addon(Fields{
		"accountName":      {Type: String, Pattern: Like("^([a-z0-9]){3,24}$")},
		"storageAccessKey": secretText,
		"containerName":    {Type: String, Pattern: Like("^([a-z0-9]){1}([a-z0-9-]){2,62}$")}, "blobName": {Type: String, Min: 1, Max: 1024},
		"expiration": number, "signedIdentifier": text, "blob_read": flag, "blob_write": flag, "blob_delete": flag, "container_read": flag,
		"container_write": flag, "container_delete": flag, "container_list": flag,
	}),
	"azure_sb": addon(Fields{"namespace": text, "sasKeyName": plainText, "sasKey": secretText, "entityPath": text, "expiration": number}),
	"box":      addon(nil), "cloudbees": addon(nil), "concur": addon(nil), "dropbox": addon(nil), "wsfed": addon(nil),
	"sso_integration": addon(Fields{"name": text, "version": text}), "oag": {Type: Object, Nullable: true, Open: true},
	"echosign": addon(Fields{"domain": text}), "egnyte": addon(Fields{"domain": text}), "newrelic": addon(Fields{"account": text}),
	"firebase": addon(Fields{
		"secret": secretText, "private_key_id": plainText, "private_key": secretText, "client_email": text, "lifetime_in_seconds": number,
	}),
	"layer": addon(Fields{
		"providerId": {Type: String, Required: true}, "keyId": {Type: String, Required: true, Plain: true},
		"privateKey": {Type: String, Required: true, Secret: true}, "principal": text, "expiration": number,
	}),
	"mscrm":     addon(Fields{"url": {Type: String, Required: true, Format: "uri"}}),
	"rms":       addon(Fields{"url": {Type: String, Required: true, Format: "uri"}}),
	"office365": addon(Fields{"domain": text, "connection": text}), "salesforce": addon(Fields{"entity_id": text}),
	"salesforce_api": addon(salesforceAPI), "salesforce_sandbox_api": addon(salesforceAPI),
	"samlp": addon(Fields{
		"signingCert": notSecret, "signingKey": secret, "privateKey": secret, "mappings": object, "audience": text, "recipient": text,
		"createUpnClaim": flag, "mapUnknownClaimsAsIs": flag, "passthroughClaimsWithNoMapping": flag, "mapIdentities": flag,
		"signatureAlgorithm": text, "digestAlgorithm": text, "issuer": text, "destination": text, "lifetimeInSeconds": number, "signResponse": flag,
		"nameIdentifierFormat": text, "nameIdentifierProbes": words, "authnContextClassRef": text,
	}),
	"sap_api": addon(Fields{
		"servicePassword": secretText, "tokenEndpointUrl": plainText, "clientid": text, "usernameAttribute": text, "scope": text, "nameIdentifierFormat": text,
	}),
	"sentry": addon(Fields{"org_slug": text, "base_url": text}), "sharepoint": addon(Fields{
		"url": text, "external_url": {OneOf: func() []Field { return []Field{text, texts} }},
	}),
	"slack": addon(Fields{"team": {Type: String, Required: true}}), "springcm": addon(Fields{"acsurl": text}),
	"wams": addon(Fields{"masterkey": secretText}), "zendesk": addon(Fields{"accountName": text}), "zoom": addon(Fields{"account": text}),
}}

var (
	plainText     = Field{Type: String, Plain: true}
	secretText    = Field{Type: String, Secret: true}
	salesforceAPI = Fields{"clientid": text, "principal": text, "communityName": text, "community_url_section": text}
)
