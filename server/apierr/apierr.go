// Package apierr holds the one error type that reaches a client, and every
// sentence that Auth0 is known to answer with, written once and grouped by the
// API that says it. It knows nothing of HTTP but status numbers; package web
// turns an Error into bytes.
package apierr

import "fmt"

// Error is a failure that the client is meant to see.
type Error struct {
	Status  int            // HTTP status
	Code    string         // machine-readable: "invalid_grant", "inexistent_user"
	Message string         // the sentence Auth0 answers with
	Extra   map[string]any // further members of the body, such as error_uri
	Header  map[string]string
	Page    string // the page that explains it to a person, "" for the one that shows the error
	// Setting names what a developer would change for another answer, "" where nothing of the
	// tenant's does. It is told where requests are traced, and never sent.
	Setting string
	Cause   error // for the log only; never sent
}

// Error implements the error interface, for logs and tests.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Cause)
	}
	return e.Code + ": " + e.Message
}

// Unwrap returns the cause, so that errors.Is sees through an Error.
func (e *Error) Unwrap() error { return e.Cause }

// With returns a copy of e that remembers why it happened.
func (e *Error) With(cause error) error {
	c := *e
	c.Cause = cause
	return &c
}

// ChangedBy returns a copy of e with a Setting.
func (e *Error) ChangedBy(setting string) *Error {
	c := *e
	c.Setting = setting
	return &c
}
