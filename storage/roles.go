package storage

import "github.com/tenant0/tenant0/storage/table"

// Role is a role of the tenant's core RBAC, Auth0: manage-users/access-control/rbac.
type Role struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

var roles = table.Declare(table.Spec[Role]{
	Name:    "roles",
	Ordered: true,
	Key:     func(r Role) string { return r.ID },
	Indexes: []table.Index[Role]{
		{Name: "name", Unique: true, Values: func(r Role) []string { return []string{r.Name} }},
	},
	Remember: true,
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

var rolePermissions = table.Declare(table.Spec[RolePermissions]{
	Name:     "role_permissions",
	Key:      func(p RolePermissions) string { return p.RoleID },
	Remember: true,
})

// UserAccess is what a user has in core RBAC: roles, and permissions that are
// assigned directly.
type UserAccess struct {
	UserID      string       `json:"user_id"`
	Roles       []string     `json:"roles"` // ids
	Permissions []Permission `json:"permissions"`
}

var userAccess = table.Declare(table.Spec[UserAccess]{
	Name: "user_access",
	Key:  func(a UserAccess) string { return a.UserID },
	Indexes: []table.Index[UserAccess]{
		{Name: "role", Listed: true, Values: func(a UserAccess) []string { return a.Roles }},
	},
})
