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

// errorTypes is the URL prefix of the errors' types.
const errorTypes = "https://auth0.com/api-errors/"

// fault describes what is wrong with one member of a body, or with one query parameter.
type fault struct {
	Detail  string `json:"detail"`
	Field   string `json:"field,omitempty"`
	Pointer string `json:"pointer,omitempty"`
	Source  string `json:"source,omitempty"`
}

// problem makes an error of the API, Auth0: api/myaccount. number distinguishes errors with the same
// status.
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

// notFound returns the error for a request to the API if the tenant has not activated it.
func notFound(r *http.Request, setting string) error {
	e := *errNotFound
	e.Message = "The requested resource " + r.Method + " " + r.URL.Path + " was not found."
	e.Setting = setting
	return &e
}

func badRequest(detail string) *apierr.Error {
	return problem(http.StatusBadRequest, "0001", "Bad Request", detail)
}

// invalid returns the error for a request that is not valid, with its faults.
func invalid(faults ...fault) error {
	e := problem(http.StatusBadRequest, "0003", "Validation Error", "The request is not valid.")
	e.Extra["validation_errors"] = faults
	return e
}

// member describes what is wrong with a member of the body.
func member(name, detail string) fault {
	return fault{Detail: detail, Field: name, Pointer: "/" + strings.ReplaceAll(name, ".", "/"), Source: "body"}
}

// parameter describes what is wrong with a query parameter.
func parameter(name, detail string) fault { return fault{Detail: detail, Field: name, Source: "query"} }

// shape writes an error in the format of RFC 9457, with Auth0's URL of its type.
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

// maxBody limits a request body, in bytes. The responses of authenticators are the longest bodies.
const maxBody = 32 << 10

// read decodes a JSON body into the struct that to points to. It refuses members that the struct
// does not have.
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
