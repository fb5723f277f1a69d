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

// sweepEvery is how often expired records are removed, and sweepLimit how many are removed
// in one commit, so that other writers do not wait long. After each failure in a row the
// next sweep waits twice as long, up to maxSweepPause times sweepEvery.
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

// sweepable is a tenant with its store and its clock.
type sweepable interface {
	DB() *storage.DB
	Now() time.Time
	// Swept is called when records have been removed.
	Swept()
	// Remind sends the e-mails that are due at set times.
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

// sweep removes the expired records of all stores, or as many as it can before stop is
// closed.
func (s sweeper) sweep(stop <-chan struct{}) error {
	var errs []error
	for _, store := range s.stores() {
		err := sweepOne(store, stop)
		if !errors.Is(err, keyspace.ErrClosed) { // the tenant was deleted in the meantime
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// sweeping names the lease that lets only one of the servers of a store sweep it.
const sweeping = "sweeper"

func sweepOne(store sweepable, stop <-chan struct{}) error {
	for {
		if ours, err := store.DB().AcquireLease(sweeping); err != nil || !ours {
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
