// Package tenantlog keeps the tenant's log: its events, with Auth0's log event types.
// Other packages record events without a write of their own: events wait in memory,
// and one goroutine stores them in batches. Reading the log stores the waiting events
// first. The package does not answer requests, does not search, and does not deliver
// to log streams, but notifies what does.
package tenantlog

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/trace"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// Limits of the log. Auth0 keeps events for 1 to 30 days, depending on the plan,
// Auth0: deploy-monitor/logs/log-data-retention. A search there returns at most 1,000
// events, and each kept event takes 2 kB of memory on a busy server.
const (
	DefaultLimit     = 1_000
	DefaultRetention = 30 * 24 * time.Hour
)

const (
	// flushEvery is how long events wait to be stored together, unless somebody
	// reads the log. flushShare can make the wait longer.
	flushEvery = 250 * time.Millisecond
	// flushShare limits the log's share of the machine's time: after a flush, the
	// next one waits at least this many times as long as the flush took.
	flushShare = 50
	// flushChunk is how many events one commit stores, while other writers wait.
	flushChunk = 250
	// pruneShare sets how far a shared log may exceed its limit, by the limit's
	// pruneShare-th part, because looking for old events costs more there.
	pruneShare = 10
	// maxText limits the texts of an event, in bytes, because they come from
	// requests.
	maxText = 4 << 10
)

// Deps are the dependencies and settings of a Log.
type Deps struct {
	DB     *storage.DB
	Now    func() time.Time
	Log    *slog.Logger
	Tenant string // the tenant's name, which each event contains
	// Limit is how many events are kept, 0 for DefaultLimit. Retention is how long
	// they are kept, 0 for DefaultRetention.
	Limit     int
	Retention time.Duration
	// Stored is called after events were stored, with the id of the event before the
	// first of them. It may be nil, and must not block.
	Stored func(after string)
}

// Log is the tenant's log. A nil Log records nothing. It is safe for concurrent
// use.
type Log struct {
	Deps
	wake chan struct{} // signals that there are events to store

	writing sync.Mutex // held while events are stored
	stored  string     // the id of the newest stored event; guarded by writing
	pruneAt int        // after how many events a shared log is pruned; guarded by writing

	mu      sync.Mutex
	waiting []pending // a ring buffer when it is full
	oldest  int       // index of the oldest event in waiting
	dropped uint64
	last    stamp
}

// Event is an event as it is recorded. Names of the application, the user and the
// connection that are left out are looked up by the ids when the event is stored.
type Event struct {
	Type        string
	Description string
	ClientID    string
	ClientName  string
	UserID      string
	UserName    string // as typed, if the user is unknown
	Connection  string // the connection's name
	Audience    string
	Scope       string
	// Organization is the organization id of a login or a token.
	Organization string
	// Details is marshalled to JSON later: it must hold no secret, and must not be
	// changed.
	Details any
}

// pending is an event that waits to be stored.
type pending struct {
	Event
	stamp
	at          time.Time
	remote      string // address and port
	host        string
	userAgent   string
	auth0Client string
	correlation string // the correlation_id of the login
}

// New returns a log on an open store.
func New(d Deps) (*Log, error) {
	d.Limit = cmp.Or(d.Limit, DefaultLimit)
	d.Retention = cmp.Or(d.Retention, DefaultRetention)
	l := &Log{Deps: d, wake: make(chan struct{}, 1)}
	err := d.DB.View(context.Background(), func(tx *storage.Tx) (err error) {
		l.stored, err = tx.Logs.Last()
		return err
	})
	l.last = parseStamp(l.stored)
	return l, err
}

// Record adds an event of a request, or of the server itself if r is nil. It does not
// wait. If more events wait than the log keeps, the oldest are dropped; they would
// soon be pruned anyway.
func (l *Log) Record(r *http.Request, e Event) {
	if l == nil {
		return
	}
	p := pending{Event: e, at: l.Now()}
	if r != nil {
		trace.Note(r.Context(), trace.Step{Component: "tenantlog", Decision: strings.TrimSpace("event " + e.Type + " " + e.Description)})
		p.correlation = trace.CorrelationID(r.Context())
		p.remote, p.host, p.userAgent = r.RemoteAddr, r.Host, clip(r.UserAgent())
		if sent := r.Header["Auth0-Client"]; len(sent) > 0 {
			p.auth0Client = clip(sent[0])
		}
	}
	for _, text := range []*string{&p.Description, &p.ClientID, &p.UserName, &p.Audience, &p.Scope, &p.host} {
		*text = clip(*text)
	}

	l.mu.Lock()
	p.stamp = l.last.next(p.at)
	l.last = p.stamp
	if len(l.waiting) < l.Limit {
		l.waiting = append(l.waiting, p)
	} else {
		l.waiting[l.oldest] = p
		l.oldest = (l.oldest + 1) % l.Limit
		l.dropped++
	}
	first := len(l.waiting) == 1
	l.mu.Unlock()

	if first {
		select {
		case l.wake <- struct{}{}:
		default: // it was already woken
		}
	}
}

// clip limits the length of a text, and copies it so that the whole request is not
// kept in memory.
func clip(s string) string { return strings.Clone(s[:min(len(s), maxText)]) }

// Dropped returns how many events were dropped because they came faster than they
// could be stored.
func (l *Log) Dropped() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

// Waiting returns how many events wait to be stored.
func (l *Log) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting)
}

// take removes the waiting events and returns them in order.
func (l *Log) take() []pending {
	l.mu.Lock()
	waiting, oldest := l.waiting, l.oldest
	l.waiting, l.oldest = nil, 0
	l.mu.Unlock()
	if oldest == 0 {
		return waiting
	}
	return slices.Concat(waiting[oldest:], waiting[:oldest])
}

// Flush stores the waiting events. When it returns, every event that was recorded
// before the call can be read. It must not be called within a transaction.
func (l *Log) Flush() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	taken := l.take()
	events, err := l.complete(taken)
	if err != nil {
		l.putBack(taken, err)
		return err
	}
	if len(events) == 0 {
		return nil
	}
	after := l.stored
	kept := 0
	for chunk := range slices.Chunk(events, flushChunk) {
		before, newest, err := l.append(chunk)
		if err != nil {
			l.putBack(taken[kept:], err)
			return err
		}
		if kept == 0 && l.DB.Shared() {
			after = before
		}
		kept += len(chunk)
		l.stored = newest
	}
	if l.Stored != nil {
		l.Stored(after)
	}
	return nil
}

// append stores events after all existing ones. It returns the ids of the last
// existing event and of the newest one. In a store that several servers share, an
// event whose id is lower than that of another server's event gets a higher id, so
// that readers by checkpoint miss no event.
func (l *Log) append(events []storedEvent) (before, newest string, err error) {
	oldest := storage.LogIDAt(l.Now().Add(-l.Retention))
	shared := l.DB.Shared()
	prune := l.pruneAt <= len(events) || !shared
	err = l.DB.Update(context.Background(), func(tx *storage.Tx) error {
		before = l.stored
		if shared {
			if before, err = tx.Logs.Last(); err != nil {
				return err
			}
		}
		newest = before
		for _, e := range events {
			if shared && e.LogID <= newest {
				last := parseStamp(newest)
				e.LogID = last.next(last.time).ID()
				e.ID = e.LogID
			}
			newest = e.LogID
			if err := tx.Logs.Append(e.LogID, e.UserID, e); err != nil {
				return err
			}
		}
		if !prune {
			return nil
		}
		return tx.Logs.Prune(l.Limit, oldest)
	})
	if l.pruneAt -= len(events); prune {
		l.pruneAt = l.Limit / pruneShare
	}
	return before, newest, err
}

// putBack returns events to those that wait, if they could not be stored because the
// store cannot be reached. The oldest are dropped if there are too many.
func (l *Log) putBack(events []pending, err error) {
	if !errors.Is(err, keyspace.ErrUnavailable) {
		return
	}
	later := l.take()
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.Concat(events, later, l.waiting)
	if over := len(all) - l.Limit; over > 0 {
		all, l.dropped = all[over:], l.dropped+uint64(over)
	}
	l.waiting, l.oldest = all, 0
	select {
	case l.wake <- struct{}{}:
	default: // it was already woken
	}
}

// Reset drops the waiting events, which belong to the data that fn is about to
// remove, and runs fn while no event is stored.
func (l *Log) Reset(fn func() error) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.take()
	l.stored = ""
	return fn()
}

// Run stores events until stop is closed. Events that are recorded later need a
// Flush.
func (l *Log) Run(stop <-chan struct{}) error {
	wait := flushEvery
	for {
		select {
		case <-stop:
			return nil
		case <-l.wake:
		}
		pause := clock.Ticker(wait)
		select {
		case <-stop:
		case <-pause.C:
		}
		pause.Stop()
		began := clock.Stopwatch()
		if err := l.Flush(); err != nil {
			if errors.Is(err, keyspace.ErrUnavailable) {
				l.Log.Warn("log events wait for the store", "err", err.Error())
			} else {
				l.Log.Error("log events are lost: they could not be stored", "err", err.Error())
			}
		}
		wait = max(flushEvery, flushShare*began())
	}
}
