package tenant

import (
	"context"

	"github.com/tenant0/tenant0/server/metrics"
)

// Metrics returns the tenant's current metrics.
func (t *Tenant) Metrics() metrics.Tenant {
	m := metrics.Tenant{
		Name: t.Name, Dropped: t.events.Dropped(),
		Waiting: map[string]int{"log events": t.events.Waiting(), "e-mails": t.outbox.Waiting(), "jobs": t.jobs.Waiting()},
	}
	if n, err := t.changes.Waiting(context.Background()); err != nil {
		t.Log.Warn("the events that wait for event streams cannot be counted", "err", err.Error())
	} else {
		m.Waiting["event streams"] = n
	}
	m.Signed, m.Remembered = t.ring.Counts()
	m.Updates, m.Repeated = t.db.Updates()
	servers, err := t.db.Servers()
	if err != nil { // the database cannot be reached; the other metrics are still useful
		t.Log.Warn("the servers of the tenant cannot be counted", "err", err.Error())
	}
	m.Servers = servers
	return m
}
