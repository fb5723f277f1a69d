package server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/control"
	"github.com/tenant0/tenant0/server/tenant"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/postgres"
)

// followEvery is how often a server looks which tenants others have made and deleted. The control
// listener looks at once when it is asked for a tenant that it does not know, and for the list.
const followEvery = time.Second

// follow serves the tenants that other servers of the database make, and no longer those that they
// delete, until stop is closed.
func (ts *tenants) follow(stop <-chan struct{}) {
	ticker := clock.Ticker(followEvery)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		err := ts.catchUp()
		if err != nil && !errors.Is(err, keyspace.ErrUnavailable) { // of a database that is away every request tells
			ts.server.log.Warn("the tenants of other servers", "err", err.Error())
		}
	}
}

// catchUpNow is catchUp for who can do without.
func (ts *tenants) catchUpNow() {
	if err := ts.catchUp(); err != nil {
		ts.server.log.Warn("the tenants of other servers", "err", err.Error())
	}
}

// catchUp serves the tenants that the database has and no others.
func (ts *tenants) catchUp() error {
	if ts.server.database == nil {
		return nil
	}
	ts.following.Lock()
	defer ts.following.Unlock()
	served := ts.settled() // before the list is read: whatever is in it afterwards was made meanwhile
	listed, err := ts.server.database.Tenants()
	if err != nil {
		return err
	}
	there := map[string]int64{}
	for _, l := range listed {
		there[l.Name] = l.Generation
	}
	errs := []error{ts.dropDeleted(served, there)}
	for _, l := range listed {
		if err := ts.adopt(l); err != nil {
			errs = append(errs, fmt.Errorf("tenant %s: %w", l.Name, err))
		}
	}
	return errors.Join(errs...)
}

// settled are the tenants besides the first that are served and not just being made.
func (ts *tenants) settled() (all []*hosted) {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	for name, h := range ts.byName {
		if name != tenant.Default && !ts.making[name] {
			all = append(all, h)
		}
	}
	return all
}

// dropDeleted ends those of the served tenants that the database does not have, or has under the
// same name anew. there has the generations of those that it has.
func (ts *tenants) dropDeleted(served []*hosted, there map[string]int64) error {
	var errs []error
	for _, h := range served {
		generation, found := there[h.Name]
		if found && h.generation == 0 {
			h.generation = generation // this server has made it
		}
		if found && h.generation == generation || !ts.take(h) {
			continue
		}
		err := ts.end(h)
		if errors.Is(err, keyspace.ErrGone) { // it could not store the last events
			err = nil
		}
		errs = append(errs, err, os.RemoveAll(ts.server.tenantPath(h.Name, ".files")))
	}
	return errors.Join(errs...)
}

// take takes a tenant out of those that are served, and reports whether it was among them.
func (ts *tenants) take(h *hosted) bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.byName[h.Name] != h {
		return false
	}
	delete(ts.byName, h.Name)
	return true
}

// adopt serves a tenant of the database that is not served yet.
func (ts *tenants) adopt(l postgres.Listed) error {
	done, err := ts.reserve(l.Name)
	if err != nil {
		return nil // it is served, or is being made or deleted here, or the server stops
	}
	defer done()
	if !control.ValidName(l.Name) {
		return errors.New("this is no name for one; remove it from tenant0_tenants")
	}
	db, err := storage.Open(ts.server.database.Find(l.Name))
	if err != nil {
		return err
	}
	if err := ts.serve(l.Name, ts.server.formerAddress(db), db, nil); err != nil {
		return err
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.byName[l.Name].generation = l.Generation
	return nil
}

// end stops serving a tenant. Requests under way have as long as when the server stops.
func (ts *tenants) end(h *hosted) error {
	ctx, cancel := context.WithTimeout(context.Background(), ts.server.cfg.ShutdownGrace)
	defer cancel()
	defer ts.server.metrics.Forget(h.Name)
	return h.end(ctx)
}
