// Package clock tells the time to the whole server, and lets a test move it.
// It owns the only clock: nothing else asks the machine what time it is, so that
// every expiry moves together.
package clock

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Clock is a clock that can be moved and stopped. It is safe for concurrent use.
type Clock struct {
	state atomic.Pointer[State]
	// skew is how far the time that several machines share is ahead of this machine's.
	skew atomic.Int64
}

// State is how a clock was moved, which the clock of another process can be as well.
type State struct {
	Offset time.Duration `json:"offset,omitempty"`
	Frozen time.Time     `json:"frozen,omitzero"` // zero while the clock runs
}

// State returns how the clock was moved.
func (c *Clock) State() State { return *c.state.Load() }

// Be moves the clock as another was.
func (c *Clock) Be(s State) { c.state.Store(&s) }

// SetSkew says how far the time that this machine shares with others is ahead of its own.
func (c *Clock) SetSkew(d time.Duration) { c.skew.Store(int64(d)) }

// machine is the time that the clock shows where nobody has moved it.
func (c *Clock) machine() time.Time { return Machine().Add(time.Duration(c.skew.Load())) }

// ahead is by how much the machine's clock is to be wrong, as a duration. A test of servers on
// machines whose clocks differ has the linker set it (-X); otherwise it is empty.
var ahead string

var wrong = sync.OnceValue(func() time.Duration {
	d, err := time.ParseDuration(ahead)
	if err != nil {
		return 0
	}
	return d
})

// Machine is the time of the machine, which no test moves.
func Machine() time.Time { return time.Now().Add(wrong()) }

// New returns a clock that shows the machine's time.
func New() *Clock {
	c := &Clock{}
	c.Reset()
	return c
}

// Now returns the clock's time in UTC, without a monotonic reading: times are
// compared with stored ones.
func (c *Clock) Now() time.Time {
	s := c.state.Load()
	if !s.Frozen.IsZero() {
		return s.Frozen
	}
	return c.machine().Add(s.Offset).UTC().Round(0)
}

// The times that the clock can be moved to: within them no lifetime that anything has
// runs past what tokens and records can hold.
var (
	Earliest = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	Latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// ErrRange is for a time that the clock cannot be moved to.
var ErrRange = errors.New("the clock can be moved to times from 1970-01-01T00:00:00Z to 2200-01-01T00:00:00Z")

func inRange(t time.Time) error {
	if t.Before(Earliest) || t.After(Latest) {
		return ErrRange
	}
	return nil
}

// Set moves the clock to t, from where it runs on. It returns ErrRange, and changes
// nothing, for a time beyond Earliest and Latest; so do Freeze and Advance.
func (c *Clock) Set(t time.Time) error {
	if err := inRange(t); err != nil {
		return err
	}
	c.state.Store(&State{Offset: t.Sub(c.machine())})
	return nil
}

// Freeze stops the clock at t.
func (c *Clock) Freeze(t time.Time) error {
	if err := inRange(t); err != nil {
		return err
	}
	c.state.Store(&State{Frozen: t.UTC().Round(0)})
	return nil
}

// Advance moves the clock by d, which may be negative; a stopped clock stays
// stopped.
func (c *Clock) Advance(d time.Duration) error {
	for {
		s := c.state.Load()
		moved, to := &State{Offset: s.Offset + d}, c.machine().Add(s.Offset).Add(d)
		if !s.Frozen.IsZero() {
			to = s.Frozen.Add(d)
			moved = &State{Frozen: to}
		}
		if err := inRange(to); err != nil {
			return err
		}
		if c.state.CompareAndSwap(s, moved) {
			return nil
		}
	}
}

// longest bounds what Span returns: every time that it is added to stays one that can
// be stored and written.
const longest = 100 * 365 * 24 * time.Hour

// Span is a number of units, such as the seconds that somebody sent or that a store
// holds: at most 100 years, and nothing for what is no number.
func Span[N int | float64](n N, unit time.Duration) time.Duration {
	f := float64(n)
	if math.IsNaN(f) {
		return 0
	}
	limit := float64(longest / unit)
	return time.Duration(max(min(f, limit), -limit) * float64(unit))
}

// Reset shows the machine's time again.
func (c *Clock) Reset() { c.state.Store(&State{}) }

// Frozen reports whether the clock stands still.
func (c *Clock) Frozen() bool { return !c.state.Load().Frozen.IsZero() }

// Ticker returns a ticker of the machine's pace, which moving the clock does not
// change: for work that looks, at its every tick, at what Now says.
func Ticker(every time.Duration) *time.Ticker { return time.NewTicker(every) }

// Ticks are those of a Ticker where they are wanted, and none where they are not, until end is called.
func Ticks(every time.Duration, wanted bool) (ticks <-chan time.Time, end func()) {
	if !wanted {
		return nil, func() {}
	}
	t := Ticker(every)
	return t.C, t.Stop
}

// Wait waits for a while of the machine's time, and reports whether it has passed before ctx ended.
func Wait(ctx context.Context, d time.Duration) bool {
	t := Ticker(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// Finish returns a context for short work that is to come to its end when ctx ends in the middle of
// it: it ends so long after ctx, or when it is canceled.
func Finish(ctx context.Context, within time.Duration) (work context.Context, cancel context.CancelFunc) {
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		Wait(work, within)
		end()
	})
	return work, func() { stop(); end() }
}

// Stopwatch starts to measure how long work takes on the machine, whatever the
// clock says. What it returns tells the time since then.
func Stopwatch() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}
