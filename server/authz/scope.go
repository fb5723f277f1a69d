package authz

import (
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// StandardScopes returns the scopes that belong to no API, in the order of
// Auth0's discovery document, OIDC Core section 5.4.
func StandardScopes() []string { return slices.Clone(standardScopes) }

var standardScopes = []string{
	"openid", "profile", offlineAccess, "name", "given_name", "family_name", "nickname", "email",
	"email_verified", "picture", "created_at", "identities", "phone", "address",
}

const offlineAccess = "offline_access"

// OnlineAccess is the scope for a refresh token that ends with the session, Auth0:
// secure/tokens/refresh-tokens/online-refresh-tokens.
const OnlineAccess = "online_access"

// Modes of a scope policy.
const (
	ModeAppend    = "append"
	ModeIntersect = "intersect"
)

// core returns the decision of Auth0 without any rules: the standard scopes and those
// scopes of the API that the application and the user may have. Other scopes are dropped
// silently, Auth0: get-started/apis/scopes/api-scopes.
func core(tx *storage.Tx, in Input) (Decision, error) {
	var d Decision
	ofAPI, err := apiScopes(tx, in)
	if err != nil {
		return d, err
	}
	enforced := in.API != nil && in.API.EnforcePolicies
	if enforced {
		if d.held, err = assigned(tx, in, *in.API); err != nil {
			return d, err
		}
		if strings.HasSuffix(in.API.TokenDialect, "_authz") {
			d.Permissions = d.held
		}
	}
	allowed := func(scope string) bool {
		switch {
		case scope == OnlineAccess:
			return in.OnlineAllowed
		case scope == offlineAccess:
			return in.OfflineAllowed
		case slices.Contains(standardScopes, scope):
			return true
		}
		return ofAPI(scope) && (!enforced || slices.Contains(d.held, scope))
	}
	granted := among(in.Granted)
	d.Scope = slices.DeleteFunc(unique(split(in.Requested)), func(scope string) bool {
		return !allowed(scope) || (in.Refresh && !granted(scope))
	})
	return d, nil
}

// apiScopes returns a function that reports whether the application may request a scope
// of the API on behalf of a user, Auth0:
// get-started/apis/api-access-policies-for-applications.
func apiScopes(tx *storage.Tx, in Input) (allowed func(scope string) bool, err error) {
	if in.API == nil {
		return func(string) bool { return false }, nil
	}
	switch policy := in.API.SubjectTypeAuthorization.User.Policy; {
	case policy == "deny_all":
		return nil, errDenied(in.API.Identifier)
	case policy == "require_client_grant", in.Client.Strict():
		grant, err := tx.ClientGrantFor(in.Client, *in.API, "user")
		switch {
		case storage.IsNotFound(err) && in.Client.Strict():
			return nil, apierr.NoThirdPartyGrant(in.Client.ClientID, in.API.Identifier)
		case storage.IsNotFound(err):
			return nil, apierr.NoClientGrant(in.Client.ClientID, in.API.Identifier)
		case err != nil:
			return nil, err
		}
		return func(scope string) bool {
			return in.API.Defines(scope) && (grant.AllowAllScopes || slices.Contains(grant.Scope, scope))
		}, nil
	}
	return in.API.Defines, nil
}

// assigned returns the user's permissions for the API, direct and through roles,
// in the order of the API's scopes; never nil.
func assigned(tx *storage.Tx, in Input, api storage.ResourceServer) ([]string, error) {
	access, err := tx.UserAccess.Get(in.User.UserID)
	if storage.Optional(err) != nil {
		return nil, err
	}
	roles := access.Roles
	if in.Organization != "" {
		further, err := tx.MemberRoles(in.Organization, in.User.UserID)
		if err != nil {
			return nil, err
		}
		roles = slices.Concat(roles, further)
	}
	permissions := slices.Clip(access.Permissions)
	for _, role := range roles {
		held, err := tx.RolePermissions.Get(role)
		if storage.Optional(err) != nil {
			return nil, err
		}
		permissions = append(permissions, held.Permissions...)
	}
	held := set[storage.Permission]{}
	held.add(permissions...)
	scopes := []string{}
	for _, scope := range api.Scopes {
		if held[storage.Permission{ResourceServerIdentifier: api.Identifier, PermissionName: scope.Value}] {
			scopes = append(scopes, scope.Value)
		}
	}
	return scopes, nil
}

// scopePolicy returns the scope rule of the application, if it has one.
func scopePolicy(ext storage.Extension, clientID string) (storage.ScopePolicy, bool) {
	i := slices.IndexFunc(ext.ScopePolicies, func(p storage.ScopePolicy) bool { return p.ClientID == clientID })
	if i < 0 {
		return storage.ScopePolicy{}, false
	}
	return ext.ScopePolicies[i], true
}

// applyScopeRule implements the rule in Auth0's documentation that adds the extension's
// permissions to the scope: all requested scopes without a colon, whether or not the user
// has them, followed by all permissions of the user, requested or not. Mode intersect
// leaves out permissions that were not requested. Auth0:
// get-started/architecture-scenarios/mobile-api/part-2.
func applyScopeRule(policy storage.ScopePolicy, in Input, permissions []string) []string {
	requested := strings.Split(in.Requested, " ")
	var scope []string
	for _, item := range requested {
		if !strings.Contains(item, ":") {
			scope = append(scope, item)
		}
	}
	asked := among(requested)
	for _, name := range permissions {
		if asked(name) || policy.Mode != ModeIntersect {
			scope = append(scope, name)
		}
	}
	if policy.Verbatim {
		return scope
	}
	// The order of scopes has no meaning, so repetitions are removed, RFC 6749 section
	// 3.3.
	return slices.DeleteFunc(unique(split(strings.Join(scope, " "))), func(item string) bool {
		return item == offlineAccess && !in.OfflineAllowed
	})
}

// split splits a scope parameter at ASCII white space.
func split(scope string) []string {
	return strings.FieldsFunc(scope, func(c rune) bool { return strings.ContainsRune(" \t\n\v\f\r", c) })
}
