package trace

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// putEvery is the longest time before a server's new traces are put into the store.
const putEvery = 250 * time.Millisecond

// Store keeps the traces of a tenant that several servers serve. Each text holds the requests that
// one server put there together. Older texts are dropped.
type Store interface {
	Add(text []byte) error
	All() ([][]byte, error)
	Clear() error
}

// shared is the state for traces in a store. A server keeps new traces in memory for a short time,
// and then puts them into the store together.
type shared struct {
	wake chan struct{} // signals that there are requests to put into the store

	putting sync.Mutex // held while requests are put, so that no request is put twice
}

// tell signals that there are requests to put into the store. A nil shared ignores it.
func (s *shared) tell() {
	if s == nil {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default: // the signal is already set
	}
}

// Run puts new traces into the store, for other servers to see, until stop is closed. It returns at
// once if the tenant has a single server.
func (t *Traces) Run(stop <-chan struct{}) error {
	if t.shared == nil {
		return nil
	}
	ticker := t.Ticker(putEvery)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return t.put()
		case <-t.shared.wake:
		}
		select {
		case <-stop:
		case <-ticker.C: // gather requests that follow shortly
		}
		if err := t.put(); err != nil {
			t.shared.tell()
			return err
		}
	}
}

// put moves the requests in memory into the store. If it fails, they stay in memory.
func (t *Traces) put() error {
	t.shared.putting.Lock()
	defer t.shared.putting.Unlock()
	t.mu.Lock()
	requests := t.own()
	t.mu.Unlock()
	if len(requests) == 0 {
		return nil
	}
	text, err := json.Marshal(requests)
	if err != nil {
		return err
	}
	if err := t.Store.Add(text); err != nil {
		return err
	}
	t.forget(requests[0])
	return nil
}

// forget removes a request, and all older ones, from memory.
func (t *Traces) forget(newest Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.own()
	if i := slices.IndexFunc(all, func(r Request) bool { return r.ID == newest.ID }); i >= 0 {
		all = all[:i]
	}
	slices.Reverse(all)
	t.last, t.next = all, 0
}

// ofAllServers returns the last requests of all servers, the newest first.
func (t *Traces) ofAllServers() ([]Request, error) {
	if err := t.put(); err != nil {
		return nil, err
	}
	texts, err := t.Store.All()
	if err != nil {
		return nil, err
	}
	all := []Request{}
	for _, text := range slices.Backward(texts) { // sorted newest first even if their times are equal
		var some []Request
		if err := json.Unmarshal(text, &some); err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b Request) int { return b.At.Compare(a.At) })
	return all[:min(len(all), limit)], nil
}

// await returns the request with an id. It waits for a request that another server has not put into
// the store yet.
func (t *Traces) await(ctx context.Context, id string) (r Request, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 4*putEvery)
	defer cancel()
	ticker := t.Ticker(putEvery / 4)
	defer ticker.Stop()
	for {
		r, found, err = t.find(id)
		if err != nil || found {
			return r, found, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return r, false, nil
		}
	}
}
