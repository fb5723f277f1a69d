package keyspace

import (
	"context"
	"sync"
	"time"
)

// Lag is how old a process's memory of a shared store may be at most when a request arrives.
const Lag = 250 * time.Millisecond

// Arrive returns the context of a request that has just reached this process. The first read of
// the request brings this process up to date with a shared store; for Lag after that, reads use
// what the process then knew. So a request sees every change that any server acknowledged
// before it arrived, and its own writes, without a round trip to the database for each read.
func Arrive(ctx context.Context) context.Context {
	return context.WithValue(ctx, arrivalKey{}, &Arrival{})
}

type arrivalKey struct{}

// Arrival records when a request last asked each store. A nil Arrival records nothing.
type Arrival struct {
	mu    sync.Mutex
	asked map[any]time.Time
}

// ArrivalOf returns the Arrival of the request that ctx belongs to, or nil outside of requests.
func ArrivalOf(ctx context.Context) *Arrival {
	a, _ := ctx.Value(arrivalKey{}).(*Arrival)
	return a
}

// Knows reports whether the request asked a store less than Lag ago.
func (a *Arrival) Knows(store any, now time.Time) bool {
	if a == nil {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	asked, ok := a.asked[store]
	return ok && now.Sub(asked) < Lag
}

// Asked records that a store was asked at the given time or later.
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
