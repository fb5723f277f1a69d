package authz

import (
	"slices"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// refusedToClient reports whether a scope is one that an application never gets: strict ones of
// third parties have no scopes of OpenID Connect. Auth0:
// get-started/applications/third-party-applications/security-controls.
func refusedToClient(client storage.Client, scope string) bool {
	return client.Strict() && scope != offlineAccess && slices.Contains(standardScopes, scope)
}

// forThirdParty takes out of a decision what the application never gets.
func (d *Decision) forThirdParty(client storage.Client) {
	d.Scope = slices.DeleteFunc(d.Scope, func(scope string) bool { return refusedToClient(client, scope) })
}

// CheckThirdParty refuses an organization, "" for none, to strict applications of third parties
// unless it lets them in. asked is how the request names it. Auth0: manage-users/organizations/
// configure-organizations/enable-third-party-application-access.
func CheckThirdParty(client storage.Client, organization storage.Organization, asked string) error {
	if organization.ID == "" || !client.Strict() || organization.ThirdParties == "allow" {
		return nil
	}
	return apierr.UnknownOrganization(asked)
}
