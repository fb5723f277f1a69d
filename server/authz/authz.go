// Package authz decides what a user may do with an application: the scope, the permissions and the
// added claims of the tokens, at login and at refresh alike. It implements Auth0's role-based access
// control (core RBAC), the Authorization Extension with its rule and its scope rule, and the
// tenant's claim mappings. It does not issue tokens, ask for consent or store anything.
package authz

import (
	"fmt"

	"github.com/tenant0/tenant0/storage"
)

// Input describes the login or refresh that is decided on.
type Input struct {
	Client storage.Client
	User   storage.User
	API    *storage.ResourceServer // nil if the tokens are for userinfo alone
	// Audience is the audience of the access token, or "" for userinfo alone.
	Audience string
	// Requested is the scope parameter as sent. For a refresh without the parameter, it is the scope
	// of the authorization request.
	Requested string
	// Connection is the name of the connection that the user logged in with; "" stands for the
	// connection of the user's first identity.
	Connection string
	// OfflineAllowed says that offline_access may be granted: the API allows
	// offline access and the application has the refresh_token grant.
	OfflineAllowed bool
	// OnlineAllowed says that online_access may be granted, see the function OnlineAllowed.
	OnlineAllowed bool
	// Refresh limits the scope to Granted, the scope of the refresh token, unless a scope rule
	// replaces the scope.
	Refresh bool
	Granted []string
	// Organization is the id of the organization that the user logs in to, in which the user may
	// have additional roles, or "".
	Organization string
}

// Decision is the result of Decide: scopes, permissions and claims for the tokens. It may share
// memory with the store, so it must not be changed.
type Decision struct {
	// Scope are the granted scopes, in order; joined with single spaces they are the scope of the
	// tokens. With a scope rule in verbatim mode it may contain empty strings.
	Scope []string
	// Permissions is the permissions claim, nil when the API does not ask for it.
	Permissions []string
	// AccessClaims and IDClaims are to be added to the access and ID token.
	AccessClaims map[string]any
	IDClaims     map[string]any
	// AppMetadata is the user's changed app_metadata, to be stored, or nil if it is unchanged.
	AppMetadata map[string]any
	// DeniedScopes are the requested scopes that are not granted, with the reasons.
	DeniedScopes []DeniedScope

	// held are the user's permissions for the API, if the API enforces RBAC.
	held []string
}

// Decide returns what the user may do, or an apierr.Error when the login is to be refused. Core RBAC
// comes first and the extension's rule after it; if a scope rule is on for the application, its
// result replaces the scope of core RBAC, just as in Auth0 a rule that sets the access token's scope
// does, Auth0: get-started/apis/enable-role-based-access-control-for-apis. Of the Management API,
// neither grants scopes beyond those for the user's own account.
func Decide(tx *storage.Tx, in Input) (Decision, error) {
	if in.Audience == ExtensionAudience {
		return Decision{}, errNoEndUsers
	}
	d, err := core(tx, in)
	if err != nil {
		return Decision{}, err
	}
	ext, err := tx.Extension.Get(storage.ExtensionKey)
	if storage.Optional(err) != nil {
		return Decision{}, errExtension("An internal server error occurred", err)
	}
	user, err := document(tx, in.User.UserID, ext)
	if err != nil {
		return Decision{}, fmt.Errorf("decide on access: %w", err)
	}
	if len(ext.Configuration) > 0 {
		if d.AppMetadata, err = runRule(ext, in, user); err != nil {
			return Decision{}, err
		}
	}
	policy, ruled := scopePolicy(ext, in.Client.ClientID)
	if ruled {
		d.Scope = applyScopeRule(policy, in, words(user["permissions"]))
	}
	d.forPeople(in.API)
	d.forThirdParty(in.Client)
	d.DeniedScopes = deniedScopes(in, d.Scope, d.held, ruled)
	d.AccessClaims, d.IDClaims = claims(ext, in, user, d.Scope)
	return d, nil
}

// document returns the members of a user's document that the extension reads: all of them if there
// are claim mappings, which may name any member.
func document(tx *storage.Tx, userID string, ext storage.Extension) (storage.Document, error) {
	if len(ext.TokenClaims) > 0 {
		return tx.Users.Document(userID)
	}
	return tx.Users.DocumentOf(userID, "groups", "roles", "permissions", "app_metadata")
}
