package resource

import "github.com/tenant0/tenant0/storage"

// keyPair is a key of a SAML connection, with its certificate: an object, or the key alone.
var keyPair = Field{Open: true, Secret: true, Fields: Fields{"cert": noSecret}}

// connectionOptions are the options of a connection, of every strategy, as far as they are secrets or look like it, Auth0:
// api/management/v2/connections/post-connections and authenticate/identity-providers. Of the others package redact tells
// which are. The options themselves are not checked here.
var connectionOptions = Field{Type: Object, Default: storage.Document{}, Open: true, Fields: Fields{
	// of most
	"client_id": noSecret, "client_secret": secret, "upstream_params": {}, "token_endpoint": noSecret, "token_endpoint_auth_method": noSecret,
	"token_endpoint_auth_signing_alg": noSecret, "tokenURL": noSecret, "id_token_signed_response_algs": noSecret,
	"id_token_session_expiry_supported": noSecret, "requestTokenURL": noSecret, "accessTokenURL": noSecret, "authorization_endpoint": noSecret,
	"customHeaders": {}, "access_token": secret, "refresh_token": secret, "api_key": secret, "apiKey": secret,
	// of some that are social
	"app_secret": secret, "secret": secret, "kid": noSecret, "team_id": noSecret, "consumerKey": noSecret, "consumerSecret": secret,
	"privateKey": secret, "private_key": secret, "adminAccessToken": secret, "adminRefreshToken": secret,
	// of databases
	"configuration": {Open: true, Item: &secret}, "bareConfiguration": {Open: true, Item: &secret}, "bare_configuration": {Open: true, Item: &secret},
	"passwordPolicy": noSecret, "password_options": {Plain: true}, "password_complexity_options": {Plain: true}, "password_history": {Plain: true},
	"password_no_personal_info": {Plain: true}, "password_dictionary": {Plain: true}, "password_strength": {Plain: true},
	"passkey_options": {Plain: true}, "custom_password_hash": {Plain: true}, "authentication_methods": {Plain: true},
	// of companies
	"signing_key": keyPair, "signingKey": keyPair, "decryptionKey": keyPair, "decryption_key": keyPair, "signingCert": noSecret, "cert": noSecret,
	"certs": noSecret, "assertion_decryption_settings": {Plain: true}, "tokenEncryption": noSecret, "admin_access_token": secret,
	"admin_refresh_token": secret, "admin_access_token_expiresin": noSecret, "clientSecret": secret, "session_key": secret, "bind_password": secret,
	"connection_settings": {Plain: true},
	// of passwordless connections
	"twilio_sid": noSecret, "twilio_token": secret, "gateway_authentication": {Open: true, Fields: Fields{"secret": secret, "secret_base64_encoded": noSecret}},
	"credentials": secret, "totp": {Plain: true},
}}
