package authzext

import (
	"net/http"
	"slices"
)

// route is one operation, described as data.
type route struct {
	method, path string
	scope        string // "" if the API key is accepted as well
	recordID     bool   // {id} is the id of a group, a role or a permission
	query, body  *rule  // nil if nothing is checked
	handle       func(*call) (any, error)
}

const (
	get    = http.MethodGet
	post   = http.MethodPost
	put    = http.MethodPut
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// Rules that several operations share.
var (
	searched = query(field{"q", rule{empty: true}}, field{"field", rule{empty: true}})
	guids    = &rule{kind: list, min: 1, items: &rule{kind: guid}}
	texts    = &rule{kind: list, min: 1, items: &rule{}}
)

// routes returns the routes of all operations.
func (a *api) routes() []route {
	// The policy operation comes first because it is called at every login.
	policy := route{post, "/users/{userId}/policy/{clientId}", "", false, nil, policyBody(), a.policy}
	return slices.Concat([]route{policy}, a.groupRoutes(), a.recordRoutes(), a.userRoutes(), a.configurationRoutes())
}

func (a *api) groupRoutes() []route {
	paged := query(field{"per_page", rule{kind: integer, min: 1, max: 25}}, field{"page", rule{kind: integer}})
	expanded := query(field{"expand", rule{kind: boolean}})
	return []route{
		{get, "/groups", "read:groups", false, searched, nil, a.listGroups},
		{post, "/groups", "create:groups", false, nil, groupBody(), a.createGroup},
		{get, "/groups/{id}", "read:groups", true, expanded, nil, a.getGroup},
		{put, "/groups/{id}", "update:groups", true, nil, groupBody(), a.updateGroup},
		{remove, "/groups/{id}", "delete:groups", true, nil, nil, a.deleteGroup},
		{get, "/groups/{id}/mappings", "read:groups", true, nil, nil, a.listMappings},
		{patch, "/groups/{id}/mappings", "update:groups", true, nil, mappingsBody(), a.addMappings},
		{remove, "/groups/{id}/mappings", "update:groups", true, nil, guids, a.removeMappings},
		{get, "/groups/{id}/members", "read:groups", true, paged, nil, a.listMembers},
		{patch, "/groups/{id}/members", "update:groups", true, nil, texts, a.addMembers},
		{remove, "/groups/{id}/members", "update:groups", true, nil, texts, a.removeMembers},
		{get, "/groups/{id}/members/nested", "read:groups", true, paged, nil, a.listNestedMembers},
		{get, "/groups/{id}/nested", "read:groups", true, nil, nil, a.listNested},
		{patch, "/groups/{id}/nested", "update:groups", true, nil, guids, a.addNested},
		{remove, "/groups/{id}/nested", "update:groups", true, nil, guids, a.removeNested},
		{get, "/groups/{id}/roles", "read:groups", true, nil, nil, a.listGroupRoles},
		{patch, "/groups/{id}/roles", "update:groups", true, nil, guids, a.addGroupRoles},
		{remove, "/groups/{id}/roles", "update:groups", true, nil, guids, a.removeGroupRoles},
		{get, "/groups/{id}/roles/nested", "read:groups", true, nil, nil, a.listNestedRoles},
	}
}

// recordRoutes returns the routes of roles and permissions.
func (a *api) recordRoutes() []route {
	return []route{
		{get, "/roles", "read:roles", false, searched, nil, a.listRoles},
		{post, "/roles", "create:roles", false, nil, roleBody(), a.createRole},
		{get, "/roles/{id}", "read:roles", true, nil, nil, a.getRole},
		{put, "/roles/{id}", "update:roles", true, nil, roleBody(), a.updateRole},
		{remove, "/roles/{id}", "delete:roles", true, nil, nil, a.deleteRole},

		{get, "/permissions", "read:permissions", false, searched, nil, a.listPermissions},
		{post, "/permissions", "create:permissions", false, nil, permissionBody(), a.createPermission},
		{get, "/permissions/{id}", "read:permissions", true, nil, nil, a.getPermission},
		{put, "/permissions/{id}", "update:permissions", true, nil, permissionBody(), a.updatePermission},
		{remove, "/permissions/{id}", "delete:permissions", true, nil, nil, a.deletePermission},
	}
}

// userRoutes returns the routes of the tenant's users, applications and connections.
func (a *api) userRoutes() []route {
	searchedUsers := query(
		field{"q", rule{empty: true, max: 1000}}, field{"field", rule{empty: true, max: 1000}},
		field{"per_page", rule{kind: integer, min: 1, max: 100}}, field{"page", rule{kind: integer}},
	)
	return []route{
		{get, "/users", "read:users", false, searchedUsers, nil, a.listUsers},
		{get, "/users/{id}", "read:users", false, nil, nil, a.getUser},
		{get, "/users/{id}/groups", "read:groups", false, nil, nil, a.listUserGroups},
		{patch, "/users/{id}/groups", "update:groups", false, nil, texts, a.addUserGroups},
		{get, "/users/{id}/groups/calculate", "read:groups", false, nil, nil, a.calculateUserGroups},
		{get, "/users/{id}/roles", "read:roles", false, nil, nil, a.listUserRoles},
		{patch, "/users/{id}/roles", "update:roles", false, nil, texts, a.addUserRoles},
		{remove, "/users/{id}/roles", "update:roles", false, nil, guids, a.removeUserRoles},
		{get, "/users/{id}/roles/calculate", "read:roles", false, nil, nil, a.calculateUserRoles},
		{get, "/applications", "read:applications", false, nil, nil, a.listApplications},
		{get, "/applications/{clientId}", "read:applications", false, nil, nil, a.getApplication},
		{get, "/connections", "read:connections", false, nil, nil, a.listConnections},
	}
}

func (a *api) configurationRoutes() []route {
	return []route{
		{get, "/configuration", "read:configuration", false, nil, nil, a.getConfiguration},
		{patch, "/configuration", "update:configuration", false, nil, configurationBody(), a.updateConfiguration},
		{get, "/configuration/status", "read:configuration", false, nil, nil, a.status},
		{patch, "/configuration/rotate-apikey", "update:configuration", false, nil, nil, a.rotateAPIKey},
		{get, "/configuration/export", "read:configuration", false, nil, nil, a.export},
		{post, "/configuration/import", "update:configuration", false, nil, importBody(), a.replace},
		{get, "/configuration/resource-server", "read:resource-server", false, nil, nil, a.getResourceServer},
		{post, "/configuration/resource-server", "create:resource-server", false, nil, nil, a.createResourceServer},
		{patch, "/configuration/resource-server", "update:resource-server", false, nil, resourceServerBody(), a.updateResourceServer},
		{remove, "/configuration/resource-server", "delete:resource-server", false, nil, nil, a.deleteResourceServer},
	}
}

func query(fields ...field) *rule { return &rule{kind: object, fields: fields} }

// record returns the rule for the body of a group, role or permission: the members that
// they have in common, and more.
func record(maxName int, more ...field) *rule {
	return &rule{kind: object, fields: append([]field{
		{"name", rule{required: true, max: maxName}},
		{"description", rule{required: true, max: 500}},
	}, more...)}
}

// applied returns the members that name the application of a role or permission.
func applied() []field {
	return []field{
		{"applicationType", rule{required: true, oneOf: []string{"client", "resource_server"}}},
		{"applicationId", rule{required: true, max: 500}},
	}
}

func groupBody() *rule      { return record(50) }
func permissionBody() *rule { return record(100, applied()...) }

func roleBody() *rule {
	return record(50, append(applied(), field{"permissions", rule{kind: list, items: &rule{kind: guid}}})...)
}

func mappingsBody() *rule {
	return &rule{kind: list, min: 1, items: &rule{kind: object, fields: []field{
		{"groupName", rule{required: true, max: 50}}, {"connectionName", rule{required: true, max: 50}},
	}}}
}

func policyBody() *rule {
	return &rule{kind: object, fields: []field{
		{"connectionName", rule{required: true}}, {"groups", rule{kind: list, items: &rule{}}},
	}}
}

func resourceServerBody() *rule {
	return &rule{kind: object, fields: []field{
		{"apiAccess", rule{kind: boolean, required: true}}, {"token_lifetime", rule{kind: integer, max: maxTokenLifetime}},
	}}
}

func flags() []field {
	var all []field
	for _, name := range []string{
		"groupsInToken", "rolesInToken", "permissionsInToken", "persistGroups", "persistRoles", "persistPermissions",
		"groupsPassthrough", "rolesPassthrough", "permissionsPassthrough",
	} {
		all = append(all, field{name, rule{kind: boolean}})
	}
	return all
}

func configurationBody() *rule { return &rule{kind: object, fields: flags()} }

// importBody is strict only about the configuration, as Auth0's extension is.
//
// Differs: Auth0's extension stores records of any form. Here members that are used must
// have the right type, and others are dropped.
func importBody() *rule {
	free := rule{nullable: true, empty: true}
	frees := rule{kind: list, nullable: true, items: &rule{empty: true}}
	records := func(name string, members ...field) field {
		item := &rule{kind: object, open: true, fields: append([]field{{"_id", free}, {"name", free}, {"description", free}}, members...)}
		return field{name, rule{kind: list, items: item}}
	}
	application := []field{{"applicationType", free}, {"applicationId", free}}
	mapping := &rule{kind: object, open: true, fields: []field{{"_id", free}, {"groupName", free}, {"connectionName", free}}}
	legacy := rule{kind: list, items: &rule{kind: object, whole: true}}
	return &rule{kind: object, fields: []field{
		{"configuration", rule{kind: list, items: &rule{kind: object, fields: append([]field{{"_id", rule{required: true}}}, flags()...)}}},
		records("groups", field{"members", frees}, field{"roles", frees}, field{"nested", frees},
			field{"mappings", rule{kind: list, nullable: true, items: mapping}}),
		records("roles", append([]field{{"permissions", frees}, {"users", frees}}, application...)...),
		records("permissions", application...),
		{"applications", legacy},
		{"rules", legacy},
	}}
}
