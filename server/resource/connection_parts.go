package resource

// publicKey is what the server shows of a key: all of it is public.
var publicKey = Field{Plain: true}

// ConnectionKeys are the keys with which the tenant proves itself to an identity provider,
// Auth0: api/management/v2/connections/get-keys.
var ConnectionKeys = &Kind{Name: "connection-keys", ID: "kid", Open: true, Fields: Fields{"cert": publicKey, "pkcs": publicKey, "key_use": publicKey}}

// SCIMConfigurations and DirectoryProvisionings are how a connection provisions users. Auth0:
// api/management/v2/connections/post-scim-configuration and post-directory-provisioning.
var (
	SCIMConfigurations     = provisioning("scim-configuration", "updated_on")
	DirectoryProvisionings = provisioning("directory-provisioning", "updated_at")
)

func provisioning(name, updated string) *Kind {
	return &Kind{
		Name: name, ID: "connection_id", Open: true, Updated: updated,
		Missing: missing("", "Not Found"), Taken: taken("", "The connection has a configuration already."),
	}
}

// SCIMTokens are the tokens of a connection's SCIM endpoint, Auth0:
// api/management/v2/connections/post-scim-token.
var SCIMTokens = &Kind{Name: "scim-configuration/tokens", ID: "token_id", Open: true, Fields: Fields{
	"token": {Secret: true}, "token_id": publicKey, "token_lifetime": {Type: Any, Plain: true},
}}

// SynchronizedGroups are the groups of a company's directory that are synchronized, Auth0:
// api/management/v2/connections/post-directory-provisioning-synchronized-groups.
var SynchronizedGroups = &Kind{Name: "directory-provisioning/synchronized-groups", ID: "id", Open: true}
