// Package clock tells the time to the whole server, and lets a test move it.
// It owns the only clock: nothing else asks the machine what time it is, so that
// every expiry moves together.
package clock

import (
	"sync/atomic"
	"time"
)

// Clock is a clock that can be moved and stopped. It is safe for concurrent use.
type Clock struct {
	state atomic.Pointer[state]
}

type state struct {
	offset time.Duration
	frozen time.Time // zero while the clock runs
}

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
	if !s.frozen.IsZero() {
		return s.frozen
	}
	return time.Now().Add(s.offset).UTC().Round(0)
}

// Set moves the clock to t, from where it runs on.
func (c *Clock) Set(t time.Time) {
	c.state.Store(&state{offset: time.Until(t)})
}

// Freeze stops the clock at t.
func (c *Clock) Freeze(t time.Time) {
	c.state.Store(&state{frozen: t.UTC().Round(0)})
}

// Advance moves the clock by d, which may be negative; a stopped clock stays
// stopped.
func (c *Clock) Advance(d time.Duration) {
	for {
		s := c.state.Load()
		moved := &state{offset: s.offset + d}
		if !s.frozen.IsZero() {
			moved = &state{frozen: s.frozen.Add(d)}
		}
		if c.state.CompareAndSwap(s, moved) {
			return
		}
	}
}

// Reset shows the machine's time again.
func (c *Clock) Reset() { c.state.Store(&state{}) }

// Frozen reports whether the clock stands still.
func (c *Clock) Frozen() bool { return !c.state.Load().frozen.IsZero() }

// Ticker returns a ticker of the machine's pace, which moving the clock does not
// change: for work that looks, at its every tick, at what Now says.
func Ticker(every time.Duration) *time.Ticker { return time.NewTicker(every) }

// Stopwatch starts to measure how long work takes on the machine, whatever the
// clock says. What it returns tells the time since then.
func Stopwatch() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}
