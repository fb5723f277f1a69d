package management

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/tokens"
)

// unauthorized is Auth0's answer to a token that does not let the caller in.
func unauthorized(message string) *apierr.Error {
	return &apierr.Error{
		Status: http.StatusUnauthorized, Message: message, Extra: map[string]any{"attributes": map[string]any{"error": message}},
		Header: map[string]string{"WWW-Authenticate": fmt.Sprintf("Bearer error=%q", message)},
	}
}

// allow lets a caller in whose token is for this API and has one of the scopes,
// and returns who that is.
func (a *api) allow(r *http.Request, scopes []string) (claims tokens.Claims, err error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return claims, unauthorized("Missing authentication")
	}
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return claims, &apierr.Error{Status: http.StatusBadRequest, Message: "Bad HTTP authentication header format", Extra: map[string]any{"errorCode": "Bearer"}}
	}
	claims, err = a.Issuer.Verify(strings.TrimSpace(token), a.Issuer.URL+"api/v2/", a.Now())
	switch {
	case errors.Is(err, tokens.ErrExpired):
		return claims, unauthorized("Expired token received for JSON Web Token validation").With(err)
	case err != nil:
		return claims, unauthorized("Invalid token").With(err)
	}
	if len(scopes) == 0 || slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(claims.Scope, s) }) {
		return claims, nil
	}
	return claims, &apierr.Error{
		Status: http.StatusForbidden, Message: "Insufficient scope, expected any of: " + strings.Join(scopes, ","),
		Extra: map[string]any{"errorCode": "insufficient_scope"},
	}
}
