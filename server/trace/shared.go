package trace

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// putEvery is how long requests wait at most to be put where other servers see them.
const putEvery = 250 * time.Millisecond

// Shelf is where the servers of a tenant put their traces, each as a text of the requests that were
// decided together. It keeps the last ones.
type Shelf interface {
	Add(text []byte) error
	All() ([][]byte, error)
	Clear() error
}

// shared is what traces on a shelf need besides. What a server has decided waits in its memory and
// is put onto the shelf a little later, the requests of that time together.
type shared struct {
	wake chan struct{} // says that there are requests to put

	putting sync.Mutex // held while requests are put, so that none is put twice
}

// tell says that there are requests to put. A nil shared is told nothing.
func (s *shared) tell() {
	if s == nil {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default: // it is said already
	}
}

// Run puts the requests where other servers see them, until stop is closed. Traces of one server
// need none of it.
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
		case <-ticker.C: // others come meanwhile
		}
		if err := t.put(); err != nil {
			t.shared.tell()
			return err
		}
	}
}

// put puts the requests that are in memory into the store. With an error they are still in memory.
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
	if err := t.Shelf.Add(text); err != nil {
		return err
	}
	t.forget(requests[0])
	return nil
}

// forget forgets a request that is in memory, and those before it.
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
	texts, err := t.Shelf.All()
	if err != nil {
		return nil, err
	}
	all := []Request{}
	for _, text := range slices.Backward(texts) { // the newest first, where the clock stands still
		var some []Request
		if err := json.Unmarshal(text, &some); err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b Request) int { return b.At.Compare(a.At) })
	return all[:min(len(all), limit)], nil
}

// await returns the request with an id that another server may be about to put into the store.
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
