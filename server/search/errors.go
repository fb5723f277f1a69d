package search

import "fmt"

// Error says that a query or a sort order cannot be read, or asks for something
// that Auth0 does not support. The Management API answers with 400 and the error
// code invalid_query_string.
type Error struct {
	// Message is the sentence for the client. It says what is wrong or missing, and
	// at which position, counting characters from 1.
	Message string
	// Offset is the position of the fault in the parameter, in bytes from 0.
	Offset int
}

// Error returns the sentence for the client.
func (e *Error) Error() string { return e.Message }

// queryError returns an Error with Auth0's wording for the parameter q.
func queryError(offset int, reason string) *Error {
	return &Error{Message: "The search query string has an error: " + reason + ".", Offset: offset}
}

// sortError returns an Error with Auth0's wording for parameters that must match a
// pattern.
func sortError(value, reason string) *Error {
	return &Error{Message: fmt.Sprintf("Query validation error: 'String '%s' does not match pattern. %s' on property sort.", value, reason)}
}
