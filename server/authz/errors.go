package authz

import (
	"fmt"
	"net/http"

	"github.com/tenant0/tenant0/server/apierr"
)

// Errors that a rule raises, Auth0: customize/rules/raise-errors-from-rules. The token
// endpoint answers them with status 401. errNoEndUsers is for users' tokens for the
// extension's own API.
var errNoEndUsers = unauthorized("no_end_users", nil)

func unauthorized(message string, cause error) error {
	return &apierr.Error{Status: http.StatusUnauthorized, Code: "unauthorized", Message: message, Cause: cause}
}

// errExtension reports that the extension failed to return a policy; the login fails.
func errExtension(message string, cause error) error {
	return unauthorized("Authorization Extension: "+message, cause)
}

func errRequiredRole(client string) error {
	return unauthorized("You do not have the required role to access "+client, nil)
}

// errDenied reports an API that no application may call on behalf of a user.
func errDenied(audience string) error {
	return &apierr.Error{
		Status: http.StatusForbidden, Code: "access_denied",
		Message: fmt.Sprintf("Client is not authorized to access resource server %q.", audience),
	}
}
