package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/control"
	"github.com/tenant0/tenant0/server/tenant"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/postgres"
)

// openDatabase connects to the database that holds the tenants, if one is configured.
func (s *Server) openDatabase() (err error) {
	if s.cfg.Store == "" {
		return nil
	}
	s.database, err = postgres.Open(s.cfg.Store, postgres.Options{NoSync: s.cfg.NoFsync, Now: clock.Machine})
	return err
}

// openShared opens the store of a tenant in the database. The name "" is the default
// tenant.
func (s *Server) openShared(name string) (*storage.DB, error) {
	engine, err := s.database.Tenant(cmp.Or(name, tenant.Default))
	if err != nil {
		return nil, err
	}
	db, err := storage.Open(engine)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	return db, nil
}

// copyShared creates the store of a new tenant in the database as a copy of another
// tenant's store.
func (s *Server) copyShared(name string, of *storage.DB) (*storage.DB, error) {
	engine, err := s.database.New(name)
	if errors.Is(err, postgres.ErrExists) {
		return nil, control.ErrTenantExists
	}
	if err != nil {
		return nil, err
	}
	if err := of.CopyTo(context.Background(), engine); err != nil {
		return nil, errors.Join(err, engine.Close(), s.database.Remove(name))
	}
	db, err := storage.Open(engine)
	if err != nil {
		return nil, errors.Join(err, engine.Close(), s.database.Remove(name))
	}
	err = db.Update(context.Background(), func(tx *storage.Tx) error { // messages and traces belong to the original tenant
		return errors.Join(tx.Messages.Clear(), tx.Traces.Clear())
	})
	if err != nil {
		return nil, errors.Join(err, db.Close(), s.database.Remove(name))
	}
	return db, nil
}

// openTenant opens the tenant of a store, and closes the store if it fails. Servers that
// share a store do this one after the other: the first of them gives the store its keys and
// its seed.
func (s *Server) openTenant(db *storage.DB, o tenant.Options) (t *tenant.Tenant, err error) {
	opened := false
	err = db.RunExclusive("start", func() error {
		configured := o.Name == tenant.Default && s.cfg.Issuer != "" || o.Like != nil
		if o.Issuer, err = issuerOf(db, o.Issuer, configured); err != nil {
			return err
		}
		o.Hosts = slices.Concat(s.hosts(o.Issuer), s.ca.Names(), s.cfg.AllowedHosts)
		opened = true
		t, err = tenant.Open(db, o)
		return err
	})
	if err != nil && !opened {
		err = errors.Join(err, db.Close())
	}
	return t, err
}

// serving names the group in the database that all servers of a tenant join.
const serving = "serving"

// issuerOf returns the issuer of a tenant that other servers may serve too: the issuer in
// the store, unless the configuration names another and no other server serves the tenant.
// If the configuration names another and other servers do serve it, it returns an error.
func issuerOf(db *storage.DB, wanted string, configured bool) (string, error) {
	if !db.Shared() {
		return wanted, nil
	}
	alone, err := db.Join(serving)
	if err != nil {
		return "", err
	}
	had, err := db.Issuer(context.Background())
	switch {
	case err != nil:
		return "", err
	case had == "" || had == wanted || configured && alone:
		return wanted, nil
	case !configured:
		return had, nil
	}
	return "", fmt.Errorf("the running servers serve this tenant as %s; start this one with --issuer %s, or stop the others before you change the tenant's issuer", had, had)
}
