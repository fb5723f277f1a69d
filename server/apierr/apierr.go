// Package apierr holds the one error type that reaches a client, and every
// sentence that Auth0 is known to answer with, written once and grouped by the
// API that says it. It knows nothing of HTTP but status numbers; package web
// turns an Error into bytes.
package apierr

import "net/http"

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
	// Why is which of several rules has said no, where the answer does not tell, "" for none. It is told as
	// Setting is.
	Why   string
	Cause error // for the log only; never sent
}

// Error implements the error interface, for logs and tests.
func (e *Error) Error() string {
	text := e.Code + ": " + e.Message
	if e.Why != "" {
		text += ": " + e.Why
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause, so that errors.Is sees through an Error.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether another error has the same answer, so that errors.Is finds copies with other reasons.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && e.Status == other.Status && e.Code == other.Code && e.Message == other.Message
}

// With returns a copy of e that remembers why it happened.
func (e *Error) With(cause error) error {
	c := *e
	c.Cause = cause
	return &c
}

// Because returns a copy of e with why that is so, where the answer does not tell: which of several rules has
// said no. The words are shown where requests are traced, so that they hold nothing of what was sent.
func (e *Error) Because(why string) *Error {
	c := *e
	c.Why = why
	return &c
}

// Said is what a trace says of the error: its code, its sentence, and why.
func (e *Error) Said() string {
	said := e.Message
	if e.Code != "" {
		said = e.Code + ": " + said
	}
	if e.Why != "" {
		said += " (" + e.Why + ")"
	}
	return said
}

// Changes is what would change the answer, for a trace: the Setting, or the part of the request that refusals
// of the kind are about.
func (e *Error) Changes() string {
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
		return "the path of the request, which names nothing that is there"
	case http.StatusConflict:
		return "what is there already"
	case http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong:
		return "the length of the request"
	case http.StatusUnsupportedMediaType:
		return "the header Content-Type"
	case http.StatusMisdirectedRequest:
		return "allowed-host of the server"
	case http.StatusNotImplemented:
		return "no setting: the server does not have it"
	}
	return ""
}

// ChangedBy returns a copy of e with a Setting.
func (e *Error) ChangedBy(setting string) *Error {
	c := *e
	c.Setting = setting
	return &c
}
