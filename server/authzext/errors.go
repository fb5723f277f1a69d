package authzext

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
)

// Answers of the extension's API. An error without a Code is named by the reason
// phrase of its status.
var (
	errMissingAuthentication = authentication("Missing authentication", "token is null", nil)
	errTokenFormat           = authentication("Missing authentication", "Invalid token format", nil)
	errInvalidAPIKey         = &apierr.Error{Status: http.StatusUnauthorized, Message: "Invalid API Key"}
	errInsufficientScope     = &apierr.Error{Status: http.StatusForbidden, Message: "Insufficient scope"}
	errNotFound              = &apierr.Error{Status: http.StatusNotFound, Message: "Not Found"}
	errNoUser                = &apierr.Error{Status: http.StatusNotFound, Message: "The user does not exist."}
	errNoClient              = &apierr.Error{Status: http.StatusNotFound, Message: "The client does not exist"}
	errNoResourceServer      = &apierr.Error{Status: http.StatusNotFound, Message: "The resource server does not exist"}
	errHasResourceServer     = &apierr.Error{Status: http.StatusConflict, Message: "A resource server with the same identifier already exists."}
	errNoGroups              = &apierr.Error{Status: http.StatusBadRequest, Message: "No groups found"}
	errNoCurrentGroup        = &apierr.Error{Status: http.StatusBadRequest, Message: "Current group not found"}
	errMalformedJSON         = &apierr.Error{Status: http.StatusBadRequest, Message: "Invalid request payload JSON format"}
	errMediaType             = &apierr.Error{Status: http.StatusUnsupportedMediaType, Message: "Unsupported Media Type"}
	errInternal              = &apierr.Error{Status: http.StatusInternalServerError, Message: "An internal server error occurred"}
)

func authentication(message, challenge string, extra map[string]any) *apierr.Error {
	return &apierr.Error{
		Status: http.StatusUnauthorized, Message: message, Extra: extra,
		Header: map[string]string{"WWW-Authenticate": fmt.Sprintf("Token error=%q", challenge)},
	}
}

// errInvalidCredentials reports an access token that is not accepted.
func errInvalidCredentials(cause error) error {
	const message = "Invalid credentials"
	return authentication(message, message, map[string]any{"attributes": map[string]any{"error": message}}).With(cause)
}

// errInvalid reports a value of the request, from the source "payload", "query"
// or "params", that breaks its rule.
func errInvalid(source string, err error) error {
	v, ok := errors.AsType[*violation](err)
	if !ok {
		return err
	}
	return &apierr.Error{
		Status: http.StatusBadRequest, Message: v.Error(),
		Extra: map[string]any{"validation": map[string]any{"source": source, "keys": []string{v.key}}},
	}
}

func errValidation(format string, args ...any) error {
	return &apierr.Error{Status: http.StatusBadRequest, Code: "ValidationError", Message: fmt.Sprintf(format, args...)}
}

// errNoRecord reports an id that no record of a collection has.
func errNoRecord(collection, id string) error {
	return &apierr.Error{
		Status: http.StatusNotFound, Code: "NotFoundError",
		Message: fmt.Sprintf("The record %s in %s does not exist.", id, collection),
	}
}

// errInUse reports that an object cannot be changed because other records refer to it,
// whose names are users.
func errInUse(what, collection string, users []string) error {
	return errValidation("Unable to touch %s while used in %s: %s", what, collection, strings.Join(users, ", "))
}
