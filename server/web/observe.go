package web

import (
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/trace"
)

// Observer is told that a request begins. It returns the request to go on with, and what is told
// how it was answered: the path of the operation that served it, "" for none, its id and the
// status.
type Observer = func(*http.Request) (*http.Request, func(route, requestID string, status int))

// Timed returns an observer that tells fn of each request that was answered, and how long it took.
func Timed(fn func(method, route string, status int, took time.Duration)) Observer {
	return func(r *http.Request) (*http.Request, func(route, requestID string, status int)) {
		took := clock.Stopwatch()
		return r, func(route, _ string, status int) { fn(r.Method, route, status, took()) }
	}
}

// Observe has the observers see every request. It returns the router.
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

// statusWriter remembers the status of an answer. Before anything of the answer is sent the request's
// trace is kept: who reads the answer may ask for it at once.
type statusWriter struct {
	http.ResponseWriter
	status int
	// traced is the request whose trace is kept, nil for none, by keep.
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

// Unwrap lets http.ResponseController reach what is beneath.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }
