// Package errorsx replaces github.com/ory/x/errorsx, of which fosite uses the names
// below. WithStack returns the error unchanged and records no stack trace, since tenant0
// logs an error once, where the request is answered.
package errorsx

import "errors"

// WithStack returns err unchanged.
func WithStack(err error) error { return err }

// Cause returns the innermost error that err wraps.
func Cause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// StatusCodeCarrier is an error with an HTTP status number.
type StatusCodeCarrier interface{ StatusCode() int }

// RequestIDCarrier is an error that knows the request it belongs to.
type RequestIDCarrier interface{ RequestID() string }

// ReasonCarrier is an error with a reason.
type ReasonCarrier interface{ Reason() string }

// DebugCarrier is an error with debugging text.
type DebugCarrier interface{ Debug() string }

// StatusCarrier is an error with a status text.
type StatusCarrier interface{ Status() string }
