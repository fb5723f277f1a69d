package tenantlog

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tenant0/tenant0/storage"
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
	// Request and Answer are the bodies; nil for none. Secrets in them are replaced.
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
		"method": strings.ToLower(r.Method), "path": r.URL.Path, "query": query(r), "userAgent": clip(r.UserAgent()),
		"body": redact(o.Request), "channel": "api", "ip": host(r.RemoteAddr),
		"auth": map[string]any{"user": map[string]any{}, "strategy": "jwt"},
	}
	response := map[string]any{"statusCode": o.Status, "body": redact(o.Answer)}
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

func query(r *http.Request) map[string]any {
	shown := map[string]any{}
	for name, values := range r.URL.Query() {
		shown[name] = redactMember(name, values[0])
	}
	return shown
}

// redacted is what Auth0's log shows in the place of a secret.
const redacted = "REDACTED"

// redact returns a copy of a body without secrets. They are known by the names of
// their members; what is no JSON document is left out.
func redact(body any) any {
	switch v := body.(type) {
	case storage.Document:
		shown := make(storage.Document, len(v))
		for name, value := range v {
			shown[name] = redactMember(name, value)
		}
		return shown
	case []any:
		shown := make([]any, len(v))
		for i, item := range v {
			shown[i] = redact(item)
		}
		return shown
	case []storage.Document:
		shown := make([]any, len(v))
		for i, item := range v {
			shown[i] = redact(item)
		}
		return shown
	case string, bool, float64, json.Number, nil, []string, int, int64, time.Time:
		return v
	}
	return map[string]any{}
}

func redactMember(name string, value any) any {
	switch value.(type) {
	case nil, bool, float64, int:
		return value // no secret fits in
	case string:
		if named(name, secretTexts) {
			return redacted
		}
	default:
		if named(name, secretObjects) {
			return redacted
		}
	}
	return redact(value)
}

// secretTexts are parts of the names of members whose texts are secrets, such as
// client_secret, smtp_pass, datadogApiKey or httpAuthorization, and secretObjects of
// those of which nothing is shown. What is in pointed brackets is the whole name.
var (
	secretTexts = []string{
		"secret", "password", "apikey", "accesskey", "privatekey", "authorization", "credential", "assertion",
		"<token>", "<accesstoken>", "<refreshtoken>", "<idtoken>", "<smtppass>", "<code>", "<hash>", "<salt>", "<value>", "<pem>", "<pkcs7>",
		"<ticket>", "<ticketid>", "<ticketurl>", "<invitationurl>", "<linkwith>",
	}
	secretObjects = []string{"secret", "credential", "customheaders", "passwordhash", "<hash>", "<keys>"}
)

func named(name string, parts []string) bool {
	name = "<" + strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name)) + ">"
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(name, part) })
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
