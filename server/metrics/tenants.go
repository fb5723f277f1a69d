package metrics

import "github.com/prometheus/client_golang/prometheus"

var (
	signed     = desc("signatures_total", "Tokens that were signed, by algorithm.", "alg")
	remembered = desc("signatures_remembered_total", "Tokens whose signature was known from just before, by algorithm.", "alg")
	updates    = desc("store_updates_total", "Write transactions of the store.")
	repeated   = desc("store_repeated_total", "How often a write transaction was run anew.")
	waiting    = desc("queue_length", "What waits: events for the log and for event streams, e-mails, jobs.", "queue")
	dropped    = desc("log_events_dropped_total", "Events that came faster than the log could keep them.")
	servers    = desc("servers", "Servers that have the tenant's store open.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("tenant0_"+name, help, append([]string{"tenant"}, labels...), nil)
}

// tenantCollector asks the tenants for their numbers when somebody reads the metrics. It
// implements prometheus.Collector.
type tenantCollector func() []Tenant

// Describe implements prometheus.Collector.
func (c tenantCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{signed, remembered, updates, repeated, waiting, dropped, servers} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c tenantCollector) Collect(out chan<- prometheus.Metric) {
	for _, t := range c() {
		count := func(d *prometheus.Desc, n uint64, label ...string) {
			out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), append([]string{t.Name}, label...)...)
		}
		gauge := func(d *prometheus.Desc, n int, label ...string) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), append([]string{t.Name}, label...)...)
		}
		for alg, n := range t.Signed {
			count(signed, n, alg)
		}
		for alg, n := range t.Remembered {
			count(remembered, n, alg)
		}
		for queue, n := range t.Waiting {
			gauge(waiting, n, queue)
		}
		count(updates, t.Updates)
		count(repeated, t.Repeated)
		count(dropped, t.Dropped)
		gauge(servers, t.Servers)
	}
}
