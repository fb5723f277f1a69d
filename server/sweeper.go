package server

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// sweepEvery is how often expired records are looked for, and sweepLimit how
// many go in one commit: a writer that waits does not wait long. A sweep that failed
// waits longer for the next, and at most maxSweepPause times as long.
const (
	sweepEvery    = time.Second
	sweepLimit    = 1000
	maxSweepPause = 60
)

// sweeper removes expired records.
type sweeper struct {
	stores func() []sweepable
	log    *slog.Logger
	every  time.Duration
}

// sweepable is a store with its time.
type sweepable interface {
	DB() *storage.DB
	Now() time.Time
	// Swept is called when records have been removed.
	Swept()
	// Remind tells people what they are told at set times.
	Remind() error
}

// run sweeps until stop is closed.
func (s sweeper) run(stop <-chan struct{}) {
	for pause := 1; ; {
		tick := clock.Ticker(time.Duration(pause) * s.every)
		select {
		case <-stop:
			tick.Stop()
			return
		case <-tick.C:
			tick.Stop()
		}
		if err := s.sweep(stop); err == nil {
			pause = 1
		} else {
			pause = min(2*pause, maxSweepPause)
			s.log.Error("expired records could not be removed", "err", err.Error(), "next_try_in", time.Duration(pause)*s.every)
		}
	}
}

// sweep removes what has expired by now from all stores, or as much of it as it can before
// stop is closed.
func (s sweeper) sweep(stop <-chan struct{}) error {
	var errs []error
	for _, store := range s.stores() {
		err := sweepOne(store, stop)
		if !errors.Is(err, keyspace.ErrClosed) { // the tenant was deleted meanwhile
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// sweeping is the lease of the one server that sweeps a store.
const sweeping = "sweeper"

func sweepOne(store sweepable, stop <-chan struct{}) error {
	for {
		if ours, err := store.DB().Hold(sweeping); err != nil || !ours {
			return err
		}
		n, err := store.DB().Sweep(context.Background(), store.Now(), sweepLimit)
		if n > 0 {
			store.Swept()
		}
		if err != nil {
			return err
		}
		if n < sweepLimit {
			return store.Remind()
		}
		select {
		case <-stop:
			return nil
		default:
		}
	}
}
