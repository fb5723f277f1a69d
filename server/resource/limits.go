package resource

// How many items lists have at most, Auth0: troubleshoot/customer-support/operational-policies/
// entity-limit-policy. A request with more cannot be fulfilled there, whatever is there
// already. Other lists have no documented end; the size of the body is theirs.
const (
	// MostRoles is of a user, of a member of an organization and of an invitation.
	MostRoles = 50
	// MostPermissions is of a user and of a role.
	MostPermissions = 1000

	mostScopes      = 1000 // of an API
	maxScope        = 280  // characters
	mostConnections = 10   // of an organization
)
