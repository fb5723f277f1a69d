package storage

import (
	"context"
	"sync"
	"time"
)

// Arrive returns the context of a request that has come to this process right now. A shared
// store is asked by its first read; those behind it take what the process knows then, for as
// long as Lag. So a request sees whatever was acknowledged anywhere before it came, and what it
// has written itself, and does not pay for each of its reads.
func Arrive(ctx context.Context) context.Context {
	return context.WithValue(ctx, arrivalKey{}, &Arrival{})
}

type arrivalKey struct{}

// Arrival remembers which stores a request has asked. A nil one remembers nothing.
type Arrival struct {
	mu    sync.Mutex
	asked map[any]time.Time
}

// ArrivalOf is that of the request of a context, nil where it is of none.
func ArrivalOf(ctx context.Context) *Arrival {
	a, _ := ctx.Value(arrivalKey{}).(*Arrival)
	return a
}

// Knows reports whether a store was asked less than Lag ago.
func (a *Arrival) Knows(store any, now time.Time) bool {
	if a == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	asked, ok := a.asked[store]
	return ok && now.Sub(asked) < Lag
}

// Asked notes that a store was asked at a time, or later.
func (a *Arrival) Asked(store any, at time.Time) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked == nil {
		a.asked = map[any]time.Time{}
	}
	a.asked[store] = at
}
