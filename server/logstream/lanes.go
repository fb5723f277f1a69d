package logstream

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/storage"
)

// lookEvery is how often the server that delivers looks for what others have stored.
const lookEvery = time.Second

// Lanes deliver to several receivers side by side, to each in a lane of its own, so that one that
// does not answer holds up no other. Of the servers of a tenant the one that holds the lease has
// lanes; another takes over when that has ended.
type Lanes struct {
	DB  *storage.DB
	Log *slog.Logger
	// Name is that of the lease, and of what is delivered in the server's log.
	Name string
	// Waits reports whether there may be anything to deliver, before the lease is asked for, which
	// costs a look at the database; nil where that is always done.
	Waits func(ctx context.Context) (bool, error)
	// Look returns the lanes that there are to be, and whether there may be anything for them.
	Look func(ctx context.Context) (ids []string, news bool, err error)
	// Next delivers what is next in a lane, and reports whether there may be more. It asks for the
	// lease again, by Ours, before it does. woken tells it that there is news.
	Next func(ctx context.Context, id string, woken <-chan struct{}) (more bool, err error)
	// Lost is told that another server has the lease.
	Lost func()

	wake    chan struct{}
	lanes   map[string]*lane // only Run's own
	running sync.WaitGroup
}

// lane is the work for one receiver.
type lane struct {
	end  context.CancelFunc
	wake chan struct{}
}

// Open makes the lanes ready for use.
func (l *Lanes) Open() *Lanes {
	l.wake, l.lanes = make(chan struct{}, 1), map[string]*lane{}
	return l
}

// Wake says that there is news. It does not wait.
func (l *Lanes) Wake() { wake(l.wake) }

func wake(sleeper chan<- struct{}) {
	select {
	case sleeper <- struct{}{}:
	default: // it is awake
	}
}

// Ours reports whether this is the server that delivers.
func (l *Lanes) Ours() (bool, error) { return l.DB.Hold(l.Name) }

// Run delivers until stop is closed. It returns when every lane has ended.
func (l *Lanes) Run(stop <-chan struct{}) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer l.running.Wait()
	defer cancel()
	others, end := clock.Ticks(lookEvery, l.DB.Shared())
	defer end()
	for {
		if err := l.turn(ctx); err != nil {
			l.Log.Error("deliveries stand still", "of", l.Name, "err", err.Error())
		}
		select {
		case <-stop:
			return nil
		case <-l.wake:
		case <-others:
		}
	}
}

// turn wakes every lane, starts those that are not there, and ends those that are not to be, where
// this is the server that delivers.
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

// endBut ends all lanes but some.
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

// run delivers whenever it is woken, until ctx ends.
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
				l.Log.Error("deliveries stand still", "of", l.Name, "stream", id, "err", err.Error())
			}
		}
	}
}
