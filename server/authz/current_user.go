package authz

import (
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// currentUserScopes are the only scopes of the Management API in users' tokens. They give
// access to the user's own account, Auth0:
// secure/tokens/access-tokens/management-api-access-tokens/get-management-api-tokens-for-single-page-applications.
var currentUserScopes = []string{
	"read:current_user", "update:current_user_identities",
	"create:current_user_metadata", "update:current_user_metadata", "delete:current_user_metadata",
	"create:current_user_device_credentials", "delete:current_user_device_credentials",
}

// refusedToPeople reports whether users' tokens never get a scope of an API, regardless
// of client grants, permissions and rules. This concerns the Management API only.
func refusedToPeople(api *storage.ResourceServer, scope string) bool {
	return api != nil && api.IsSystem && strings.HasSuffix(api.Identifier, "/api/v2/") &&
		!slices.Contains(standardScopes, scope) && !slices.Contains(currentUserScopes, scope)
}

// forPeople removes the scopes and permissions from a decision for which refusedToPeople
// is true.
func (d *Decision) forPeople(api *storage.ResourceServer) {
	refused := func(scope string) bool { return refusedToPeople(api, scope) }
	d.Scope = slices.DeleteFunc(d.Scope, refused)
	d.Permissions = slices.DeleteFunc(d.Permissions, refused)
}
