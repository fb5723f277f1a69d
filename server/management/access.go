package management

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/registered"
	"github.com/tenant0/tenant0/server/tokens"
	"github.com/tenant0/tenant0/server/web"
	"github.com/tenant0/tenant0/storage"
)

// unauthorized returns Auth0's error for a request whose token is missing or not accepted.
func unauthorized(message string) *apierr.Error {
	return &apierr.Error{
		Status: http.StatusUnauthorized, Message: message, Extra: map[string]any{"attributes": map[string]any{"error": message}},
		Header: map[string]string{"WWW-Authenticate": fmt.Sprintf("Bearer error=%q", message)},
	}
}

// caller is the client that sent a request.
type caller struct {
	tokens.Claims
	// own says that only a scope for the caller's own account (":current_user") allows the request.
	own bool
}

// machine reports whether the caller is an application that acts for itself, and not for a user.
func (c caller) machine() bool { return strings.HasSuffix(c.Subject, "@clients") }

// allow returns the caller if its token is for this API and has one of the scopes. Otherwise it returns an error.
func (a *api) allow(r *http.Request, scopes []string) (who caller, err error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return who, unauthorized("Missing authentication").WithSetting("the header Authorization")
	}
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return who, &apierr.Error{Status: http.StatusBadRequest, Message: "Bad HTTP authentication header format", Setting: "the header Authorization: it must be Bearer and a token", Extra: map[string]any{"errorCode": "Bearer"}}
	}
	who.Claims, err = a.Issuer.Verify(r.Context(), strings.TrimSpace(token), a.Issuer.URL+"api/v2/", a.Now())
	switch {
	case errors.Is(err, tokens.ErrExpired):
		return who, unauthorized("Expired token received for JSON Web Token validation").WithSetting("token_lifetime of the Management API, and the clock").With(err)
	case err != nil:
		return who, unauthorized("Invalid token").WithSetting("the parameter audience of the request for the token: it must be " + a.Issuer.URL + "api/v2/").WithReason(tokens.Why(err)).With(err)
	}
	if err := a.DB.View(r.Context(), func(tx *storage.Tx) error { return registered.CheckOrigin(tx, r, who.ClientID) }); err != nil {
		return who, err
	}
	let := false
	if let, who.own = who.may(r, scopes); !let {
		return who, who.lacks(scopes)
	}
	return who, nil
}

// may reports whether one of the scopes allows the request, and whether only a scope for the caller's own account
// does. If an element of scopes has several scopes, separated by spaces, the token must have all of them. The token
// of a user gives access only to the user's own account, Auth0:
// secure/tokens/access-tokens/management-api-access-tokens/get-management-api-tokens-for-single-page-applications.
func (c caller) may(r *http.Request, scopes []string) (let, own bool) {
	for _, scope := range scopes {
		switch current := strings.Contains(scope, ":current_user"); {
		case !c.holdsAll(strings.Fields(scope)):
		case !current && c.machine():
			return true, false
		case current && c.isOwner(r):
			own = true
		}
	}
	return own, own
}

// holdsAll reports whether the caller's token has all of the scopes.
func (c caller) holdsAll(scopes []string) bool {
	return !slices.ContainsFunc(scopes, func(scope string) bool { return !c.holds(scope) })
}

// holds reports whether the caller's token has a scope. The scope create:current_user_metadata also counts as
// update:current_user_metadata.
func (c caller) holds(scope string) bool {
	return slices.Contains(c.Scope, scope) || scope == "update:current_user_metadata" && slices.Contains(c.Scope, "create:current_user_metadata")
}

// isOwner reports whether the user in the path is the caller. It returns true for paths without a user.
func (c caller) isOwner(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, base+"/users/") || !c.machine() && web.Param(r, "id") == c.Subject
}

// lacks returns the error for a caller whose token has none of the scopes.
func (c caller) lacks(scopes []string) error {
	sets := make([]string, len(scopes))
	for i, set := range scopes {
		sets[i] = strings.Join(strings.Fields(set), " and ")
	}
	setting := "scope of the application's client grant for the Management API, and the parameter scope of the request for the token"
	if !c.machine() {
		setting = "a scope for users, which ends in :current_user and allows access to their own account only, or a token that an application gets for itself"
	}
	expected := "any of: " + strings.Join(sets, ",")
	if len(sets) == 1 && sets[0] != scopes[0] {
		expected = sets[0]
	}
	return &apierr.Error{
		Status: http.StatusForbidden, Message: "Insufficient scope, expected " + expected,
		Extra: map[string]any{"errorCode": "insufficient_scope"}, Reason: "the token has " + cmp.Or(strings.Join(c.Scope, " "), "no scope"),
		Setting: setting,
	}
}
