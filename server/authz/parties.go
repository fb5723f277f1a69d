package authz

import (
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// API returns the API of an audience, or nil for the audience "", with which tokens are for userinfo alone.
// For any other audience without an API, for example after the API was deleted, it returns apierr.UnknownAPI:
// a token for userinfo would not be what was asked for.
func API(tx *storage.Tx, audience string) (*storage.ResourceServer, error) {
	api, err := tx.API(audience)
	if err == nil && api == nil && audience != "" {
		err = apierr.UnknownAPI(audience)
	}
	return api, err
}

// OfflineAllowed reports whether an application may get refresh tokens for users and an API, which is nil for
// userinfo alone. Auth0: secure/tokens/refresh-tokens/get-refresh-tokens.
func OfflineAllowed(client storage.Client, api *storage.ResourceServer) bool {
	return client.Allows("refresh_token") && (api == nil || api.AllowOfflineAccess)
}

// OnlineAllowed reports the same for online refresh tokens, which end with the session. ephemeral says that
// the session's cookie ends with the browser.
func OnlineAllowed(client storage.Client, api *storage.ResourceServer, ephemeral bool) bool {
	return client.Allows("refresh_token") && api != nil && api.AllowOnlineAccess && (!ephemeral || api.AllowOnlineAccessEphemeral)
}

// CheckMember returns apierr.NotAMember if the user is not a member of the organization. For the organization
// "" it returns nil.
func CheckMember(tx *storage.Tx, organization, user string) error {
	if organization == "" {
		return nil
	}
	member, err := tx.IsMember(organization, user)
	if err == nil && !member {
		err = apierr.NotAMember(user, organization)
	}
	return err
}
