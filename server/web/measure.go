package web

import (
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/clock"
)

// Measured is told of a request that was answered: its method, the path of the operation that
// served it, "" for none, the status, and how long it took.
type Measured func(method, route string, status int, took time.Duration)

// Measure has the router tell fn of every request. It returns the router.
func (rt *Router) Measure(fn Measured) *Router {
	rt.measured = fn
	return rt
}

// ServeHTTP implements http.Handler.
func (rt *Router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rt.measured == nil {
		rt.begin(w, r)
		return
	}
	took := clock.Stopwatch()
	status := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	route := rt.begin(status, r)
	rt.measured(r.Method, route, status.status, took())
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (s *statusWriter) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what is beneath.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }
