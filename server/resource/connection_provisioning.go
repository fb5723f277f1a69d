package resource

// SCIMConfigurations and DirectoryProvisionings are the settings for provisioning users of a
// connection. Auth0:
// api/management/v2/connections/post-scim-configuration and post-directory-provisioning.
var (
	SCIMConfigurations = &Kind{
		Name: "scim-configuration", ID: "connection_id", Updated: "updated_on",
		Fields:  Fields{"user_id_attribute": {Type: String, Required: true}, "mapping": mapped("scim", true)},
		Missing: missing("", "Not Found"), Taken: refused("", "SCIM configuration already exists for connection"),
	}
	DirectoryProvisionings = &Kind{
		Name: "directory-provisioning", ID: "connection_id", Updated: "updated_at",
		Fields: Fields{
			"mapping": mapped("idp", false), "synchronize_automatically": flag,
			"synchronize_groups": {Type: String, Enum: []string{"off", "all", "selected"}},
		},
		Missing: missing("", "Directory provisioning configuration not found"),
		Taken:   taken("", "Directory provisioning is already enabled on the specified connection"),
	}
)

// mapped describes a list that maps attributes of the other side to attributes here.
func mapped(other string, required bool) Field {
	return Field{Type: Array, Required: required, Ordered: true, Item: &Field{Type: Object, Fields: Fields{"auth0": text, other: text}}}
}

// SCIMTokens are the tokens of a connection's SCIM endpoint, Auth0:
// api/management/v2/connections/post-scim-token.
var SCIMTokens = &Kind{Name: "scim-configuration/tokens", ID: "token_id", Fields: Fields{
	"token": {Access: ReadOnly, Secret: true}, "token_id": {Access: ReadOnly, Plain: true},
	"scopes": {Type: Array, Min: 1, Item: &text}, "token_lifetime": {Type: Integer, Nullable: true, Plain: true, Min: 900},
}}

// SCIMTokensFull is the error for a connection that already has as many tokens as allowed.
var SCIMTokensFull = taken("", "Maximum of 2 tokens already issued for this connection")

// SCIMOfCommonEndpoint is the error for a connection that is open to users of any Entra ID
// directory.
var SCIMOfCommonEndpoint = refused("", "SCIM cannot be enabled for this connection when the Azure AD common endpoint is used.")

// SynchronizedGroups are the groups of an enterprise directory that are synchronized, Auth0:
// api/management/v2/connections/post-directory-provisioning-synchronized-groups.
var SynchronizedGroups = &Kind{Name: "directory-provisioning/synchronized-groups", ID: "id", Open: true}

// GroupsToSynchronize is a request that sets the groups of a directory whose members are
// provisioned.
var GroupsToSynchronize = &Kind{Fields: Fields{
	"groups": {Type: Array, Required: true, Item: &Field{Type: Object, Open: true, Fields: Fields{
		"id": {Type: String, Required: true}, "email": {Type: String, Format: "email"},
	}}},
}}
