// Package eventstream tells webhooks what has changed in the tenant, Auth0: customize/events. An event
// is kept in the transaction of the change that it tells of, and waits in the store until its
// receiver has taken it: so there is an event if there is the change, and it is delivered at least
// once, whichever server ends. The package does not say which streams there are: they are documents
// of the Management API. Destinations other than webhooks get nothing.
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

// Auth0: customize/events/events-best-practices: four attempts, and after the first three a pause
// that doubles.
const (
	attempts     = 4
	defaultPause = time.Second
	// atOnce is how many events a receiver is told side by side.
	atOnce = 4
)

// Deps is what Streams work with.
type Deps struct {
	DB  *storage.DB
	Now func() time.Time
	Log *slog.Logger
	// Do sends a request to where no request of the tenant's is closed out.
	Do func(*http.Request) (*http.Response, error)
	// Host is the tenant's host name, and Tenant its name.
	Host, Tenant string
	// Pause is how long a receiver that has failed once is given to come to itself, 0 for a second.
	Pause time.Duration
}

// Streams delivers events. It is safe for concurrent use.
type Streams struct {
	Deps
	lanes *logstream.Lanes
}

// New returns streams that deliver while Run runs, and Watch what is changed in the store.
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

// Watch keeps events of what is changed from now on. It is called before others use the store.
func (s *Streams) Watch() { s.DB.Watch(storage.Watch{Wants: wants, Changed: s.Changed}) }

// Run delivers until stop is closed. What is not delivered by then is delivered by another server of
// the tenant, or after the next start.
func (s *Streams) Run(stop <-chan struct{}) error {
	s.lanes.Wake() // what waited when the server ended
	return s.lanes.Run(stop)
}

// look implements the Look of Lanes: every stream has a lane, also while nothing waits for it, so that
// none ends in the middle of its work.
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

// waits implements the Waits of Lanes.
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

// next implements the Next of Lanes: it delivers what has waited longest for a stream.
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

// deliver delivers an event, and keeps what has come of it. What the server's end interrupts waits.
func (s *Streams) deliver(ctx context.Context, to stream, d Delivery) error {
	failed := s.try(ctx, to, d)
	if ctx.Err() != nil && len(failed) > 0 {
		return nil
	}
	disabled := false
	// What was delivered is not delivered again because the server ends.
	err := s.DB.Update(context.WithoutCancel(ctx), func(tx *storage.Tx) (err error) {
		disabled, err = settle(tx, d, failed)
		return err
	})
	if err == nil && disabled {
		s.Log.Warn("event stream disabled: too many deliveries have failed", "stream", to.ID)
	}
	return err
}

// try tells a receiver of an event up to some times, and returns the attempts, none when it has taken
// it. One that calls the request bad is not told again.
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

// settle keeps what has come of a delivery: it is forgotten where it has succeeded, and with too many
// that have failed its stream is disabled.
func settle(tx *storage.Tx, d Delivery, failed []Attempt) (disabled bool, err error) {
	now, err := Find(tx, d.StreamID, d.ID)
	if err != nil || now.Status != Pending {
		return false, storage.Optional(err) // a reset or a deletion came between
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
