// Package metrics reports the load and the pending work of the process in Prometheus' text
// format. It counts HTTP requests itself; all other numbers it gets from the tenants each
// time somebody reads the metrics. It does not depend on the packages that make up a tenant.
package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics holds the metrics of one process. It is safe for concurrent use.
type Metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	handler  http.Handler
}

// Tenant holds the numbers that one tenant of the process reports at one moment.
type Tenant struct {
	Name string
	// Signed counts, by algorithm, the tokens whose signature was computed, and Remembered
	// those whose signature was still in the cache of recent signatures (keys.Ring).
	Signed, Remembered map[string]uint64
	// Updates counts the write transactions of the store, and Repeated how often one of them
	// was run again because it conflicted with another transaction or the connection was
	// lost.
	Updates, Repeated uint64
	// Waiting holds the lengths of the tenant's queues by queue name.
	Waiting map[string]int
	// Dropped counts the events that were lost because they arrived faster than the tenant's
	// log could store them.
	Dropped uint64
	// Servers is the number of servers that have the tenant's store open, including this one.
	Servers int
}

// New returns the metrics of a process. It calls tenants each time the metrics are read.
func New(tenants func() []Tenant) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tenant0_http_requests_total", Help: "Requests by tenant, route, method and status.",
		}, []string{"tenant", "method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tenant0_http_request_duration_seconds", Help: "How long requests took, by tenant, method and route.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"tenant", "method", "route"}),
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(
		m.requests, m.seconds, tenantCollector(tenants), collectors.NewBuildInfoCollector(),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return m
}

// ServeHTTP answers with all metrics.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.handler.ServeHTTP(w, r) }

// Requests returns a function that counts one request to the tenant. Its route is the path of
// an operation with its variables in braces, or "" for a request that no operation serves.
func (m *Metrics) Requests(tenant string) func(method, route string, status int, took time.Duration) {
	requests := m.requests.MustCurryWith(prometheus.Labels{"tenant": tenant})
	seconds := m.seconds.MustCurryWith(prometheus.Labels{"tenant": tenant})
	return func(method, route string, status int, took time.Duration) {
		if route == "" {
			route, method = "other", known(method)
		}
		requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
		seconds.WithLabelValues(method, route).Observe(took.Seconds())
	}
}

// known returns method if it is a standard HTTP method, and "other" if not: a client may send
// any word as its method, and Prometheus would keep a time series for each.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// Forget removes the counters of a tenant that was deleted.
func (m *Metrics) Forget(tenant string) {
	labels := prometheus.Labels{"tenant": tenant}
	m.requests.DeletePartialMatch(labels)
	m.seconds.DeletePartialMatch(labels)
}
