// Package authz decides what a user may do with an application: the scope, the
// permissions and the added claims of the tokens, at login and at refresh alike.
// It owns core RBAC, the Authorization Extension's evaluator, its rule and its
// scope rule, and the tenant's claim mappings. It does not mint tokens, ask for
// consent or write anything.
package authz

import (
	"fmt"

	"github.com/tenant0/tenant0/storage"
)

// Input is one login or refresh.
type Input struct {
	Client storage.Client
	User   storage.User
	API    *storage.ResourceServer // nil when the audience is no registered API
	// Audience is the one the tokens are for, "" for userinfo alone.
	Audience string
	// Requested is the scope parameter as sent. A refresh without the parameter
	// passes that of the authorization request.
	Requested string
	// Connection is the one the user logged in with, "" for that of the user's
	// first identity.
	Connection string
	// OfflineAllowed says that offline_access may be granted: the API allows
	// offline access and the application has the refresh_token grant.
	OfflineAllowed bool
	// OnlineAllowed says the same of online_access.
	OnlineAllowed bool
	// Refresh keeps the scope within Granted, what the refresh token holds, where
	// no scope rule replaces it.
	Refresh bool
	Granted []string
	// Organization is the id of the one that the user logs in to, in which the user may
	// have further roles; "" for none.
	Organization string
}

// Decision is what the tokens say. It may share memory with the store and is
// for reading only.
type Decision struct {
	// Scope is what is granted, in order; joined with single blanks it is the
	// scope of the tokens. Under a verbatim scope rule it may have empty items.
	Scope []string
	// Permissions is the permissions claim, nil when the API does not ask for it.
	Permissions []string
	// AccessClaims and IDClaims are to be added to the access and ID token.
	AccessClaims map[string]any
	IDClaims     map[string]any
	// AppMetadata is the user's app_metadata to store, nil when it is unchanged.
	AppMetadata map[string]any
	// Lost are the scopes that were asked for and are not granted, with the reasons.
	Lost []Lost

	// held are the user's permissions for the API, where they decide.
	held []string
}

// Decide returns what the user may do, or an apierr.Error when the login is to
// be refused. Core RBAC comes first and the extension's rule after it; where a
// scope rule is on for the application its result replaces that of core RBAC, as
// a rule that sets the access token's scope does, Auth0:
// get-started/apis/enable-role-based-access-control-for-apis. Neither grants more of
// the Management API than the user's own account.
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
	d.Lost = lost(in, d.Scope, d.held, ruled)
	d.AccessClaims, d.IDClaims = claims(ext, in, user, d.Scope)
	return d, nil
}

// document is of a user's document what the extension looks at: claims may be of any of its members.
func document(tx *storage.Tx, userID string, ext storage.Extension) (storage.Document, error) {
	if len(ext.TokenClaims) > 0 {
		return tx.Users.Document(userID)
	}
	return tx.Users.DocumentOf(userID, "groups", "roles", "permissions", "app_metadata")
}
