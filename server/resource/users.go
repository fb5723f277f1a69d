package resource

// Users describes the resource of Auth0: api/management/v2/users. Package identity fills in the defaults
// of a new user.
var Users = &Kind{
	Name: "users", ID: "user_id",
	Fields: Fields{
		"user_id": {Type: String, Access: CreateOnly, Max: 255}, "connection": {Type: String, Required: true, Min: 1},
		"created_at": readOnly, "updated_at": readOnly, "identities": {Access: ReadOnly, Item: &identity}, "last_ip": readOnly, "last_login": readOnly,
		"logins_count": readOnly, "multifactor": readOnly,
		"email": {Type: String, Format: "email"}, "username": {Type: String, Min: 1, Max: 128}, "phone_number": {Type: String, Min: 1, Max: 30},
		"email_verified": flag, "phone_verified": flag, "verify_email": flag, "blocked": flag,
		"password": {Type: String, Min: 1, Secret: true}, "given_name": {Type: String, Min: 1, Max: 150, Nullable: true},
		"family_name": {Type: String, Min: 1, Max: 150, Nullable: true}, "name": {Type: String, Min: 1, Max: 300, Nullable: true},
		"nickname": {Type: String, Min: 1, Max: 300, Nullable: true}, "picture": {Type: String, Nullable: true, Format: "strict-uri", Doc: "A URI pointing to the user's picture"},
		"user_metadata": userMetadata, "app_metadata": appMetadata, "client_id": {Type: String, Access: UpdateOnly},
		"verify_phone_number": {Type: Bool, Access: UpdateOnly},
		"verify_password":     {Type: Bool, Access: UpdateOnly},
	},
	Merged:  []string{"user_metadata", "app_metadata"},
	Updated: "updated_at",
	Missing: missing("inexistent_user", "The user does not exist."),
	Taken:   taken("auth0_idp_error", "The user already exists."),
}

// identity is an identity of a user, with the tokens of its identity provider.
var identity = Field{Open: true, Fields: Fields{"access_token": secret, "access_token_secret": secret, "refresh_token": secret}}

// LinkedIdentity describes the request and the answer of Auth0: api/management/v2/users/post-identities. The
// request names the account to link, by its parts or by an ID token; the answer has the identities.
var LinkedIdentity = &Kind{Open: true, Fields: Fields{
	"provider": text, "connection_id": text, "user_id": {Type: Any}, "link_with": {Type: String, Secret: true},
	"access_token": secret, "access_token_secret": secret, "refresh_token": secret,
}}

// metadataOf describes a body that replaces the metadata of a session or a refresh token: an
// object of texts, or null to remove it.
func metadataOf(name string) *Kind {
	value := Field{Type: String, Max: 255}
	return &Kind{Min: 1, Fields: Fields{name: {Type: Object, Nullable: true, Max: 25, Names: Like(`^[A-Za-z0-9_-]{1,255}$`), Item: &value}}}
}

// DeviceCredentials describes the resource of Auth0: api/management/v2/device-credentials, limited to public keys.
var DeviceCredentials = &Kind{
	Name: "device-credentials", ID: "id", NewID: Prefixed("dcr_", 16),
	Fields: Fields{
		"id": readOnly, "user_id": readOnly,
		"device_name": {Type: String, Required: true, Min: 1}, "type": {Type: String, Required: true, Enum: []string{"public_key"}},
		"value": {Type: String, Required: true, Min: 1, Plain: true}, "device_id": {Type: String, Required: true, Max: 36, Pattern: Like("^[-A-Fa-f0-9]+$")}, "client_id": {Type: String, Min: 1},
	},
	Missing: missing("inexistent_device_credential", "The device credential does not exist."),
	Taken:   taken("device_credential_conflict", "The device has a public key already."),
}

// ConnectedAccounts are the accounts at identity providers that a user has connected, Auth0:
// api/management/v2/users/get-connected-accounts. Answers do not contain the providers'
// tokens.
var ConnectedAccounts = &Kind{
	Name: "connected-accounts", ID: "id", NewID: Prefixed("cac_", 22), Open: true,
	Fields: Fields{"tokens": {Type: Object, Secret: true}},
}

// RecoveryCode is the answer to a request for a new recovery code, Auth0:
// api/management/v2/users/post-recovery-code-regeneration.
var RecoveryCode = &Kind{Name: "users/recovery-code", Fields: Fields{"recovery_code": {Type: String, Secret: true}}}

// WebAuthnCredential is the member of an authentication method that holds a key which was
// registered with this server. Answers do not contain it.
const WebAuthnCredential = "webauthn_credential" //nolint:gosec // a name

// atCreation is a text that cannot be changed later.
var atCreation = Field{Type: String, Access: CreateOnly}

// AuthenticationMethods describes the resource of Auth0: api/management/v2/users/authentication-methods.
var AuthenticationMethods = &Kind{
	Name: "authentication-methods", ID: "id", NewID: Prefixed("", 20),
	Fields: Fields{
		"id": readOnly, "created_at": readOnly, "enrolled_at": readOnly, "last_auth_at": readOnly, "confirmed": {Type: Bool, Default: true},
		"type": {Type: String, Required: true, Access: CreateOnly, Enum: []string{"phone", "email", "totp", "webauthn-roaming", "webauthn-platform", "passkey"}},
		"name": text, "totp_secret": {Type: String, Access: CreateOnly, Secret: true}, "phone_number": {Type: String, Access: CreateOnly, Min: 2, Max: 30},
		"email": {Type: String, Access: CreateOnly, Format: "email"}, "preferred_authentication_method": {Type: String, Enum: []string{"sms", "voice"}},
		"key_id": {Type: String, Access: CreateOnly, Plain: true}, "public_key": {Type: String, Access: CreateOnly, Plain: true},
		"aaguid": atCreation, "relying_party_identifier": {Type: String, Access: CreateOnly, Format: "hostname"}, "identity_user_id": atCreation,
		"credential_device_type": {Type: String, Access: CreateOnly, Plain: true, Enum: []string{"single_device", "multi_device"}},
		"credential_backed_up":   {Type: Bool, Access: CreateOnly, Plain: true}, "user_agent": atCreation, "user_handle": atCreation,
		"transports":       {Type: Array, Access: CreateOnly, Item: &text},
		WebAuthnCredential: {Type: String, Access: ReadOnly, Secret: true},
	},
	Created: "created_at",
	Missing: missing("inexistent_authentication_method", "The authentication method could not be found."),
}

// RefreshTokensToRevoke describes the request of Auth0: api/management/v2/refresh-tokens/post-refresh-tokens-revoke.
var RefreshTokensToRevoke = &Kind{Fields: Fields{
	"ids":     {Type: Array, Min: 1, Max: 100, Item: &Field{Type: String, Min: 1, Max: 30}},
	"user_id": {Type: String, Min: 1, Max: 300}, "client_id": {Type: String, Min: 1, Max: 64},
	"audience": {Type: String, Min: 1, Max: 600},
}}

// AccessToRevoke describes the request of Auth0: api/management/v2/users/user-revoke-access.
var AccessToRevoke = &Kind{Fields: Fields{"session_id": {Type: String, Max: 50}, "preserve_refresh_tokens": {Type: Bool, Plain: true}}}

// SessionMetadata and RefreshTokenMetadata are the requests that change a session and a
// refresh token.
var (
	SessionMetadata      = metadataOf("session_metadata")
	RefreshTokenMetadata = metadataOf("refresh_token_metadata")
)
