package authz

import (
	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// API returns the API that tokens are for, nil where they are for userinfo alone. An API
// that is gone is not the same as none: that would be a token for something else.
func API(tx *storage.Tx, audience string) (*storage.ResourceServer, error) {
	api, err := tx.API(audience)
	if err == nil && api == nil && audience != "" {
		err = apierr.UnknownAPI(audience)
	}
	return api, err
}

// OfflineAllowed reports whether an application may have refresh tokens of users for an
// API, which is nil for userinfo alone. Auth0: secure/tokens/refresh-tokens/get-refresh-tokens.
func OfflineAllowed(client storage.Client, api *storage.ResourceServer) bool {
	return client.Allows("refresh_token") && (api == nil || api.AllowOfflineAccess)
}

// OnlineAllowed is the same of refresh tokens that end with the session, whose cookie may end with the browser.
func OnlineAllowed(client storage.Client, api *storage.ResourceServer, ephemeral bool) bool {
	return client.Allows("refresh_token") && api != nil && api.AllowOnlineAccess && (!ephemeral || api.AllowOnlineAccessEphemeral)
}

// CheckMember returns apierr.NotAMember for a user who is not in the organization that a
// login is for, if it is for one.
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
