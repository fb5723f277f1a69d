package web

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/storage"
)

// Shape writes an error to the client. Auth0 has several formats; each package chooses
// one.
type Shape func(w http.ResponseWriter, r *http.Request, e *apierr.Error)

// OAuth renders {"error", "error_description"}, RFC 6749 section 5.2.
func OAuth(w http.ResponseWriter, _ *http.Request, e *apierr.Error) {
	body := map[string]any{"error": e.Code, "error_description": e.Message}
	maps.Copy(body, e.Extra)
	NoStore(w)
	_ = Reply(w, e.Status, body)
}

// Boom renders {"statusCode", "error", "message"}, the format of the Authorization
// Extension and, with an errorCode in Extra, of the Management API. The member error is
// e's Code, or the HTTP reason phrase if Code is empty or invalid_request, which OAuth
// uses for every bad request.
func Boom(w http.ResponseWriter, _ *http.Request, e *apierr.Error) {
	name := e.Code
	if name == "" || name == apierr.InvalidRequest {
		name = http.StatusText(e.Status)
	}
	body := map[string]any{"statusCode": e.Status, "error": name, "message": e.Message}
	maps.Copy(body, e.Extra)
	_ = Reply(w, e.Status, body)
}

// Text renders only the message, as plain text.
func Text(w http.ResponseWriter, _ *http.Request, e *apierr.Error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(e.Status)
	_, _ = io.WriteString(w, e.Message)
}

// Reply writes v as JSON. Like Auth0, and unlike json.Marshal, it does not escape &, <
// and >.
func Reply(w http.ResponseWriter, status int, v any) error {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	return ReplyBytes(w, status, "application/json; charset=utf-8", bytes.TrimSuffix(body.Bytes(), []byte("\n")))
}

// ReplyBytes writes body with a status and a content type.
func ReplyBytes(w http.ResponseWriter, status int, contentType string, body []byte) error {
	storage.Slow("answering a request")
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body))) // without it net/http would send a longer body in chunks
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error means that the client has gone
	return nil
}

// NoStore keeps the response out of every cache. RFC 6749 section 5.1: "The
// authorization server MUST include the HTTP 'Cache-Control' response header
// field with a value of 'no-store' in any response containing tokens".
func NoStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
}

// RateLimit sends the headers of Auth0's rate limits, Auth0:
// troubleshoot/customer-support/operational-policies/rate-limit-policy. They always
// say that nearly all requests remain, because there is no such limit.
func RateLimit(w http.ResponseWriter, perSecond int, now time.Time) {
	RateLimitLeft(w, perSecond, perSecond-1, now.Add(time.Second))
}

// RateLimitLeft sends the headers of a rate limit, with how many requests remain until it is reset.
func RateLimitLeft(w http.ResponseWriter, limit, left int, reset time.Time) {
	h := w.Header()
	h.Set("X-Ratelimit-Limit", strconv.Itoa(limit))
	h.Set("X-Ratelimit-Remaining", strconv.Itoa(left))
	h.Set("X-Ratelimit-Reset", strconv.FormatInt(reset.Unix(), 10))
}

// Redirect redirects the browser to a location with status 302, as Auth0 does, which
// turns a POST into a GET. The body contains the location too, as HTML if the client
// accepts that: scripts that do not follow redirects read the next state there.
func Redirect(w http.ResponseWriter, r *http.Request, location string) error {
	NoStore(w)
	w.Header().Set("Location", location)
	w.Header().Add("Vary", "Accept")
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		link := html.EscapeString(location)
		body := `<p>Found. Redirecting to <a href="` + link + `">` + link + "</a></p>"
		return ReplyBytes(w, http.StatusFound, "text/html; charset=utf-8", []byte(body))
	}
	return ReplyBytes(w, http.StatusFound, "text/plain; charset=utf-8", []byte("Found. Redirecting to "+location))
}

// Continue redirects the browser to a page of the login that a state identifies. Like Auth0's, the address has the
// languages that the present page was asked for in: load tests cut the state out in front of them.
func Continue(w http.ResponseWriter, r *http.Request, path, state string) error {
	return ContinueIn(w, r, path, state, r.URL.Query().Get("ui_locales"))
}

// ContinueIn is Continue for a login whose languages are known, "" for none.
func ContinueIn(w http.ResponseWriter, r *http.Request, path, state, locales string) error {
	location := path + "?state=" + url.QueryEscape(state)
	if locales != "" && len(locales) <= maxLocales {
		location += "&ui_locales=" + strings.ReplaceAll(url.QueryEscape(locales), "+", "%20")
	}
	return Redirect(w, r, location)
}

// maxLocales limits the languages in addresses, which have to fit into a header.
const maxLocales = 200

// Resume redirects the browser to the endpoint that decides which step of a login comes
// next. It knows the languages of the login.
func Resume(w http.ResponseWriter, r *http.Request, state string) error {
	return ContinueIn(w, r, "/authorize/resume", state, "")
}
