package tenantlog

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/redact"
)

// Operation is a request to the Management API and its answer.
type Operation struct {
	// Path is the route, such as /clients/{id}. The description is derived from it
	// if Description is "".
	Path        string
	Description string
	// ClientID is the application that the token was issued to. UserID is the user
	// that the token was issued for, "" for a token of the application itself.
	ClientID, UserID string
	// Request and Answer are the bodies, without secrets; nil if there is none.
	Request, Answer any
	Status          int // of the answer
}

// Operation records an operation of the Management API, as sapi or fapi depending
// on its status. Requests that only read are not recorded, as at Auth0.
func (l *Log) Operation(r *http.Request, o Operation) {
	if l == nil || r.Method == http.MethodGet || r.Method == http.MethodHead {
		return
	}
	e := Event{Type: APIOperation, Description: o.Description, ClientID: o.ClientID, UserID: o.UserID}
	if o.Status >= http.StatusBadRequest {
		e.Type = FailedAPIOperation
	}
	if e.Description == "" {
		e.Description = describe(r.Method, o.Path)
	}
	e.Details = o.details(r)
	l.Record(r, e)
}

// maxDetails is the largest size of the details in an event, in bytes; larger
// bodies are left out.
const maxDetails = 16 << 10

// details returns the details as JSON. They are encoded at once, because the
// documents may change.
func (o Operation) details(r *http.Request) json.RawMessage {
	request := map[string]any{
		"method": strings.ToLower(r.Method), "path": r.URL.Path, "query": redact.Query(r.URL.Query()), "userAgent": clip(r.UserAgent()),
		"body": o.Request, "channel": "api", "ip": host(r.RemoteAddr),
		"auth": map[string]any{"user": map[string]any{}, "strategy": "jwt"},
	}
	response := map[string]any{"statusCode": o.Status, "body": o.Answer}
	details := map[string]any{"request": request, "response": response}
	raw, err := json.Marshal(details)
	if err != nil || len(raw) > maxDetails {
		delete(request, "body")
		delete(response, "body")
		request["query"] = map[string]any{}
		if raw, err = json.Marshal(details); err != nil {
			return nil
		}
	}
	return raw
}

// verbs are the verbs of descriptions, by HTTP method.
var verbs = map[string]string{
	http.MethodPost: "Create", http.MethodPut: "Update", http.MethodPatch: "Update", http.MethodDelete: "Delete",
}

// describe returns a description of an operation in Auth0's style, such as "Update
// a client".
func describe(method, path string) string {
	noun := ""
	for segment := range strings.SplitSeq(path, "/") {
		if segment != "" && !strings.HasPrefix(segment, "{") {
			noun = segment
		}
	}
	noun = strings.ReplaceAll(noun, "-", " ")
	one := singular(noun)
	switch {
	case one == noun:
		return verbs[method] + " " + noun
	case strings.ContainsRune("aeiou", rune(one[0])):
		return verbs[method] + " an " + one
	}
	return verbs[method] + " a " + one
}

func singular(noun string) string {
	switch {
	case noun == "settings", strings.HasSuffix(noun, "ss"), len(noun) < 3:
		return noun
	case strings.HasSuffix(noun, "ies"):
		return strings.TrimSuffix(noun, "ies") + "y"
	}
	return strings.TrimSuffix(noun, "s")
}
