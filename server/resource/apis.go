package resource

import (
	"maps"
	"time"

	"github.com/tenant0/tenant0/storage"
)

// ResourceServers describes the resource of Auth0: api/management/v2/resource-servers.
var ResourceServers = &Kind{
	Name: "resource-servers", ID: "id", NewID: ObjectID,
	Fields: Fields{
		"id": readOnly, "is_system": {Type: Bool, Access: ReadOnly}, "client_id": readOnly,
		"name":       {Type: String, Max: 200, Pattern: Like("^[^<>]+$")},
		"identifier": {Type: String, Required: true, Min: 1, Max: 600, Access: CreateOnly},
		"scopes": {Type: Array, Max: maxScopes, Item: &Field{Type: Object, Fields: Fields{
			"value": {Type: String, Required: true, Min: 1, Max: maxScope}, "description": {Type: String, Max: 500},
		}}},
		"signing_alg":          {Type: String, Default: "RS256", Enum: []string{"HS256", "RS256", "RS512", "PS256"}},
		"signing_secret":       {Type: String, Min: 16, Secret: true},
		"allow_offline_access": {Type: Bool, Default: false},
		"skip_consent_for_verifiable_first_party_clients": {Type: Bool, Default: false},
		"token_lifetime":         {Type: Integer, Default: defaultLifetime, Max: 2592000},
		"token_lifetime_for_web": {Type: Integer, Max: 2592000},
		"token_dialect": {Type: String, Enum: []string{
			"access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz",
		}},
		"enforce_policies": flag, "allow_online_access": flag, "allow_online_access_with_ephemeral_sessions": flag,
		"subject_type_authorization": {Type: Object, Fields: Fields{
			"user":           {Type: Object, Fields: Fields{"policy": {Type: String, Enum: []string{"allow_all", "deny_all", "require_client_grant"}}}},
			"client":         {Type: Object, Fields: Fields{"policy": {Type: String, Enum: []string{"deny_all", "require_client_grant"}}}},
			"anonymous_user": {Type: Object, Fields: Fields{"policy": {Type: String, Enum: []string{"deny_all", "require_client_grant"}}}},
		}},
		"authorization_policy": {Type: Object, Nullable: true, Plain: true, Fields: Fields{"policy_id": {Type: String, Required: true, Min: 1, Max: 1024}}},
		"access_token":         {Type: Object, Nullable: true, Plain: true},
		"token_lifetime_for_anonymous_access_tokens": {Type: Integer, Nullable: true, Min: 86400, Max: 2592000},
		"consent_policy":                  {Type: String, Nullable: true, Enum: []string{"transactional-authorization-with-mfa"}},
		"require_consent_non_repudiation": {Type: Bool},
		"authorization_details":           {Type: Array, Nullable: true, Plain: true, Item: &Field{Type: Object, Open: true, Fields: Fields{"type": {Type: String, Max: 255}}}},
		"token_encryption":                tokenEncryption,
		"proof_of_possession":             proofOfPossession, "verificationLocation": text, "verification_location": text,
	},
	Unique:   []string{"identifier"},
	Rule:     CheckLifetimes,
	Complete: completeAPI,
	Missing:  missing("inexistent_resource_server", "The resource server does not exist"),
	Taken:    taken("resource_server_conflict", "A resource server with the same identifier already exists"),
}

// tokenEncryption is the public key that access tokens are encrypted with, Auth0:
// secure/tokens/access-tokens/json-web-encryption.
var tokenEncryption = Field{Type: Object, Nullable: true, Plain: true, Fields: Fields{
	"format": {Type: String, Required: true, Enum: []string{"compact-nested-jwe"}},
	"encryption_key": {Type: Object, Required: true, Fields: Fields{
		"name": {Type: String, Min: 1, Max: 128}, "alg": {Type: String, Required: true, Enum: []string{"RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512"}},
		"kid": {Type: String, Min: 1, Max: 128}, "pem": {Type: String, Required: true, Min: 1, Max: 4096}, "thumbprint_sha256": text,
	}},
}}

// proofOfPossession describes the member proof_of_possession, Auth0: secure/sender-constraining.
var proofOfPossession = Field{Type: Object, Nullable: true, Fields: Fields{
	"mechanism": {Type: String, Required: true, Enum: []string{"mtls", "dpop"}}, "required": {Type: Bool, Required: true},
	"required_for": {Type: String, Enum: []string{"public_clients", "all_clients"}},
}}

// defaultLifetime is how long access tokens live if an API does not say it, in seconds.
const defaultLifetime = 86400

// CheckLifetimes returns an error if access tokens of the implicit and hybrid flows live longer than others, Auth0:
// api/management/v2/resource-servers/patch-resource-servers-by-id.
func CheckLifetimes(api storage.Document) error {
	all, isSet := integer(api["token_lifetime"])
	if !isSet {
		all = defaultLifetime
	}
	if web, _ := integer(api["token_lifetime_for_web"]); web > all {
		return InvalidBody("token_lifetime_for_web cannot be larger than token_lifetime")
	}
	return nil
}

// integer returns a value that is a number.
func integer(value any) (n int, is bool) {
	switch v := value.(type) {
	case int:
		return v, true
	case float64:
		return int(v), true
	}
	return 0, false
}

func completeAPI(doc storage.Document, _ time.Time) {
	lifetime, _ := integer(doc["token_lifetime"])
	set(doc, "token_lifetime_for_web", min(lifetime, 7200))
	sent, _ := doc["subject_type_authorization"].(storage.Document)
	full := storage.Document{"user": storage.Document{"policy": "allow_all"}, "client": storage.Document{"policy": "require_client_grant"}}
	maps.Copy(full, sent)
	doc["subject_type_authorization"] = full
	if doc["signing_alg"] == "HS256" {
		set(doc, "signing_secret", random(32, urlSafe))
	}
}

// ClientGrants describes the resource of Auth0: api/management/v2/client-grants.
var ClientGrants = &Kind{
	Name: "client-grants", ID: "id", NewID: Prefixed("cgr_", 16), Min: 1,
	Fields: Fields{
		"id": readOnly, "is_system": {Type: Bool, Access: ReadOnly},
		"client_id":                   {Type: String, Access: CreateOnly, Max: 32},
		"audience":                    {Type: String, Required: true, Min: 1, Access: CreateOnly},
		"scope":                       {Type: Array, Item: &Field{Type: String, Min: 1, Max: maxScope}},
		"organization_usage":          {Type: String, Nullable: true, Enum: []string{"deny", "allow", "require"}},
		"allow_any_organization":      {Type: Bool, Nullable: true},
		"subject_type":                {Type: String, Access: CreateOnly, Enum: []string{"client", "user", "anonymous_user"}},
		"authorization_details_types": {Type: Array, Item: &Field{Type: String, Min: 1, Max: 255}, Plain: true}, "allow_all_scopes": {Type: Bool, Nullable: true},
		"default_for": {Type: String, Access: CreateOnly, Enum: []string{"third_party_clients"}},
	},
	Complete: func(doc storage.Document, _ time.Time) {
		set(doc, "subject_type", "client")
		set(doc, "scope", []any{})
	},
	Missing: missing("inexistent_client_grant", "The client grant does not exist"),
	Taken:   taken("client_grant_conflict", "A resource with the same identifier already exists."),
}

// Roles describes the resource of Auth0: api/management/v2/roles.
var Roles = &Kind{
	Name: "roles", ID: "id", NewID: Prefixed("rol_", 16),
	Fields: Fields{
		"id": readOnly, "name": {Type: String, Required: true, Min: 1}, "description": text,
		"type": {Type: String, Access: CreateOnly, Default: "tenant", Enum: []string{"tenant", "organization"}}, "owner_id": {Type: String, Access: CreateOnly},
	},
	Unique:  []string{"name"},
	Missing: missing("inexistent_role", "The role does not exist."),
	Taken:   taken("role_conflict", "The role already exists."),
}

// Permissions is the body {"permissions": [...]} in requests about roles and users.
var Permissions = &Kind{Name: "permissions", Fields: Fields{
	"permissions": {Type: Array, Required: true, Min: 1, Max: MaxPermissions, Item: &Field{Type: Object, Fields: Fields{
		"resource_server_identifier": {Type: String, Required: true}, "permission_name": {Type: String, Required: true},
	}}},
}}
