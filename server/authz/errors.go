package authz

import (
	"fmt"
	"net/http"

	"github.com/tenant0/tenant0/server/apierr"
)

// Refusals of a rule, Auth0: customize/rules/raise-errors-from-rules. The token
// endpoint answers them with 401.
var errNoEndUsers = unauthorized("no_end_users", nil)

func unauthorized(message string, cause error) error {
	return &apierr.Error{Status: http.StatusUnauthorized, Code: "unauthorized", Message: message, Cause: cause}
}

// errExtension reports that the extension gave no policy. There is no way to
// log in without one.
func errExtension(message string, cause error) error {
	return unauthorized("Authorization Extension: "+message, cause)
}

func errRequiredRole(client string) error {
	return unauthorized("You do not have the required role to access "+client, nil)
}

// errDenied reports an API that no application may call for a user.
func errDenied(audience string) error {
	return &apierr.Error{
		Status: http.StatusForbidden, Code: "access_denied",
		Message: fmt.Sprintf("Client is not authorized to access resource server %q.", audience),
	}
}
