package tenant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
)

// memory records when the tenant last read what other servers may have changed.
type memory struct {
	mu  sync.Mutex
	age func() time.Duration // nil before the first look
}

// refresh reads the signing keys and the clock from a shared store again, unless that was done
// within keyspace.Lag. It runs at the beginning of every request, so that a server without
// requests need not be notified of changes.
func (t *Tenant) refresh(ctx context.Context) error {
	if !t.db.Shared() {
		return nil
	}
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	if t.memory.age != nil && t.memory.age() < keyspace.Lag {
		return nil
	}
	began := clock.Stopwatch()
	if err := t.look(ctx); err != nil {
		return err
	}
	t.memory.age = began
	return nil
}

// look reads the signing keys and the clock from the store.
func (t *Tenant) look(ctx context.Context) error {
	var raw []byte
	err := t.db.View(ctx, func(tx *storage.Tx) (err error) {
		if raw, err = tx.Clock(); err != nil {
			return err
		}
		return t.ring.Refresh(tx)
	})
	if err != nil {
		return err
	}
	var moved clock.State
	if raw != nil {
		if err := json.Unmarshal(raw, &moved); err != nil {
			return fmt.Errorf("the state of the clock: %w: %w", keyspace.ErrDamaged, err)
		}
	}
	t.clock.SetSkew(t.db.Skew())
	t.clock.SetState(moved)
	return nil
}

// keepClock stores the tenant's clock, so that all servers of the tenant show the same time.
func (t *Tenant) keepClock() error {
	if !t.db.Shared() {
		return nil
	}
	raw, err := json.Marshal(t.clock.State())
	if err != nil {
		return err
	}
	if err := t.db.Update(context.Background(), func(tx *storage.Tx) error { return tx.PutClock(raw) }); err != nil {
		return err
	}
	if err := t.look(context.Background()); err != nil { // a concurrent request may have loaded the old state again
		return err
	}
	return t.db.Spread()
}

// againAfter is how long background work waits before it tries an unreachable database again.
const againAfter = time.Second

// whileAway runs fn, and repeats it as long as it fails because the store cannot be reached.
func (t *Tenant) whileAway(name string, fn func() error) error {
	for {
		err := fn()
		switch {
		case errors.Is(err, keyspace.ErrGone): // the server is about to stop serving the tenant
			return nil
		case !errors.Is(err, keyspace.ErrUnavailable):
			return err
		}
		t.Log.Warn("work waits for the store", "work", name, "err", err.Error())
		ticker := clock.Ticker(againAfter)
		select {
		case <-t.stop:
			ticker.Stop()
			return nil
		case <-ticker.C:
			ticker.Stop()
		}
	}
}

// traceStore stores the traces of all servers of a tenant in its store. It implements trace.Store.
type traceStore struct {
	db  *storage.DB
	now func() time.Time
}

// traceBounds limit how many texts of traces are kept, each with one request or more, and
// their total size in bytes.
var traceBounds = storage.Bounds{Number: 200, Bytes: 1 << 20}

// Add implements trace.Store.
func (s traceStore) Add(text []byte) error {
	return s.db.Update(context.Background(), func(tx *storage.Tx) error {
		return tx.Traces.Add(s.now(), "", traceBounds, func(int) ([]byte, error) { return text, nil })
	})
}

// All implements trace.Store.
func (s traceStore) All() (texts [][]byte, err error) {
	err = s.db.View(context.Background(), func(tx *storage.Tx) error {
		items, err := tx.Traces.All()
		texts = nil
		for _, item := range items {
			texts = append(texts, item.JSON)
		}
		return err
	})
	return texts, err
}

// Clear implements trace.Store.
func (s traceStore) Clear() error {
	return s.db.Update(context.Background(), func(tx *storage.Tx) error { return tx.Traces.Clear() })
}
