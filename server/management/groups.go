package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// groupOperations are the operations of groups, Auth0: api/management/v2/groups. Groups come
// from directories, by SCIM or directory provisioning, and no operation creates one. tenant0 has
// no directories, so every list of groups is empty, and no group is ever found.
//
//auth0:operation GET /api/v2/groups
//auth0:operation GET /api/v2/groups/{id}
//auth0:operation DELETE /api/v2/groups/{id}
//auth0:operation GET /api/v2/groups/{id}/members
//auth0:operation GET /api/v2/groups/{id}/roles
//auth0:operation POST /api/v2/groups/{id}/roles
//auth0:operation DELETE /api/v2/groups/{id}/roles
//auth0:operation GET /api/v2/organizations/{id}/groups
//auth0:operation GET /api/v2/organizations/{id}/groups/{group_id}/roles
//auth0:operation POST /api/v2/organizations/{id}/groups/{group_id}/roles
//auth0:operation DELETE /api/v2/organizations/{id}/groups/{group_id}/roles
//auth0:operation GET /api/v2/organizations/{id}/roles/{role_id}/groups
//auth0:operation GET /api/v2/organizations/{id}/members/{user_id}/effective-roles/sources/groups
//auth0:operation GET /api/v2/roles/{id}/groups
//auth0:operation POST /api/v2/roles/{id}/groups
//auth0:operation DELETE /api/v2/roles/{id}/groups
//auth0:operation GET /api/v2/users/{id}/groups
//auth0:operation GET /api/v2/users/{id}/effective-roles/sources/groups
func groupOperations() []operation {
	group, inOrganization, ofRole := "/groups/{id}", "/organizations/{id}/groups", "/roles/{id}/groups"
	inOrganizationRoles, sources := inOrganization+"/{group_id}/roles", "/effective-roles/sources/groups"
	return []operation{
		{http.MethodGet, "/groups", []string{"read:groups"}, groupsOf(flexible)},
		{http.MethodGet, group, []string{"read:groups"}, missingGroup()},
		{http.MethodDelete, group, []string{"delete:groups"}, missingGroup()},
		{http.MethodGet, group + "/members", []string{"read:group_members"}, missingGroup()},
		{http.MethodGet, group + "/roles", []string{"read:group_roles"}, missingGroup()},
		{http.MethodPost, group + "/roles", []string{"create:group_roles"}, missingGroup()},
		{http.MethodDelete, group + "/roles", []string{"delete:group_roles"}, missingGroup()},

		{http.MethodGet, inOrganization, []string{"read:organization_groups"}, groupsOf(checkpointed, organizationAt)},
		{http.MethodGet, inOrganizationRoles, []string{"read:organization_group_roles"}, missingGroup(organizationAt)},
		{http.MethodPost, inOrganizationRoles, []string{"create:organization_group_roles"}, missingGroup(organizationAt)},
		{http.MethodDelete, inOrganizationRoles, []string{"delete:organization_group_roles"}, missingGroup(organizationAt)},
		{http.MethodGet, "/organizations/{id}/roles/{role_id}/groups", []string{"read:organization_group_roles"}, groupsOf(checkpointed, organizationAt, roleAt("role_id"))},
		{http.MethodGet, "/organizations/{id}/members/{user_id}" + sources, []string{"read:organization_member_role_source_groups"}, groupsOf(checkpointed, memberAt)},

		{http.MethodGet, ofRole, []string{"read:group_roles"}, groupsOf(checkpointed, roleAt("id"))},
		{http.MethodPost, ofRole, []string{"create:group_roles"}, missingGroup(roleAt("id"))},
		{http.MethodDelete, ofRole, []string{"delete:group_roles"}, missingGroup(roleAt("id"))},
		{http.MethodGet, "/users/{id}/groups", []string{"read:groups"}, groupsOf(flexible, userAt)},
		{http.MethodGet, "/users/{id}" + sources, []string{"read:user_role_source_groups"}, groupsOf(checkpointed, userAt)},
	}
}

// check returns an error if an object that the path names does not exist.
type check func(c *call, tx *storage.Tx) error

func roleAt(param string) check {
	return func(c *call, tx *storage.Tx) error { return objects.Roles.Require(tx, c.param(param)) }
}

func userAt(c *call, tx *storage.Tx) error {
	return objects.Users.Require(tx, c.param("id"))
}

// passes runs checks until one of them fails.
func (c *call) passes(checks []check) error {
	return c.view(func(tx *storage.Tx) error {
		for _, check := range checks {
			if err := check(c, tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// groupsOf answers with an empty list of groups if the checks pass.
func groupsOf(form style, checks ...check) func(*call) error {
	return func(c *call) error {
		if err := c.passes(checks); err != nil {
			return err
		}
		return c.page([]storage.Document{}, listing{key: "groups", style: form})
	}
}

// missingGroup answers that there is no such group if the checks pass.
func missingGroup(checks ...check) func(*call) error {
	return func(c *call) error {
		if err := c.passes(checks); err != nil {
			return err
		}
		return resource.MissingGroup
	}
}
