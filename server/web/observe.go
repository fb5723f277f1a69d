package web

import (
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/trace"
)

// Observer is called when a request begins. It returns the request to continue with, and a function
// that is called after the answer with the path of the operation that served the request ("" for
// none), the request's id and the status.
type Observer = func(*http.Request) (*http.Request, func(route, requestID string, status int))

// Timed returns an observer that calls fn after each answer, with the time that the request took.
func Timed(fn func(method, route string, status int, took time.Duration)) Observer {
	return func(r *http.Request) (*http.Request, func(route, requestID string, status int)) {
		took := clock.Stopwatch()
		return r, func(route, _ string, status int) { fn(r.Method, route, status, took()) }
	}
}

// Observe sets the observers of every request. It returns the router.
func (rt *Router) Observe(observers ...Observer) *Router {
	rt.observers = observers
	return rt
}

// ServeHTTP implements http.Handler.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answered := make([]func(route, requestID string, status int), len(rt.observers))
	for i, observe := range rt.observers {
		r, answered[i] = observe(r)
	}
	status := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	route := rt.begin(status, r)
	for _, tell := range answered {
		tell(route, RequestID(w), status.status)
	}
}

// statusWriter records the status of an answer. It completes the request's trace before any of the
// answer is sent, because the client may ask for the trace at once.
type statusWriter struct {
	http.ResponseWriter
	status int
	// traced is the request whose trace keep completes, nil if the request is not traced.
	traced *http.Request
	keep   func(w http.ResponseWriter, r *http.Request)
}

// WriteHeader implements http.ResponseWriter.
func (s *statusWriter) WriteHeader(status int) {
	s.status = status
	if s.traced != nil {
		trace.Answered(s.traced.Context(), status)
		s.keep(s, s.traced)
	}
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap gives http.ResponseController access to the wrapped writer.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }
