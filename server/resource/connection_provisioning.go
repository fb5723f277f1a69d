package resource

// SCIMConfigurations and DirectoryProvisionings are how a connection provisions users. Auth0:
// api/management/v2/connections/post-scim-configuration and post-directory-provisioning.
var (
	SCIMConfigurations     = provisioning("scim-configuration", "updated_on", "Not Found", "The connection has a configuration already.")
	DirectoryProvisionings = provisioning("directory-provisioning", "updated_at",
		"Directory provisioning configuration not found", "Directory provisioning is already enabled on the specified connection")
)

func provisioning(name, updated, none, another string) *Kind {
	return &Kind{
		Name: name, ID: "connection_id", Open: true, Updated: updated,
		Missing: missing("", none), Taken: taken("", another),
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
