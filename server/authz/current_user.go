package authz

import (
	"slices"
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// currentUserScopes are the scopes that the Management API grants to people: each is for
// the account of whoever logs in, Auth0: secure/tokens/access-tokens/
// management-api-access-tokens/get-management-api-tokens-for-single-page-applications.
var currentUserScopes = []string{
	"read:current_user", "update:current_user_identities",
	"create:current_user_metadata", "update:current_user_metadata", "delete:current_user_metadata",
	"create:current_user_device_credentials", "delete:current_user_device_credentials",
}

// refusedToPeople reports whether a scope of an API is for applications alone, whatever
// their grants, the user's permissions and the tenant's rules say.
func refusedToPeople(api *storage.ResourceServer, scope string) bool {
	return api != nil && api.IsSystem && strings.HasSuffix(api.Identifier, "/api/v2/") &&
		!slices.Contains(standardScopes, scope) && !slices.Contains(currentUserScopes, scope)
}

// forPeople takes out of a decision what refusedToPeople.
func (d *Decision) forPeople(api *storage.ResourceServer) {
	refused := func(scope string) bool { return refusedToPeople(api, scope) }
	d.Scope = slices.DeleteFunc(d.Scope, refused)
	d.Permissions = slices.DeleteFunc(d.Permissions, refused)
}
