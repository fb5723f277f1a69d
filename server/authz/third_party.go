package authz

import (
	"slices"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// refusedToClient reports whether an application never gets a scope: third-party applications
// in strict mode get no OpenID Connect scopes. Auth0:
// get-started/applications/third-party-applications/security-controls.
func refusedToClient(client storage.Client, scope string) bool {
	return client.Strict() && scope != offlineAccess && slices.Contains(standardScopes, scope)
}

// forThirdParty removes the scopes from a decision for which refusedToClient is true.
func (d *Decision) forThirdParty(client storage.Client) {
	d.Scope = slices.DeleteFunc(d.Scope, func(scope string) bool { return refusedToClient(client, scope) })
}

// CheckThirdParty returns apierr.UnknownOrganization for a third-party application in strict
// mode, unless the organization allows third-party applications. A zero organization is always
// allowed. asked is how the request names the organization. Auth0:
// manage-users/organizations/configure-organizations/enable-third-party-application-access.
func CheckThirdParty(client storage.Client, organization storage.Organization, asked string) error {
	if organization.ID == "" || !client.Strict() || organization.ThirdParties == "allow" {
		return nil
	}
	return apierr.UnknownOrganization(asked)
}
