package logstream

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/storage"
)

// lookEvery is how often the delivering server looks for data that other servers have stored.
const lookEvery = time.Second

// Lanes delivers to several receivers in parallel, each in its own lane, so that a receiver that
// does not answer does not delay the others. Of the servers of a tenant, only the one that holds
// the lease delivers; if it stops, another takes over.
type Lanes struct {
	DB  *storage.DB
	Log *slog.Logger
	// Name is the name of the lease, and of the deliveries in the server's log.
	Name string
	// Waits reports whether there may be anything to deliver. It is called before the lease is
	// requested, to save a query of the database. If it is nil, the lease is always requested.
	Waits func(ctx context.Context) (bool, error)
	// Look returns the ids of all lanes, and whether there may be anything new for them.
	Look func(ctx context.Context) (ids []string, news bool, err error)
	// Next makes the next delivery in a lane, and reports whether there may be more. Before it
	// delivers, it must check the lease again with Ours. woken receives a value when there is
	// something new.
	Next func(ctx context.Context, id string, woken <-chan struct{}) (more bool, err error)
	// Lost is called when another server has the lease.
	Lost func()

	wake    chan struct{}
	lanes   map[string]*lane // used only by Run
	running sync.WaitGroup
}

// lane is the delivery to one receiver.
type lane struct {
	end  context.CancelFunc
	wake chan struct{}
}

// Open prepares the lanes for use, and returns them.
func (l *Lanes) Open() *Lanes {
	l.wake, l.lanes = make(chan struct{}, 1), map[string]*lane{}
	return l
}

// Wake makes Run look for new data to deliver. It does not block.
func (l *Lanes) Wake() { wake(l.wake) }

func wake(sleeper chan<- struct{}) {
	select {
	case sleeper <- struct{}{}:
	default: // it has been woken already
	}
}

// Ours reports whether this server holds the lease and so delivers.
func (l *Lanes) Ours() (bool, error) { return l.DB.AcquireLease(l.Name) }

// Run delivers until stop is closed, and returns when every lane has ended.
func (l *Lanes) Run(stop <-chan struct{}) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer l.running.Wait()
	defer cancel()
	others, end := clock.Ticks(lookEvery, l.DB.Shared())
	defer end()
	for {
		if err := l.turn(ctx); err != nil {
			l.Log.Error("deliveries have stopped", "of", l.Name, "err", err.Error())
		}
		select {
		case <-stop:
			return nil
		case <-l.wake:
		case <-others:
		}
	}
}

// turn starts missing lanes, wakes all lanes, and ends those that Look does not return any more.
// If another server has the lease, it ends all lanes.
func (l *Lanes) turn(ctx context.Context) error {
	if l.Waits != nil {
		if some, err := l.Waits(ctx); err != nil || !some {
			return err
		}
	}
	ours, err := l.Ours()
	if err != nil {
		return err
	}
	if !ours {
		l.endBut(nil)
		l.Lost()
		return nil
	}
	ids, news, err := l.Look(ctx)
	if err != nil || !news {
		return err
	}
	wanted := map[string]bool{}
	for _, id := range ids {
		wanted[id] = true
		if l.lanes[id] == nil {
			l.start(ctx, id)
		}
		wake(l.lanes[id].wake)
	}
	l.endBut(wanted)
	return nil
}

// endBut ends all lanes except the wanted ones.
func (l *Lanes) endBut(wanted map[string]bool) {
	for id, lane := range l.lanes {
		if !wanted[id] {
			lane.end()
			delete(l.lanes, id)
		}
	}
}

func (l *Lanes) start(ctx context.Context, id string) {
	ctx, end := context.WithCancel(ctx)
	started := &lane{end, make(chan struct{}, 1)}
	l.lanes[id] = started
	l.running.Go(func() {
		defer end()
		l.run(ctx, id, started.wake)
	})
}

// run delivers each time it is woken, until ctx ends.
func (l *Lanes) run(ctx context.Context, id string, woken <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-woken:
		}
		for more := true; more; {
			var err error
			if more, err = l.Next(ctx, id, woken); err != nil && ctx.Err() == nil {
				l.Log.Error("deliveries have stopped", "of", l.Name, "stream", id, "err", err.Error())
			}
		}
	}
}
