package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/config/disk"
	"github.com/tenant0/tenant0/server/control"
	"github.com/tenant0/tenant0/server/tenant"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/memory"
)

// storeSuffix is the ending of the names of the data files of all tenants but the default tenant.
const storeSuffix = ".db"

// tenantPath returns the path of a file or folder of a tenant other than the default tenant.
func (s *Server) tenantPath(name, suffix string) string {
	return filepath.Join(s.data, config.TenantsFolder, name+suffix)
}

// openStore opens the store of a tenant: its data file, its part of the database, or for an
// ephemeral server an empty store in memory. The name "" is the default tenant.
func (s *Server) openStore(name string) (*storage.DB, error) {
	switch {
	case s.cfg.Ephemeral:
		return emptyStore()
	case s.database != nil:
		return s.openShared(name)
	}
	path := filepath.Join(s.data, config.DataFile)
	if name != "" {
		path = s.tenantPath(name, storeSuffix)
	}
	return openFile(path, s.cfg.NoFsync)
}

func emptyStore() (*storage.DB, error) { return storage.Open(memory.New()) }

// openFile opens a data file, which only one server may have open.
func openFile(path string, noSync bool) (*storage.DB, error) {
	engine, err := bolt.Open(path, bolt.Options{NoSync: noSync})
	if errors.Is(err, bolt.ErrLocked) {
		return nil, fmt.Errorf("another tenant0 runs on the data folder %s; stop it, or give this one another folder with --data: %w", filepath.Dir(path), err)
	}
	if err != nil {
		return nil, err
	}
	db, err := storage.OpenVolatile(engine, journal(path))
	if err != nil && !errors.Is(err, keyspace.ErrDamaged) { // ErrDamaged names the file itself
		err = disk.Explain("data file "+path, err)
	}
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	return db, nil
}

// journalSuffix is the ending of the name of the journal, which lies beside a data file while a
// server has it open.
const journalSuffix = "-logins"

// journal returns a function that opens the journal of a data file.
func journal(path string) func(store string) (keyspace.Engine, error) {
	return func(store string) (keyspace.Engine, error) { return memory.OpenJournal(path+journalSuffix, store) }
}

// copyStore creates the store of a new tenant as a copy of another tenant's store.
func (s *Server) copyStore(name string, of *storage.DB) (*storage.DB, error) {
	switch {
	case s.cfg.Ephemeral:
		return of.Clone()
	case s.database != nil:
		return s.copyShared(name, of)
	}
	path := s.tenantPath(name, storeSuffix)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, disk.Explain("data folder", err)
	}
	engine, err := bolt.Open(path, bolt.Options{NoSync: s.cfg.NoFsync})
	if err != nil {
		return nil, err
	}
	if err := of.CopyTo(context.Background(), engine); err != nil {
		return nil, errors.Join(err, engine.Close(), os.Remove(path))
	}
	return storage.OpenVolatile(engine, journal(path))
}

// removeStore removes all data of a tenant from the disk and from the database.
func (s *Server) removeStore(name string) error {
	if s.database != nil {
		return errors.Join(s.database.Remove(name), os.RemoveAll(s.tenantPath(name, ".files")))
	}
	err := os.Remove(s.tenantPath(name, storeSuffix))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	journal := os.Remove(s.tenantPath(name, storeSuffix+journalSuffix)) // a killed server leaves it behind
	if errors.Is(journal, fs.ErrNotExist) {
		journal = nil
	}
	return errors.Join(err, journal, os.RemoveAll(s.tenantPath(name, ".files")))
}

// openKept opens all tenants in the data folder or the database but the default tenant, each at
// its former port if that is free.
func (ts *tenants) openKept() error {
	s := ts.server
	switch {
	case s.cfg.Ephemeral:
		return nil
	case s.database != nil:
		return ts.catchUp()
	}
	files, err := filepath.Glob(s.tenantPath("*", storeSuffix))
	if err != nil {
		return err
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), storeSuffix)
		if !control.ValidName(name) || name == tenant.Default {
			return fmt.Errorf("data folder: %s is not the data file of a tenant; remove it", file)
		}
		db, err := s.openStore(name)
		if err != nil {
			return err
		}
		if err := ts.serve(name, s.formerAddress(db), db, nil); err != nil {
			return fmt.Errorf("tenant %s: %w", name, err)
		}
	}
	return nil
}

// formerAddress returns the address, host and port, at which the tenant of a store was served
// before, or "" if it is not known.
func (s *Server) formerAddress(db *storage.DB) string {
	issuer, err := db.Issuer(context.Background())
	if err != nil {
		return ""
	}
	u, err := url.Parse(issuer)
	if err != nil || u.Port() == "" {
		return ""
	}
	host, _, err := net.SplitHostPort(s.Addr())
	if err != nil {
		return ""
	}
	return net.JoinHostPort(host, u.Port())
}

// openFolder creates a tenant from each tenant file and each subfolder (an export of
// auth0-deploy-cli) of a folder. The tenant is named after the file or subfolder; a tenant that
// exists already is left alone.
func (ts *tenants) openFolder(folder string) error {
	if folder == "" {
		return nil
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("tenants: %w", err)
	}
	for _, entry := range entries {
		extension := filepath.Ext(entry.Name())
		if !entry.IsDir() && !slices.Contains([]string{".yaml", ".yml", ".json"}, extension) {
			continue
		}
		seed, name := filepath.Join(folder, entry.Name()), entry.Name()
		if !entry.IsDir() {
			name = strings.TrimSuffix(name, extension)
		}
		if !control.ValidName(name) || name == tenant.Default {
			return fmt.Errorf("tenants: %s: %q cannot be the name of a further tenant: a name has lower-case letters, digits and hyphens only, and is not %q", seed, name, tenant.Default)
		}
		if _, found := ts.Tenant(name); found {
			continue
		}
		like, err := ts.template(seed)
		if err == nil {
			err = errors.Join(ts.make(name, "", like), like.DB().Close())
		}
		if err != nil {
			return fmt.Errorf("tenants: %s: %w", seed, err)
		}
	}
	return nil
}
