package tenantlog

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/redact"
)

// Operation is a request to the Management API and its answer.
type Operation struct {
	// Path is the route, such as /clients/{id}, of which the description is made
	// where there is none.
	Path        string
	Description string
	// ClientID is the application that the token was issued to, and UserID the user
	// whose token it was, "" for an application's own.
	ClientID, UserID string
	// Request and Answer are the bodies, without secrets; nil for none.
	Request, Answer any
	Status          int // of the answer
}

// Operation records an operation of the Management API, as sapi or fapi by its
// status. Reading is not recorded, as at Auth0.
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

// maxDetails bounds the bodies in an event, in bytes.
const maxDetails = 16 << 10

// details is encoded at once: the documents may change.
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

// verbs say what a method does in a description.
var verbs = map[string]string{
	http.MethodPost: "Create", http.MethodPut: "Update", http.MethodPatch: "Update", http.MethodDelete: "Delete",
}

// describe words an operation in Auth0's way, such as "Update a client".
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
