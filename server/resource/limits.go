package resource

// Limits of lists, Auth0: troubleshoot/customer-support/operational-policies/
// entity-limit-policy. A request with more items is refused, whatever exists already. For other
// lists no limit is documented; only the size of the body limits them.
const (
	// MaxRoles is the limit for a user, a member of an organization and an invitation.
	MaxRoles = 50
	// MaxMembers is the limit for the members that one request adds to an organization or removes from it, Auth0:
	// manage-users/organizations/configure-organizations/assign-members.
	MaxMembers = 10
	// MaxPermissions is the limit for a user and a role.
	MaxPermissions = 1000

	maxScopes      = 1000 // of an API
	maxScope       = 280  // characters
	maxConnections = 10   // of an organization
)
