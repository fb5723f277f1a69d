// Package apierr holds the error type that is sent to clients, and the error messages that Auth0 is known to
// answer with, grouped by API. Of HTTP it knows only the status codes; package web writes an Error as a
// response.
package apierr

import "net/http"

// Error is a failure that the client is meant to see.
type Error struct {
	Status  int            // HTTP status
	Code    string         // machine-readable: "invalid_grant", "inexistent_user"
	Message string         // the sentence Auth0 answers with
	Extra   map[string]any // further members of the body, such as error_uri
	Header  map[string]string
	// Bare means that the body has only the message: {"error": "<message>"}, without a code.
	Bare bool
	Page string // the page that explains the error to a user, "" for the general error page
	// Lost says that the login which the request goes on with is not there. The browser is sent to the tenant's
	// default login route, if there is one, as it is for errors with a Page.
	Lost bool
	// Text is the key of the text of the general error page that explains the error, "" for the general text.
	Text string
	// Setting names what a developer could change to get another answer, or is "" if no setting matters. It
	// is shown in request traces, and never sent to the client.
	Setting string
	// Reason says which of several rules refused the request if the message does not say so, or is "". It is
	// shown in request traces, and never sent to the client.
	Reason string
	Cause  error // for the log only; never sent
}

// Error implements the error interface, for logs and tests.
func (e *Error) Error() string {
	text := e.Code + ": " + e.Message
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause, so that errors.Is sees through an Error.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether another error is the same answer, so that errors.Is also matches copies with another
// cause or Why.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && e.Status == other.Status && e.Code == other.Code && e.Message == other.Message
}

// With returns a copy of e with a cause, for the log.
func (e *Error) With(cause error) error {
	c := *e
	c.Cause = cause
	return &c
}

// WithReason returns a copy of e with Reason set: which of several rules refused the request, if the message does
// not say so. The text is shown in request traces, so it must not contain anything that the client sent.
func (e *Error) WithReason(why string) *Error {
	c := *e
	c.Reason = why
	return &c
}

// Summary returns the error as a trace shows it: code, message and Reason.
func (e *Error) Summary() string {
	said := e.Message
	if e.Code != "" {
		said = e.Code + ": " + said
	}
	if e.Reason != "" {
		said += " (" + e.Reason + ")"
	}
	return said
}

// Remedy returns, for a trace, what would change the answer: the Setting, or else the part of the request
// that errors of this status are about.
func (e *Error) Remedy() string {
	if e.Setting != "" {
		return e.Setting
	}
	switch e.Extra["errorCode"] {
	case "invalid_body":
		return "the body of the request"
	case "invalid_query_string":
		return "the query of the request"
	}
	switch e.Status {
	case http.StatusBadRequest:
		return "the parameters and the body of the request"
	case http.StatusUnauthorized:
		return "the header Authorization"
	case http.StatusNotFound:
		return "the path of the request: it names nothing that exists"
	case http.StatusConflict:
		return "the object that exists already"
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return "the length of the request"
	case http.StatusUnsupportedMediaType:
		return "the header Content-Type"
	case http.StatusMisdirectedRequest:
		return "allowed-host of the server"
	case http.StatusNotImplemented:
		return "no setting: tenant0 does not emulate it"
	}
	return ""
}

// WithSetting returns a copy of e with a Setting.
func (e *Error) WithSetting(setting string) *Error {
	c := *e
	c.Setting = setting
	return &c
}
