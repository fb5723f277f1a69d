package apierr

import (
	"maps"
	"net/http"
	"slices"
)

// MaxNesting is how many lists and objects of a request may be inside each other. An export
// writes what was sent at most ten levels deeper into a tenant file, which may have 100.
const MaxNesting = 90

// NestedTooDeep reports a JSON body with more than MaxNesting lists and objects inside each
// other.
var NestedTooDeep = &Error{
	Status: http.StatusBadRequest, Code: "invalid_request", Setting: "the body of the request",
	Message: "Payload validation error: 'More than 90 lists and objects inside each other are not allowed'.",
}

// TooDeep reports whether a JSON value has more than MaxNesting lists and objects inside each
// other.
func TooDeep(value any) bool { return deeper(value, MaxNesting) }

// deeper reports whether more lists and objects are inside each other than are left.
func deeper(value any, left int) bool {
	inside := func(item any) bool { return deeper(item, left-1) }
	switch v := value.(type) {
	case []any:
		return left == 0 || slices.ContainsFunc(v, inside)
	case map[string]any:
		return left == 0 || slices.ContainsFunc(slices.Collect(maps.Values(v)), inside)
	}
	return false
}
