package web

import (
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/apierr"
)

// CORS reports whether pages of an origin may call. It is called only for origins other than the
// server's own.
type CORS func(r *http.Request, origin string) (bool, error)

// AnyOrigin allows pages of every origin. It is for documents that hold no secret.
func AnyOrigin(*http.Request, string) (bool, error) { return true, nil }

const (
	originNotAllowed = "origin_not_allowed"
	allowedMethods   = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
	// Auth0-Client is in this list because the official SDKs send it with every call, so that nearly
	// every call from a browser has a preflight.
	allowedHeaders = "Auth0-Client, Content-Type, Authorization, DPoP, X-Request-Language, Auth0-Custom-Domain, Cache-Control"
	exposedHeaders = "DPoP-Nonce, Location, WWW-Authenticate, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
	preflightAge   = "600" // seconds
)

// allowOrigin applies the router's CORS rule to a request from a page of another origin. Without a rule
// it adds no header, so that the browser does not let the page read the response.
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
	// The exact origin and not "*", which browsers reject for requests with credentials, as SDKs send
	// them.
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", exposedHeaders)
	return nil
}

// preflight answers OPTIONS. allowOrigin has been called before.
func (rt *Router) preflight(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", allowedMethods)
	h.Set("Access-Control-Allow-Headers", allowedHeaders)
	h.Set("Access-Control-Max-Age", preflightAge)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// ForeignOrigin returns the origin of the page that sent the request; "" if it is the server's own
// origin, or if no page sent the request.
func ForeignOrigin(r *http.Request) string {
	origin := r.Header.Get("Origin")
	scheme, host, ok := strings.Cut(origin, "://")
	if ok && host == r.Host && (scheme == "https") == (r.TLS != nil) {
		return ""
	}
	return origin
}

// disallowOrigin removes the headers that allowOrigin added.
func disallowOrigin(h http.Header) {
	for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers"} {
		h.Del(name)
	}
}

var crossOrigin = http.NewCrossOriginProtection()

// IsSubresource reports whether a browser requests a part of a page, such as an image, or an answer that
// no script can read. Neither a user nor an application would see the answer, so no login can result
// from it. Requests without the header are treated as navigations: they come from older browsers or
// other programs. W3C Fetch Metadata Request Headers, sections 2.1 and 2.2.
func IsSubresource(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "", "document", "iframe", "frame", "fencedframe":
		return false
	case "empty": // fetch() and similar
		return r.Header.Get("Sec-Fetch-Mode") == "no-cors"
	}
	return true
}

// Navigates reports whether a browser leaves its page for the answer, so that no script waits for it,
// W3C Fetch Metadata Request Headers section 2.2.
func Navigates(r *http.Request) bool { return r.Header.Get("Sec-Fetch-Mode") == "navigate" }

// SameSite refuses a state-changing request that a page of another site sent. A request whose Origin
// header names the server's own origin is always accepted, even if other headers say otherwise, because
// scripts copy headers from other requests. Only browsers set Origin, and a redirect over another site
// makes it null.
func SameSite(h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		own := r.Header.Get("Origin") != "" && ForeignOrigin(r) == ""
		if err := crossOrigin.Check(r); err != nil && !own {
			return apierr.CrossSite.With(err)
		}
		return h(w, r)
	}
}
