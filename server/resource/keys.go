package resource

// publicKey is a part of a key that the server shows, because it is public.
var publicKey = Field{Plain: true}

// ConnectionKeys are the keys by which the tenant authenticates at an identity provider,
// Auth0: api/management/v2/connections/get-keys.
var ConnectionKeys = &Kind{Name: "connection-keys", ID: "kid", Open: true, Fields: Fields{"cert": publicKey, "pkcs": publicKey, "key_use": publicKey}}

// SigningKeys describes the resource of Auth0: api/management/v2/keys/get-signing-keys.
var SigningKeys = &Kind{Name: "keys/signing", Open: true, Fields: Fields{"cert": publicKey, "pkcs7": publicKey}}

// WrappedKeys describes the request of Auth0: api/management/v2/keys/post-encryption-key.
var WrappedKeys = &Kind{Name: "keys/encryption", Open: true, Fields: Fields{"wrapped_key": {Secret: true}, "public_key": publicKey}}
