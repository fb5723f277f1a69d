package web

import (
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
)

// CORS says whether a page of origin may call. It is asked only for origins
// other than the server's own.
type CORS func(r *http.Request, origin string) (bool, error)

// AnyOrigin lets every page in. It is for documents that hold no secret.
func AnyOrigin(*http.Request, string) (bool, error) { return true, nil }

const (
	originNotAllowed = "origin_not_allowed"
	allowedMethods   = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
	// The official SDKs send Auth0-Client with every call, so nearly every call
	// from a browser has a preflight.
	allowedHeaders = "Auth0-Client, Content-Type, Authorization, DPoP, X-Request-Language, Auth0-Custom-Domain, Cache-Control"
	exposedHeaders = "DPoP-Nonce, Location, WWW-Authenticate, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
	preflightAge   = "600" // seconds
)

// allowOrigin applies the router's CORS rule to a request that a page of
// another origin made. Without a rule it adds nothing, and the browser keeps
// the response from the page.
func (rt *Router) allowOrigin(w http.ResponseWriter, r *http.Request) error {
	if rt.cors == nil {
		return nil
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := ForeignOrigin(r)
	if origin == "" {
		return nil
	}
	ok, err := rt.cors(r, origin)
	switch {
	case err != nil:
		return err
	case !ok:
		return apierr.OriginNotAllowed(origin)
	}
	// The exact origin and not "*": SDKs send credentials.
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", exposedHeaders)
	return nil
}

// preflight answers OPTIONS; allowOrigin has run.
func (rt *Router) preflight(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", allowedMethods)
	h.Set("Access-Control-Allow-Headers", allowedHeaders)
	h.Set("Access-Control-Max-Age", preflightAge)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// ForeignOrigin is the origin of the page that made the request, "" where it is the
// server's own or where no page made it.
func ForeignOrigin(r *http.Request) string {
	origin := r.Header.Get("Origin")
	scheme, host, ok := strings.Cut(origin, "://")
	if ok && host == r.Host && (scheme == "https") == (r.TLS != nil) {
		return ""
	}
	return origin
}

// disallowOrigin takes back what allowOrigin said, from the page that it said it to.
func disallowOrigin(h http.Header) {
	for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers"} {
		h.Del(name)
	}
}

var crossOrigin = http.NewCrossOriginProtection()

// IsSubresource reports whether a browser asks for a part of a page, such as an image, or
// for an answer that no script can read: what it then gets is seen by no user and by no
// application, so that no login can come of it. Browsers that do not say what they ask
// for, and what is no browser, are trusted. W3C Fetch Metadata Request Headers, sections
// 2.1 and 2.2.
func IsSubresource(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "", "document", "iframe", "frame", "fencedframe":
		return false
	case "empty": // fetch() and its like
		return r.Header.Get("Sec-Fetch-Mode") == "no-cors"
	}
	return true
}

// Navigates reports whether a browser leaves its page for the answer to a request, and no script waits
// for that, W3C Fetch Metadata Request Headers section 2.2.
func Navigates(r *http.Request) bool { return r.Header.Get("Sec-Fetch-Mode") == "navigate" }

// SameSite refuses a state-changing request that a page of another site made. What comes from the server's
// own origin by Origin, which browsers alone write and which a redirect over another site makes null, is
// taken whatever else it says: scripts copy the headers of other requests.
func SameSite(h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		own := r.Header.Get("Origin") != "" && ForeignOrigin(r) == ""
		if err := crossOrigin.Check(r); err != nil && !own {
			return apierr.CrossSite.With(err)
		}
		return h(w, r)
	}
}
