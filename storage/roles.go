package storage

// Role is a role of the tenant's core RBAC, Auth0: manage-users/access-control/rbac.
type Role struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

var roles = declare(spec[Role]{
	name:    "roles",
	ordered: true,
	key:     func(r Role) string { return r.ID },
	indexes: []index[Role]{
		{name: "name", unique: true, values: func(r Role) []string { return []string{r.Name} }},
	},
	remember: true,
})

// Permission is a scope of an API that a role or a user holds.
type Permission struct {
	ResourceServerIdentifier string `json:"resource_server_identifier"`
	PermissionName           string `json:"permission_name"`
}

// RolePermissions are the permissions of a role, in the order in which they were
// added.
type RolePermissions struct {
	RoleID      string       `json:"role_id"`
	Permissions []Permission `json:"permissions"`
}

var rolePermissions = declare(spec[RolePermissions]{
	name:     "role_permissions",
	key:      func(p RolePermissions) string { return p.RoleID },
	remember: true,
})

// UserAccess is what a user has in core RBAC: roles, and permissions that are
// assigned directly.
type UserAccess struct {
	UserID      string       `json:"user_id"`
	Roles       []string     `json:"roles"` // ids
	Permissions []Permission `json:"permissions"`
}

var userAccess = declare(spec[UserAccess]{
	name: "user_access",
	key:  func(a UserAccess) string { return a.UserID },
	indexes: []index[UserAccess]{
		{name: "role", listed: true, values: func(a UserAccess) []string { return a.Roles }},
	},
})
