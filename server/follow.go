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

// followEvery is how often a server checks which tenants other servers have created and deleted.
// The control listener checks at once if a request names a tenant that it does not know or asks
// for the list of tenants.
const followEvery = time.Second

// follow starts to serve the tenants that other servers create in the shared database, and stops
// serving the tenants that they delete, until stop is closed.
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
		if err != nil && !errors.Is(err, keyspace.ErrUnavailable) { // requests already report an unreachable database
			ts.server.log.Warn("the tenants that other servers created or deleted could not be followed", "err", err.Error())
		}
	}
}

// catchUpNow calls catchUp and only logs an error, for callers that can go on without the
// result.
func (ts *tenants) catchUpNow() {
	if err := ts.catchUp(); err != nil {
		ts.server.log.Warn("the tenants that other servers created or deleted could not be followed", "err", err.Error())
	}
}

// catchUp makes the served tenants the same as the tenants in the database: it starts to serve
// new ones and drops deleted ones. Without a database it does nothing.
func (ts *tenants) catchUp() error {
	if ts.server.database == nil {
		return nil
	}
	ts.following.Lock()
	defer ts.following.Unlock()
	served := ts.settled() // taken before the list is read, so that a tenant created after the list is not taken for a deleted one
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

// settled returns the served tenants, without the default tenant and without tenants that are
// being created at this moment.
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

// dropDeleted stops serving the tenants that are no longer in the database, or that were deleted
// and created again under the same name. there maps the name of each tenant in the database to
// its generation.
func (ts *tenants) dropDeleted(served []*hosted, there map[string]int64) error {
	var errs []error
	for _, h := range served {
		generation, found := there[h.Name]
		if found && h.generation == 0 {
			h.generation = generation // this server created the tenant and does not know its generation yet
		}
		if found && h.generation == generation || !ts.take(h) {
			continue
		}
		err := ts.end(h)
		if errors.Is(err, keyspace.ErrGone) { // the tenant's data is gone, so its last events could not be stored
			err = nil
		}
		errs = append(errs, err, os.RemoveAll(ts.server.tenantPath(h.Name, ".files")))
	}
	return errors.Join(errs...)
}

// take removes a tenant from the served tenants, and reports whether it was one of them.
func (ts *tenants) take(h *hosted) bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.byName[h.Name] != h {
		return false
	}
	delete(ts.byName, h.Name)
	return true
}

// adopt starts to serve a tenant of the database that is not served yet.
func (ts *tenants) adopt(l postgres.Listed) error {
	done, err := ts.reserve(l.Name)
	if err != nil {
		return nil // it is served already, is being created or deleted here, or the server is stopping
	}
	defer done()
	if !control.ValidName(l.Name) {
		return errors.New("this is not a valid name for a tenant; remove it from the table tenant0_tenants")
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

// end stops serving a tenant. Requests in progress have the same grace period as at a stop of
// the server.
func (ts *tenants) end(h *hosted) error {
	ctx, cancel := context.WithTimeout(context.Background(), ts.server.cfg.ShutdownGrace)
	defer cancel()
	defer ts.server.metrics.Forget(h.Name)
	return h.end(ctx)
}
