// Package logstream delivers the tenant's log to the log streams of type http, at least
// once and in order, Auth0: customize/log-streams. A stream is a cursor into the log:
// undelivered events stay in the log itself, whose size is limited. The streams themselves
// are documents of the Management API.
package logstream

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/storage"
)

// Auth0: customize/log-streams: three attempts, then an error is logged, and it begins
// again; "If we fail to reach your server for 7 consecutive days, we'll automatically pause
// the stream."
const (
	attempts = 3
	patience = 7 * 24 * time.Hour
)

const (
	// DefaultPause is the pause after a failed delivery. It doubles after each further
	// failure, up to maxPauses times the first pause.
	DefaultPause = time.Second
	maxPauses    = 64
	// timeout is the timeout of one attempt.
	timeout = 10 * time.Second
	// maxBatch is the maximum number of events in a request, and maxScan the maximum number
	// that are read to find them.
	maxBatch = 100
	maxScan  = 1000
)

// Deps are the dependencies of Streams.
type Deps struct {
	DB  *storage.DB
	Now func() time.Time
	Log *slog.Logger
	// Closed, if not nil, reports whether streams may not connect to an address.
	Closed func(netip.AddrPort) bool
	// Pause is the pause after a failed delivery; 0 stands for DefaultPause.
	Pause time.Duration
}

// Streams delivers the log. It is safe for concurrent use.
type Streams struct {
	Deps
	client *http.Client
	lanes  *Lanes

	mu    sync.Mutex
	after *string // the event after which streams without a cursor begin; nil if there are no new events

	placed bool    // there were streams at the last look; used only by look
	newest *string // the newest event at the last look in a shared store; used only by look
}

// New returns Streams, which deliver while Run runs.
func New(d Deps) *Streams {
	if d.Pause == 0 {
		d.Pause = DefaultPause
	}
	s := &Streams{Deps: d, client: newClient(d.Closed)}
	s.lanes = (&Lanes{
		DB: d.DB, Log: d.Log, Name: "log streams", Look: s.look,
		Next: func(ctx context.Context, id string, woken <-chan struct{}) (more bool, err error) {
			return delivery{s, id, woken}.next(ctx)
		},
		Lost: func() { s.newest = nil },
	}).Open()
	return s
}

// Stored is called when events were stored after the event with an id. A new stream begins
// with these events. It does not block.
func (s *Streams) Stored(after string) {
	s.mu.Lock()
	if s.after == nil {
		s.after = &after
	}
	s.mu.Unlock()
	s.lanes.Wake()
}

// Run delivers until stop is closed, and returns when every delivery has ended.
func (s *Streams) Run(stop <-chan struct{}) error {
	defer s.client.CloseIdleConnections()
	return s.lanes.Run(stop)
}

// look implements Lanes.Look.
func (s *Streams) look(ctx context.Context) (ids []string, news bool, err error) {
	if s.DB.Shared() {
		if news, err = s.news(ctx); err != nil || !news {
			return nil, false, err
		}
	}
	s.mu.Lock()
	after := s.after
	s.after = nil
	s.mu.Unlock()
	streams, err := s.place(ctx, after)
	for _, stream := range streams {
		ids = append(ids, stream.ID)
	}
	s.placed = len(ids) > 0
	return ids, err == nil, err
}

// news reports whether there are streams, or were at the last look, so that there may be
// something to do. A new stream begins with the events that were stored since the last
// look.
func (s *Streams) news(ctx context.Context) (changed bool, err error) {
	var last string
	streams := 0
	err = s.DB.View(ctx, func(tx *storage.Tx) error {
		all, err := tx.LogStreams()
		if err != nil {
			return err
		}
		streams = len(all)
		last, err = tx.Logs.Last()
		return err
	})
	if err != nil {
		return false, err
	}
	before := s.newest
	s.newest = &last
	if before == nil {
		before = &last
	}
	s.mu.Lock()
	s.after = before
	s.mu.Unlock()
	return streams > 0 || s.placed, nil
}

// place stores cursors for streams that have none, and deletes the cursors of deleted
// streams. It returns the streams.
func (s *Streams) place(ctx context.Context, after *string) (streams []storage.LogStream, err error) {
	var missing []storage.LogCursor
	var gone map[string]bool
	look := func(tx *storage.Tx) error {
		streams, missing, gone, err = misplaced(tx, after)
		return err
	}
	if err := s.DB.View(ctx, look); err != nil || len(missing)+len(gone) == 0 {
		return streams, err
	}
	err = s.DB.Update(ctx, func(tx *storage.Tx) error {
		if err := look(tx); err != nil { // read again, because it may have changed in the meantime
			return err
		}
		for _, c := range missing {
			if err := tx.LogCursors.Put(c); err != nil {
				return err
			}
		}
		for id := range gone {
			if err := tx.LogCursors.Delete(id); err != nil {
				return err
			}
		}
		return nil
	})
	return streams, err
}

// misplaced returns the streams, the missing cursors, and the ids of deleted streams that
// still have a cursor.
func misplaced(tx *storage.Tx, after *string) (streams []storage.LogStream, missing []storage.LogCursor, gone map[string]bool, err error) {
	if streams, err = tx.LogStreams(); err != nil {
		return nil, nil, nil, err
	}
	if gone, err = placed(tx); err != nil {
		return nil, nil, nil, err
	}
	for _, stream := range streams {
		if begin, ok := beginning(stream, after); ok && !gone[stream.ID] {
			missing = append(missing, storage.LogCursor{StreamID: stream.ID, LogID: begin})
		}
		delete(gone, stream.ID)
	}
	return streams, missing, gone, nil
}

// placed returns the ids of the streams that have a cursor.
func placed(tx *storage.Tx) (map[string]bool, error) {
	ids := map[string]bool{}
	for c, err := range tx.LogCursors.All() {
		if err != nil {
			return nil, err
		}
		ids[c.StreamID] = true
	}
	return ids, nil
}

// beginning returns the log id after which a new stream begins: by its startFrom time, or
// else the given one, so that it begins with new events. If there is neither, ok is false,
// and the stream begins when new events are stored.
func beginning(stream storage.LogStream, after *string) (logID string, ok bool) {
	if at, err := time.Parse(time.RFC3339, stream.StartFrom); err == nil {
		return storage.LogIDAt(at), true
	}
	if after == nil {
		return "", false
	}
	return *after, true
}

// delivery is the delivery to one stream.
type delivery struct {
	*Streams
	id   string
	wake <-chan struct{}
}

// next delivers one batch of events, and reports whether there may be another.
func (d delivery) next(ctx context.Context) (more bool, err error) {
	stream, b, err := d.read(ctx)
	if err != nil || b.last == "" {
		return false, err
	}
	if ours, err := d.lanes.Ours(); err != nil || !ours {
		return false, err
	}
	if len(b.events) > 0 {
		delivered, err := d.deliver(ctx, stream, b.events)
		if err != nil || !delivered {
			return err == nil && ctx.Err() == nil, err
		}
	}
	// Store the cursor even if the server ends, so that the events are not delivered again.
	err = d.DB.Update(context.WithoutCancel(ctx), func(tx *storage.Tx) error {
		switch _, err := tx.LogStream(d.id); {
		case storage.IsNotFound(err):
			return nil // there was a reset or a deletion in the meantime
		case err != nil:
			return err
		}
		switch now, err := tx.LogCursors.Get(d.id); {
		case storage.IsNotFound(err), err == nil && now.LogID != b.after:
			return nil // the cursor was changed in the meantime
		case err != nil:
			return err
		}
		return tx.LogCursors.Put(storage.LogCursor{StreamID: d.id, LogID: b.last})
	})
	return err == nil, err
}

// batch has the events of a request, the log id of the cursor before it (after), and that
// of the last event that was read (last).
type batch struct {
	events      []storage.Document
	after, last string
}

// read returns the next batch for the stream. For a stream that was deleted or is not
// active it is empty.
func (d delivery) read(ctx context.Context) (stream storage.LogStream, b batch, err error) {
	err = d.DB.View(ctx, func(tx *storage.Tx) error {
		if stream, err = tx.LogStream(d.id); err != nil || stream.Status != storage.LogStreamActive {
			return storage.Optional(err)
		}
		cursor, err := tx.LogCursors.Get(d.id)
		if err != nil {
			return storage.Optional(err)
		}
		b.after = cursor.LogID
		scanned := 0
		for e, err := range tx.Logs.After(cursor.LogID) {
			if err != nil {
				return err
			}
			kind, _ := e["type"].(string)
			if wants(stream, kind) {
				b.events = append(b.events, e)
			}
			b.last, _ = e["log_id"].(string)
			if scanned++; len(b.events) == maxBatch || scanned == maxScan {
				break
			}
		}
		return nil
	})
	return stream, b, err
}

// place returns the part of an endpoint's URL that may be written to the server's log:
// scheme and host, because the rest often contains a secret.
func place(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Cause returns an error without the URL that net/http adds to it.
func Cause(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// deliver sends events until the receiver accepts them. It returns false if the stream was
// changed in the meantime, or is suspended.
func (d delivery) deliver(ctx context.Context, stream storage.LogStream, events []storage.Document) (delivered bool, err error) {
	failing := d.Now()
	pause := d.Pause
	for n := 1; ; n++ {
		err := d.send(ctx, stream, events)
		if err == nil || ctx.Err() != nil {
			return err == nil, nil //nolint:nilerr // at the end of all what was not delivered waits
		}
		if n%attempts == 0 {
			d.Log.Warn("log stream cannot deliver", "stream", d.id, "endpoint", place(stream.Sink.Endpoint), "err", Cause(err).Error())
		}
		if d.Now().Sub(failing) >= patience {
			d.Log.Error("log stream suspended: its receiver has not answered for 7 days", "stream", d.id, "endpoint", place(stream.Sink.Endpoint))
			return false, d.suspend(ctx, stream)
		}
		changed, err := d.wait(ctx, pause, stream)
		if err != nil || changed {
			return false, err
		}
		pause = min(2*pause, maxPauses*d.Pause)
	}
}

// suspend suspends a stream, unless it has been changed since the failure.
func (d delivery) suspend(ctx context.Context, failed storage.LogStream) error {
	return d.DB.Update(ctx, func(tx *storage.Tx) error {
		now, err := tx.LogStream(d.id)
		if err != nil || !same(now, failed) {
			return storage.Optional(err)
		}
		return tx.SuspendLogStream(d.id)
	})
}

// wait waits for the pause to pass, or until the stream is changed. It reports whether it
// was changed.
func (d delivery) wait(ctx context.Context, pause time.Duration, stream storage.LogStream) (changed bool, err error) {
	timer := clock.Ticker(pause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return true, nil
		case <-timer.C:
			return d.changed(ctx, stream)
		case <-d.wake:
			if changed, err := d.changed(ctx, stream); err != nil || changed {
				return changed, err
			}
		}
	}
}

func (d delivery) changed(ctx context.Context, stream storage.LogStream) (changed bool, err error) {
	err = d.DB.View(ctx, func(tx *storage.Tx) error {
		now, err := tx.LogStream(d.id)
		changed = err != nil || !same(now, stream)
		return storage.Optional(err)
	})
	return changed, err
}

// errRefused reports a receiver's answer with a status other than 2xx.
var errRefused = errors.New("the receiver answered")
