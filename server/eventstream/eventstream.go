// Package eventstream sends events about changes in the tenant to webhooks, Auth0: customize/events.
// An event is stored in the same transaction as the change, and stays in the store until it is
// delivered. So every change has its event, and the event is delivered at least once, even if a server
// stops. The streams themselves are documents of the Management API. Destinations other than webhooks
// get no events.
package eventstream

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/logstream"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Auth0: customize/events/events-best-practices: four attempts, with pauses between them that double.
const (
	attempts     = 4
	defaultPause = time.Second
	// atOnce is how many events are sent to a receiver in parallel.
	atOnce = 4
)

// Deps are the dependencies of Streams.
type Deps struct {
	DB  *storage.DB
	Now func() time.Time
	Log *slog.Logger
	// Do sends a request; it refuses addresses that the tenant's requests may not reach.
	Do func(*http.Request) (*http.Response, error)
	// Host is the tenant's host name, and Tenant its name.
	Host, Tenant string
	// Pause is the pause after the first failed attempt; 0 stands for a second.
	Pause time.Duration
}

// Streams delivers events. It is safe for concurrent use.
type Streams struct {
	Deps
	lanes *logstream.Lanes
}

// New returns Streams. They deliver events while Run runs, and record changes of the store after Watch
// is called.
func New(d Deps) *Streams {
	if d.Pause == 0 {
		d.Pause = defaultPause
	}
	s := &Streams{Deps: d}
	s.lanes = (&logstream.Lanes{
		DB: d.DB, Log: d.Log, Name: "event streams", Waits: s.waits, Look: s.look, Next: s.next,
		Lost: func() {},
	}).Open()
	return s
}

// Watch begins to store events about changes. It must be called before others use the store.
func (s *Streams) Watch() { s.DB.Watch(storage.Watch{Wants: wants, Changed: s.Changed}) }

// Run delivers events until stop is closed. Events that are not delivered by then are delivered by
// another server of the tenant, or after the next start.
func (s *Streams) Run(stop <-chan struct{}) error {
	s.lanes.Wake() // for events that were left when the server ended
	return s.lanes.Run(stop)
}

// look implements Lanes.Look: every stream has a lane, even while no event waits for it, so that no
// lane ends in the middle of its work.
func (s *Streams) look(ctx context.Context) (ids []string, news bool, err error) {
	err = s.DB.View(ctx, func(tx *storage.Tx) error {
		streams, err := readStreams(tx)
		for _, to := range streams {
			ids = append(ids, to.ID)
		}
		return err
	})
	return ids, true, err
}

// waits implements Lanes.Waits.
func (s *Streams) waits(ctx context.Context) (some bool, err error) {
	err = s.DB.View(ctx, func(tx *storage.Tx) error {
		streams, err := readStreams(tx)
		if err != nil {
			return err
		}
		for _, to := range streams {
			first, err := pending(tx, to.ID, 1)
			if err != nil {
				return err
			}
			some = some || len(first) > 0
		}
		return nil
	})
	return some, err
}

// next implements Lanes.Next: it delivers the oldest waiting events of a stream.
func (s *Streams) next(ctx context.Context, id string, _ <-chan struct{}) (more bool, err error) {
	var to stream
	var waiting []Delivery
	err = s.DB.View(ctx, func(tx *storage.Tx) error {
		if to, err = readStream(tx, id); err != nil {
			return storage.Optional(err)
		}
		waiting, err = pending(tx, id, atOnce)
		return err
	})
	if err != nil || len(waiting) == 0 {
		return false, err
	}
	if ours, err := s.lanes.Ours(); err != nil || !ours {
		return false, err
	}
	errs := make([]error, len(waiting))
	var telling sync.WaitGroup
	for i, d := range waiting {
		telling.Go(func() { errs[i] = s.deliver(ctx, to, d) })
	}
	telling.Wait()
	for _, err := range errs {
		if err != nil {
			return false, err
		}
	}
	return ctx.Err() == nil, nil
}

// deliver delivers an event, and stores the result. A delivery that is interrupted by the end of the
// server stays pending.
func (s *Streams) deliver(ctx context.Context, to stream, d Delivery) error {
	failed := s.try(ctx, to, d)
	if ctx.Err() != nil && len(failed) > 0 {
		return nil
	}
	disabled := false
	// Store the result even if the server ends, so that the event is not delivered again.
	err := s.DB.Update(context.WithoutCancel(ctx), func(tx *storage.Tx) (err error) {
		disabled, err = settle(tx, d, failed)
		return err
	})
	if err == nil && disabled {
		s.Log.Warn("event stream disabled: too many deliveries have failed", "stream", to.ID)
	}
	return err
}

// try sends an event to a receiver, with repeated attempts after failures. It returns the failed
// attempts, or nil if the event was delivered. After an answer with a 4xx status it does not try
// again.
func (s *Streams) try(ctx context.Context, to stream, d Delivery) (failed []Attempt) {
	took := clock.Stopwatch()
	fail := func(err error) {
		failed = append(failed, Attempt{Failed, resource.Time(s.Now()), err.Error(), took().Milliseconds()})
	}
	if err := to.refuses(d); err != nil {
		fail(err)
		return failed
	}
	pause := s.Pause
	for n := range attempts {
		if n > 0 && !clock.Wait(ctx, pause<<(n-1)) {
			return failed
		}
		took = clock.Stopwatch()
		final, err := s.post(ctx, to, d.Event)
		if err == nil {
			return nil
		}
		if fail(err); final {
			break
		}
	}
	return failed
}

// settle stores the result of a delivery: a successful one is deleted, and a failed one is kept. If
// too many have failed, the stream is disabled.
func settle(tx *storage.Tx, d Delivery, failed []Attempt) (disabled bool, err error) {
	now, err := Find(tx, d.StreamID, d.ID)
	if err != nil || now.Status != Pending {
		return false, storage.Optional(err) // there was a reset or a deletion in the meantime
	}
	was, err := readFailures(tx, d.StreamID)
	if err != nil {
		return false, err
	}
	is := was
	if len(failed) == 0 {
		is.inRow = 0
		err = tx.Documents(deliveryKind, d.StreamID).Delete(d.ID)
	} else {
		is.all, is.inRow = is.all+1, is.inRow+1
		now.Status, now.Asked, now.Attempts = Failed, false, append(now.Attempts, failed...)
		now.Attempts = now.Attempts[max(0, len(now.Attempts)-mostAttempts):]
		err = now.put(tx)
	}
	if err != nil || is == was {
		return false, err
	}
	if len(failed) > 0 && (is.all >= mostFailed || is.inRow >= mostInRow) {
		if disabled, err = disable(tx, d.StreamID); err != nil {
			return false, err
		}
	}
	return disabled, is.put(tx, d.StreamID)
}
