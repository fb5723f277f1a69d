package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/tenant"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/postgres"
)

// place is where tenants are kept: a data folder or a database.
type place interface {
	// tenants lists the names of the tenants that exist, with the default tenant first.
	tenants() ([]string, error)
	// open opens the store of an existing tenant; make creates an empty store for a new
	// tenant.
	open(name string) (*storage.DB, error)
	make(name string) (keyspace.Engine, error)
	// made marks a tenant that make has created as complete: all its data is written.
	made(name string) error
	remove(name string) error
	close() error
}

// CopyStore copies all tenants of one data folder or database to another, and returns their
// names. It adds tenants to the target and never replaces one: if the target already has a
// tenant of the same name, it returns an error and copies nothing. A database is given by
// its URL, a data folder by its path.
func CopyStore(from, to string) (names []string, err error) {
	source, err := openPlace(from)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, source.close()) }()
	if names, err = source.tenants(); err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("there is no tenant in %s; name the data folder of a server, or its database", from)
	}
	target, err := openPlace(to)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, target.close()) }()
	there, err := target.tenants()
	if err != nil {
		return nil, err
	}
	for _, name := range there {
		if slices.Contains(names, name) {
			return nil, fmt.Errorf("%s has a tenant %s already; copy to an empty folder or database, or remove it there", to, name)
		}
	}
	for _, name := range names {
		if err := copyTenant(source, target, name); err != nil {
			return nil, fmt.Errorf("tenant %s: %w", name, err)
		}
	}
	return names, nil
}

func copyTenant(source, target place, name string) error {
	db, err := source.open(name)
	if err != nil {
		return err
	}
	defer db.Close()
	engine, err := target.make(name)
	if err != nil {
		return err
	}
	err = errors.Join(db.CopyTo(context.Background(), engine), engine.Close())
	if err == nil {
		err = target.made(name)
	}
	if err != nil {
		err = errors.Join(err, target.remove(name))
	}
	return err
}

func openPlace(where string) (place, error) {
	if !strings.Contains(where, "://") {
		return folder(where), nil
	}
	database, err := postgres.Open(where, postgres.Options{})
	if err != nil {
		return nil, err
	}
	return inDatabase{database}, nil
}

// folder is the path of a data folder.
type folder string

func (f folder) path(name string) string {
	if name == tenant.Default {
		return filepath.Join(string(f), config.DataFile)
	}
	return filepath.Join(string(f), config.TenantsFolder, name+storeSuffix)
}

func (f folder) tenants() (names []string, err error) {
	if _, err := os.Stat(f.path(tenant.Default)); err == nil {
		names = append(names, tenant.Default)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	files, err := filepath.Glob(f.path("*"))
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), storeSuffix))
	}
	return names, err
}

func (f folder) open(name string) (*storage.DB, error) { return openFile(f.path(name), false) }

func (f folder) make(name string) (keyspace.Engine, error) {
	if err := os.MkdirAll(filepath.Dir(f.path(name)), 0o700); err != nil {
		return nil, err
	}
	return bolt.Open(f.path(name), bolt.Options{})
}

func (f folder) remove(name string) error { return os.Remove(f.path(name)) }
func (f folder) made(string) error        { return nil }
func (f folder) close() error             { return nil }

// inDatabase is the place of tenants that are kept in a PostgreSQL database.
type inDatabase struct{ *postgres.Database }

func (d inDatabase) tenants() (names []string, err error) {
	all, err := d.Tenants()
	for _, t := range all {
		names = append(names, t.Name)
	}
	return names, err
}

func (d inDatabase) made(name string) error { return d.Made(name) }

func (d inDatabase) open(name string) (*storage.DB, error) {
	engine, err := d.Tenant(name)
	if err != nil {
		return nil, err
	}
	db, err := storage.Open(engine)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	return db, nil
}

func (d inDatabase) make(name string) (keyspace.Engine, error) {
	engine, err := d.New(name)
	if err != nil {
		return nil, err // return a nil interface, not an interface that holds a nil *Engine
	}
	return engine, nil
}

func (d inDatabase) remove(name string) error { return d.Remove(name) }
func (d inDatabase) close() error             { return d.Close() }
