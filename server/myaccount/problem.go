package myaccount

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/web"
)

// errorTypes is where the types of the errors are below.
const errorTypes = "https://auth0.com/api-errors/"

// fault is what is wrong with one member of a body, or with one parameter.
type fault struct {
	Detail  string `json:"detail"`
	Field   string `json:"field,omitempty"`
	Pointer string `json:"pointer,omitempty"`
	Source  string `json:"source,omitempty"`
}

// problem is an error of the API, Auth0: api/myaccount. number tells the errors of one status apart.
func problem(status int, number, title, detail string) *apierr.Error {
	return &apierr.Error{Status: status, Code: fmt.Sprintf("A0E-%d-%s", status, number), Message: detail, Extra: map[string]any{"title": title}}
}

var (
	errNoToken  = problem(http.StatusUnauthorized, "0001", "Unauthorized", "The access token is missing.")
	errToken    = problem(http.StatusUnauthorized, "0003", "Invalid Token", "Invalid Token")
	errNotFound = problem(http.StatusNotFound, "0001", "Not Found", "The requested resource was not found.")
)

func insufficientScope(scope string) error {
	return problem(http.StatusForbidden, "0002", "Insufficient Scope", "Insufficient scope, expected: "+scope)
}

// notFound is the answer of an API that is not activated, and for an operation that is none.
func notFound(r *http.Request, setting string) error {
	e := *errNotFound
	e.Message = "The requested resource " + r.Method + " " + r.URL.Path + " was not found."
	e.Setting = setting
	return &e
}

func badRequest(detail string) *apierr.Error {
	return problem(http.StatusBadRequest, "0001", "Bad Request", detail)
}

// invalid is a request that is not of the form that the operation takes.
func invalid(faults ...fault) error {
	e := problem(http.StatusBadRequest, "0003", "Validation Error", "The request is not valid.")
	e.Extra["validation_errors"] = faults
	return e
}

// member is what is wrong with a member of a body.
func member(name, detail string) fault {
	return fault{Detail: detail, Field: name, Pointer: "/" + strings.ReplaceAll(name, ".", "/"), Source: "body"}
}

// parameter is what is wrong with a parameter of the query.
func parameter(name, detail string) fault { return fault{Detail: detail, Field: name, Source: "query"} }

// shape renders an error as RFC 9457 has it, with the type that Auth0 gives it.
func shape(w http.ResponseWriter, _ *http.Request, e *apierr.Error) {
	code, title := e.Code, http.StatusText(e.Status)
	if own, ok := e.Extra["title"].(string); ok {
		title = own
	} else {
		code = fmt.Sprintf("A0E-%d-0001", e.Status)
	}
	body := struct {
		Type   string `json:"type"`
		Status int    `json:"status"`
		Title  string `json:"title"`
		Detail string `json:"detail"`
		Faults any    `json:"validation_errors,omitempty"`
	}{errorTypes + code, e.Status, title, e.Message, e.Extra["validation_errors"]}
	_ = web.Reply(w, e.Status, body)
}

// maxBody bounds a body, in bytes: the answers of authenticators are the longest.
const maxBody = 32 << 10

// read reads a body of JSON whose members are those of to.
func read(w http.ResponseWriter, r *http.Request, to any) error {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return problem(http.StatusUnsupportedMediaType, "0001", "Unsupported Media Type", "The body must be application/json.")
	}
	raw, err := web.ReadJSON(w, r, maxBody)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	err = dec.Decode(to)
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		return invalid(fault{Detail: "There is text after the body.", Source: "body"})
	}
	if name, want := web.JSONFault(err); name != "" {
		return invalid(member(name, "must be of the type "+want))
	}
	if name, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		name = strings.Trim(name, `"`)
		return invalid(member(name, "is not a member of the request"))
	}
	return invalid(fault{Detail: "The body is no JSON object.", Source: "body"})
}
