// Package web is the HTTP plumbing that every room shares: the handler shape,
// the router, CORS, request bodies, and the only code that writes an error to a
// client. It knows nothing of OAuth.
package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"

	"github.com/gorilla/mux"

	"github.com/tenant0/tenant0/server/apierr"
)

// Handler answers one request. It either writes a response and returns nil, or
// writes nothing and returns an error.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Router mounts a room's handlers with the room's error shape and CORS rule.
type Router struct {
	mux   *mux.Router
	log   *slog.Logger
	shape Shape
	cors  CORS
}

// NewRouter returns a router that renders errors as OAuth JSON and lets no
// other origin in.
func NewRouter(log *slog.Logger) *Router {
	// Encoded: an id in a path may hold a slash, as an API's identifier does.
	rt := &Router{mux: mux.NewRouter().UseEncodedPath().SkipClean(true), log: log, shape: OAuth}
	rt.mux.NotFoundHandler = rt.adapt(func(http.ResponseWriter, *http.Request) error { return apierr.NotFound })
	rt.mux.MethodNotAllowedHandler = rt.adapt(rt.methodNotAllowed)
	return rt
}

// methodNotAllowed is RFC 9110 section 15.5.6: "The origin server MUST generate an
// Allow header field in a 405 response".
func (rt *Router) methodNotAllowed(w http.ResponseWriter, r *http.Request) error {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions} {
		var match mux.RouteMatch
		if rt.mux.Match(&http.Request{Method: method, URL: r.URL, Host: r.Host}, &match) && match.MatchErr == nil {
			w.Header().Add("Allow", method)
		}
	}
	return apierr.MethodNotAllowed
}

// With returns a Router for the same routes that renders errors as shape does.
func (rt *Router) With(shape Shape) *Router {
	c := *rt
	c.shape = shape
	return &c
}

// WithCORS returns a Router for the same routes that lets pages of the origins
// that cors allows call its handlers.
func (rt *Router) WithCORS(cors CORS) *Router {
	c := *rt
	c.cors = cors
	return &c
}

// Handle mounts h at method and path. gorilla/mux looks at routes in the order
// they came, so the busiest belong first.
func (rt *Router) Handle(method, path string, h Handler) {
	rt.mux.Handle(path, rt.adapt(h)).Methods(method)
	if rt.cors != nil {
		rt.mux.Handle(path, rt.adapt(rt.preflight)).Methods(http.MethodOptions)
	}
}

// HandlePrefix mounts h at method and every path that starts with prefix and
// that no route mounted earlier serves.
func (rt *Router) HandlePrefix(method, prefix string, h Handler) {
	rt.mux.PathPrefix(prefix).Handler(rt.adapt(h)).Methods(method)
}

// Operations lists every route as "METHOD /path", preflights left out.
func (rt *Router) Operations() ([]string, error) {
	var all []string
	err := rt.mux.Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := route.GetPathTemplate()
		if err != nil {
			return err
		}
		methods, err := route.GetMethods()
		if err != nil {
			return err
		}
		for _, m := range methods {
			if m != http.MethodOptions {
				all = append(all, m+" "+path)
			}
		}
		return nil
	})
	return all, err
}

// ServeHTTP implements http.Handler.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	id := make([]byte, 10)
	_, _ = rand.Read(id)
	h.Set("X-Auth0-Requestid", hex.EncodeToString(id))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	rt.mux.ServeHTTP(w, r)
}

// RequestID is the id of the request that w answers; error pages show it as the
// tracking id and the log carries it.
func RequestID(w http.ResponseWriter) string { return w.Header().Get("X-Auth0-Requestid") }

// Param is a variable of the route's path, decoded.
func Param(r *http.Request, name string) string {
	raw := mux.Vars(r)[name]
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		return raw
	}
	return decoded
}

func (rt *Router) adapt(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := rt.serve(h, w, r); err != nil {
			rt.fail(w, r, err)
		}
	})
}

// serve runs h after the CORS rule. A panic becomes an error, so that it is
// answered and logged like any other failure.
func (rt *Router) serve(h Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				panic(p)
			}
			rt.log.ErrorContext(r.Context(), "handler panicked", "panic", p, "stack", string(debug.Stack()))
			err = apierr.InternalError
		}
	}()
	if err := rt.allowOrigin(w, r); err != nil {
		return err
	}
	return h(w, r)
}

// fail is the single place where an error becomes a response. It logs once; what
// is not an apierr.Error is answered as an internal error and only logged.
func (rt *Router) fail(w http.ResponseWriter, r *http.Request, err error) {
	e, ok := errors.AsType[*apierr.Error](err)
	if !ok {
		e = apierr.InternalError
	}
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the client has gone
	}
	level := slog.LevelInfo
	if e.Status >= http.StatusInternalServerError && e.Status != http.StatusNotImplemented {
		level = slog.LevelError
	}
	rt.log.Log(r.Context(), level, "request refused", "request_id", RequestID(w), "method", r.Method,
		"path", r.URL.Path, "status", e.Status, "err", err.Error())
	for name, value := range e.Header {
		w.Header().Set(name, value)
	}
	shape := rt.shape
	if e.Code == originNotAllowed {
		shape = Text
	}
	shape(w, r, e)
}
