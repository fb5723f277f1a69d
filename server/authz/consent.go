package authz

import (
	"slices"

	"github.com/tenant0/tenant0/storage"
)

// Requested returns the scopes of a request that mean something: the standard
// ones and those that the API defines for people, each once, in order. They are what a user
// is asked to consent to, whatever of them is granted in the end.
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
