// Package metrics tells what the process does and has to do, in Prometheus' text format. It
// counts requests itself; everything else it asks the tenants for when somebody reads the
// metrics. It knows no tenant's insides.
package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are those of one process. It is safe for concurrent use.
type Metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	handler  http.Handler
}

// Tenant is what one tenant of the process says of itself at one moment.
type Tenant struct {
	Name string
	// Signed and Remembered count, by algorithm, the tokens that were signed, and those whose
	// signature was known from just before (keys.Ring).
	Signed, Remembered map[string]uint64
	// Updates counts the write transactions of the store, and Repeated how often the function
	// of one was run anew, because it had met another or the connection was lost.
	Updates, Repeated uint64
	// Waiting are the lengths of queues, by their names.
	Waiting map[string]int
	// Dropped counts the events that came faster than the tenant's log could keep them.
	Dropped uint64
	// Servers is how many servers have the tenant's store open, this one among them.
	Servers int
}

// New returns the metrics of a process. tenants is asked at each reading.
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

// Requests returns the function that counts the requests of a tenant. A route is the path of
// an operation with its variables in braces, "" for what no operation serves.
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

// known is a method of HTTP, or "other": a client may send any word, and each would be kept.
func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// Forget removes what was counted of a tenant that is gone.
func (m *Metrics) Forget(tenant string) {
	labels := prometheus.Labels{"tenant": tenant}
	m.requests.DeletePartialMatch(labels)
	m.seconds.DeletePartialMatch(labels)
}
