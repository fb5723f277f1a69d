package authz

import (
	"slices"

	"github.com/tenant0/tenant0/storage"
)

// Requested returns the valid scopes of a request: the standard ones and those that the API
// defines and users may have, each once, in order. They are the scopes that a user is asked
// to consent to, even if not all of them are granted in the end.
func Requested(scope string, client storage.Client, api *storage.ResourceServer, offline bool) []string {
	return slices.DeleteFunc(unique(split(scope)), func(s string) bool {
		if s == offlineAccess {
			return !offline || !OfflineAllowed(client, api)
		}
		if refusedToClient(client, s) {
			return true
		}
		return !slices.Contains(standardScopes, s) && (api == nil || !api.Defines(s) || refusedToPeople(api, s))
	})
}
