package authz

import (
	"fmt"
	"slices"
)

// DeniedScope is a requested scope that is not granted. Auth0 drops it silently; here a trace of the
// request says why.
type DeniedScope struct {
	Scope  string
	Reason string
	// Setting names the setting that would grant the scope, or is "" if there is none.
	Setting string
}

// deniedScopes explains the scopes that a decision leaves out. held are the user's permissions for the API.
// ruled says that a scope rule of the Authorization Extension decided.
func deniedScopes(in Input, granted, held []string, ruled bool) (all []DeniedScope) {
	for _, scope := range unique(split(in.Requested)) {
		if slices.Contains(granted, scope) {
			continue
		}
		l := DeniedScope{Scope: scope}
		l.Reason, l.Setting = denialReason(in, scope, held, ruled)
		all = append(all, l)
	}
	return all
}

func denialReason(in Input, scope string, held []string, ruled bool) (why, setting string) {
	client := fmt.Sprintf("the application %s", in.Client.ClientID)
	switch {
	case scope == OnlineAccess:
		return "the request cannot bring a refresh token that ends with the session", "allow_online_access of the API, and the grant type refresh_token of " + client
	case scope == offlineAccess:
		return "the request cannot bring a refresh token", "allow_offline_access of the API, and the grant type refresh_token of " + client
	case refusedToClient(in.Client, scope):
		return client + " is a third-party application in strict mode, which gets no scopes of OpenID Connect", "third_party_security_mode of " + client
	case in.API == nil:
		return "the request names no API that could define it", "the parameter audience, or default_audience of the tenant"
	}
	api := "the API " + in.API.Identifier
	switch {
	case in.Refresh && !slices.Contains(in.Granted, scope):
		return "the refresh token was issued without it", "the scope of the authorization request"
	case ruled:
		return "the Authorization Extension gives the user no permission of that name", "roles and permissions of the Authorization Extension"
	case !in.API.Defines(scope):
		return api + " does not define it", "scopes of " + api
	case in.API.EnforcePolicies && !slices.Contains(held, scope):
		return "neither the user nor a role of the user has the permission", "permissions and roles of the user " + in.User.UserID
	}
	return client + " may not ask for it on behalf of a user", "scope of the client grant for users of " + client + " and " + api
}
