// Package tenantlog keeps the tenant's log: what happened in the words of Auth0's
// log event types. Rooms record events, which costs them no write of their own:
// events wait in memory and one goroutine stores them in batches. Whoever reads
// the log stores what waits first. It does not answer requests, does not search,
// and does not deliver to log streams; it tells who does.
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

// Bounds of the log. Auth0 keeps events for 1 to 30 days, by plan, Auth0:
// deploy-monitor/logs/log-data-retention. A search shows at most 1,000 there, and
// each that is kept takes 2 kB of memory from a server that has been busy.
const (
	DefaultLimit     = 1_000
	DefaultRetention = 30 * 24 * time.Hour
)

const (
	// flushEvery is how long events wait for others at most, where nobody reads.
	flushEvery = 250 * time.Millisecond
	// flushShare bounds what the log may take of the machine: after a flush the
	// next waits at least this many times as long as the flush took.
	flushShare = 50
	// flushChunk is how many events one commit holds: other writers wait for it.
	flushChunk = 250
	// pruneShare is the share of its limit that a shared log may have too many events: to
	// look at all of them costs more there.
	pruneShare = 10
	// maxText bounds the texts of an event, in bytes. They come from requests.
	maxText = 4 << 10
)

// Deps is what a Log works with.
type Deps struct {
	DB     *storage.DB
	Now    func() time.Time
	Log    *slog.Logger
	Tenant string // its name, which each event carries
	// Limit is how many events are kept, 0 for DefaultLimit, and Retention for how
	// long, 0 for DefaultRetention.
	Limit     int
	Retention time.Duration
	// Stored is told of events that were stored, by the id of the last one before
	// them; nil for nobody. It must not block.
	Stored func(after string)
}

// Log is the tenant's log. A nil Log records nothing. It is safe for concurrent
// use.
type Log struct {
	Deps
	wake chan struct{} // says that there are events to store

	writing sync.Mutex // held while events are stored
	stored  string     // the id of the newest stored event; guarded by writing
	pruneAt int        // after how many events a shared log is pruned; guarded by writing

	mu      sync.Mutex
	waiting []pending // a ring when it is full
	oldest  int       // where the ring begins
	dropped uint64
	last    stamp
}

// Event is what a room says of an event. What is left out and can be found from
// the ids, the names of the application, the user and the connection, is filled
// in when the event is stored.
type Event struct {
	Type        string
	Description string
	ClientID    string
	ClientName  string
	UserID      string
	UserName    string // as typed, where the user is unknown
	Connection  string // its name
	Audience    string
	Scope       string
	// Organization is the id of the organization of a login or a token.
	Organization string
	// Details is marshalled to JSON later on: it must hold no secret and must not
	// change.
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

// Record adds an event of a request, or of the server itself when r is nil. It
// does not wait. When more events wait than the log keeps, the oldest go: it
// would not keep them either.
func (l *Log) Record(r *http.Request, e Event) {
	if l == nil {
		return
	}
	p := pending{Event: e, at: l.Now()}
	if r != nil {
		trace.Note(r.Context(), trace.Step{Room: "tenantlog", Said: strings.TrimSpace("event " + e.Type + " " + e.Description)})
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
		default: // it is awake
		}
	}
}

// clip bounds a text, and does not hold on to what it was part of: a request.
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

// take returns the events that wait, in order, and leaves none.
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

// Flush stores the events that wait. When it returns, every event that was
// recorded before the call can be read. It must not be called within a
// transaction.
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

// append stores events behind all that are there, and returns the ids of the last one
// before them and of the newest. In a store that other servers have as well, an event that
// has an earlier id than theirs gets a later one: whoever reads by checkpoint misses
// nothing.
func (l *Log) append(events []storage.LogEvent) (before, newest string, err error) {
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
			if err := tx.Logs.Append(e); err != nil {
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

// putBack has events wait again that could not be stored because the store is away, as long
// as there is room.
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
	default: // it is awake
	}
}

// Reset forgets the events that wait, for they belong to what fn is about to
// remove, and runs fn while none is stored.
func (l *Log) Reset(fn func() error) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	l.take()
	l.stored = ""
	return fn()
}

// Run stores events until stop is closed. What is recorded later is for Flush.
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
