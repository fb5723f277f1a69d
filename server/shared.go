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

// openDatabase connects to the database that has the tenants, where there is one.
func (s *Server) openDatabase() (err error) {
	if s.cfg.Store == "" {
		return nil
	}
	s.database, err = postgres.Open(s.cfg.Store, postgres.Options{NoSync: s.cfg.NoFsync, Now: clock.Machine})
	return err
}

// openShared opens the store of a tenant in the database, "" for the first.
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

// copyShared makes the store of a new tenant in the database, a copy of another.
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
	err = db.Update(context.Background(), func(tx *storage.Tx) error { // they are of what was copied
		return errors.Join(tx.Messages.Clear(), tx.Traces.Clear())
	})
	if err != nil {
		return nil, errors.Join(err, db.Close(), s.database.Remove(name))
	}
	return db, nil
}

// openTenant makes a tenant of a store, which it closes when it fails. Where other servers
// start with the same store, one after the other does: the first gives it keys and seed.
func (s *Server) openTenant(db *storage.DB, o tenant.Options) (t *tenant.Tenant, err error) {
	opened := false
	err = db.Alone("start", func() error {
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

// serving is what all servers of a tenant take part in.
const serving = "serving"

// issuerOf is the issuer of a tenant that other servers may serve as well: the one that its
// store has, unless the configuration names another and no other server is there.
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
	return "", fmt.Errorf("the servers that are there serve this tenant as %s; start this one with --issuer %s, or stop the others before the tenant gets another issuer", had, had)
}
