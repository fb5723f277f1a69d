package search

import "fmt"

// Error is a query or an order that cannot be read, or that Auth0 does not answer.
// The Management API answers it with 400 and the error code invalid_query_string.
type Error struct {
	// Message is the sentence for the client. It says what is wrong or missing, and
	// where, counting characters from 1.
	Message string
	// Offset is where in the parameter the trouble is, in bytes from 0.
	Offset int
}

// Error is the sentence for the client.
func (e *Error) Error() string { return e.Message }

// queryError is the form of Auth0's sentences on q.
func queryError(offset int, reason string) *Error {
	return &Error{Message: "The search query string has an error: " + reason + ".", Offset: offset}
}

// sortError is the form of Auth0's sentences on parameters with a pattern.
func sortError(value, reason string) *Error {
	return &Error{Message: fmt.Sprintf("Query validation error: 'String '%s' does not match pattern. %s' on property sort.", value, reason)}
}
