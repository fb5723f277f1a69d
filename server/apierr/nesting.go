package apierr

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// MaxNesting is how many lists and objects of what is stored may be inside each other. An
// export writes it at most ten levels deeper into a tenant file, which may have 100.
const MaxNesting = 90

// NestedTooDeep reports a JSON body with more than a number of lists and objects inside each
// other.
func NestedTooDeep(most int) *Error {
	return &Error{
		Status: http.StatusBadRequest, Code: "invalid_request", Setting: "the body of the request",
		Message: fmt.Sprintf("Payload validation error: 'More than %d lists and objects inside each other are not allowed'.", most),
	}
}

// Deeper reports whether a JSON value has more than a number of lists and objects inside each
// other.
func Deeper(value any, most int) bool {
	inside := func(item any) bool { return Deeper(item, most-1) }
	switch v := value.(type) {
	case []any:
		return most == 0 || slices.ContainsFunc(v, inside)
	case map[string]any:
		return most == 0 || slices.ContainsFunc(slices.Collect(maps.Values(v)), inside)
	}
	return false
}

// TooDeep reports whether a JSON value is nested deeper than what is stored may be.
func TooDeep(value any) bool { return Deeper(value, MaxNesting) }
