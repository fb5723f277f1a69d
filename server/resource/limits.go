package resource

// Limits of lists, Auth0: troubleshoot/customer-support/operational-policies/
// entity-limit-policy. A request with more items is refused, whatever exists already. For other
// lists no limit is documented; only the size of the body limits them.
const (
	// MostRoles is the limit for a user, a member of an organization and an invitation.
	MostRoles = 50
	// MostPermissions is the limit for a user and a role.
	MostPermissions = 1000

	mostScopes      = 1000 // of an API
	maxScope        = 280  // characters
	mostConnections = 10   // of an organization
)
