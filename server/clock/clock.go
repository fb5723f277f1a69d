// Package clock provides the time to the whole server, and lets tests change it. No other code reads
// the machine's time, so that all expiry times move together.
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
	// skew is how far the time that several machines share (the database's) is ahead of this
	// machine's, in nanoseconds.
	skew atomic.Int64
}

// State says how a clock was moved. It can be applied to the clock of another process.
type State struct {
	Offset time.Duration `json:"offset,omitempty"`
	Frozen time.Time     `json:"frozen,omitzero"` // zero while the clock runs
}

// State returns how the clock has been moved.
func (c *Clock) State() State { return *c.state.Load() }

// SetState sets the clock to a State, for example of the clock of another server.
func (c *Clock) SetState(s State) { c.state.Store(&s) }

// SetSkew sets how far the time that this machine shares with others is ahead of its own.
func (c *Clock) SetSkew(d time.Duration) { c.skew.Store(int64(d)) }

// machine returns the time that the clock shows if nobody has moved it.
func (c *Clock) machine() time.Time { return Machine().Add(time.Duration(c.skew.Load())) }

// ahead is a duration that is added to the machine's time. A test that simulates machines with
// different clocks sets it with the linker flag -X; otherwise it is empty.
var ahead string

var wrong = sync.OnceValue(func() time.Duration {
	d, err := time.ParseDuration(ahead)
	if err != nil {
		return 0
	}
	return d
})

// Machine returns the time of the machine, which tests do not change.
func Machine() time.Time { return time.Now().Add(wrong()) }

// New returns a clock that shows the machine's time.
func New() *Clock {
	c := &Clock{}
	c.Reset()
	return c
}

// Now returns the clock's time in UTC, without a monotonic reading, because it is compared with stored
// times.
func (c *Clock) Now() time.Time {
	s := c.state.Load()
	if !s.Frozen.IsZero() {
		return s.Frozen
	}
	return c.machine().Add(s.Offset).UTC().Round(0)
}

// The range of times that the clock can be moved to. Within it, no expiry time exceeds what tokens and
// records can represent.
var (
	Earliest = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	Latest   = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// ErrRange reports a time outside of Earliest and Latest, to which the clock cannot be moved.
var ErrRange = errors.New("the clock can be moved to times from 1970-01-01T00:00:00Z to 2200-01-01T00:00:00Z")

func inRange(t time.Time) error {
	if t.Before(Earliest) || t.After(Latest) {
		return ErrRange
	}
	return nil
}

// Set moves the clock to t; it goes on running from there. For a time outside of Earliest and Latest
// it returns ErrRange and changes nothing, as do Freeze and Advance.
func (c *Clock) Set(t time.Time) error {
	if err := inRange(t); err != nil {
		return err
	}
	c.state.Store(&State{Offset: t.Sub(c.machine())})
	return nil
}

// Freeze stops the clock at t. It returns ErrRange as Set does.
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

// longest is the limit of Span, so that a time stays valid for storage and JSON when a span is added
// to it.
const longest = 100 * 365 * 24 * time.Hour

// Span returns n units as a duration, such as a number of seconds in a request or in the store. It is
// limited to 100 years in either direction, and is 0 if n is not a number (NaN).
func Span[N int | float64](n N, unit time.Duration) time.Duration {
	f := float64(n)
	if math.IsNaN(f) {
		return 0
	}
	limit := float64(longest / unit)
	return time.Duration(max(min(f, limit), -limit) * float64(unit))
}

// Reset makes the clock show the machine's time again.
func (c *Clock) Reset() { c.state.Store(&State{}) }

// Frozen reports whether the clock is stopped.
func (c *Clock) Frozen() bool { return !c.state.Load().Frozen.IsZero() }

// Ticker returns a ticker in the machine's time, which is not affected when the clock is moved. It is
// for work that checks Now at every tick.
func Ticker(every time.Duration) *time.Ticker { return time.NewTicker(every) }

// Ticks returns the channel of a Ticker, which end stops. If wanted is false, it returns a channel
// that never fires.
func Ticks(every time.Duration, wanted bool) (ticks <-chan time.Time, end func()) {
	if !wanted {
		return nil, func() {}
	}
	t := Ticker(every)
	return t.C, t.Stop
}

// Wait waits for d in the machine's time, and reports whether it passed before ctx ended.
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

// Finish returns a context for short work that should be completed even if ctx ends in the middle of
// it. The new context ends the duration within after ctx does, or when it is canceled.
func Finish(ctx context.Context, within time.Duration) (work context.Context, cancel context.CancelFunc) {
	work, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		Wait(work, within)
		end()
	})
	return work, func() { stop(); end() }
}

// Stopwatch starts to measure how long work takes in the machine's time, independent of the clock. The
// function that it returns gives the time since the start.
func Stopwatch() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}
