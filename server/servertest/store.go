package servertest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/tenant"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/postgres"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

// OnPostgres reports whether the tests' servers store their data in PostgreSQL, which
// TENANT0_TEST_STORE=postgres selects.
func OnPostgres() bool { return config.TestStore() == "postgres" }

// NeedsFile skips a test that inspects the data file if the data is in PostgreSQL.
func NeedsFile(tb testing.TB) {
	tb.Helper()
	if OnPostgres() {
		tb.Skip("the data of this server is in PostgreSQL and not in a file, which is what this test looks at")
	}
}

// stores maps data folders to the URLs of their databases, so that a server that is started
// again on its folder finds its data.
var stores sync.Map

// chooseStore gives a server a database, if the tests run on PostgreSQL and the test has not
// chosen a store.
func chooseStore(tb testing.TB, cfg *config.Config) {
	tb.Helper()
	if !OnPostgres() || cfg.Store != "" {
		return
	}
	url, found := stores.Load(cfg.Data)
	if !found {
		url = pgtest.Shared(tb).Empty(tb)
		stores.Store(cfg.Data, url)
	}
	cfg.Store, _ = url.(string)
	if found && cfg.Issuer == "" { // otherwise the tenant keeps the issuer in its database, with the port of the first start
		if strings.HasSuffix(cfg.Listen, ":0") {
			cfg.Listen = freeAddress(tb)
		}
		_, port, _ := strings.Cut(cfg.Listen, ":")
		cfg.Issuer = "https://localhost:" + port + "/"
	}
}

// madeOnce holds signing keys for all tests of a process, because generating them takes most
// of the time of a first start.
var madeOnce = sync.OnceValues(func() ([]storage.SigningKey, error) {
	dir, err := os.MkdirTemp("", "tenant0-keys-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	db, end, err := openStore(config.Config{Data: dir})
	if err != nil {
		return nil, err
	}
	defer end()
	ring, err := keys.Open(db, "localhost", time.Now()) //nolint:forbidigo // before there is a server
	if err != nil {
		return nil, err
	}
	if err := ring.Complete(); err != nil {
		return nil, err
	}
	return ring.List(), nil
})

// plantKeys puts the process's signing keys into a store that has no keys.
func plantKeys(cfg config.Config) error {
	made, err := madeOnce()
	if err != nil {
		return err
	}
	db, end, err := openStore(cfg)
	if err != nil {
		return err
	}
	defer end()
	return db.Update(context.Background(), func(tx *storage.Tx) error {
		for _, err := range tx.SigningKeys.All() {
			return err // the store has keys
		}
		for _, k := range made {
			if err := tx.SigningKeys.Put(k); err != nil {
				return err
			}
		}
		return nil
	})
}

// OpenData opens the data of the first tenant of a server that has stopped. It is closed when
// the test ends, or by the caller before.
func (s *Server) OpenData() keyspace.Engine {
	s.tb.Helper()
	engine, end, err := openEngine(s.cfg)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.tb.Cleanup(end)
	return engine
}

// openStore opens the store of the first tenant of a server. end closes the store.
func openStore(cfg config.Config) (db *storage.DB, end func(), err error) {
	engine, end, err := openEngine(cfg)
	if err != nil {
		return nil, nil, err
	}
	if db, err = storage.Open(engine); err != nil {
		end()
	}
	return db, end, err
}

func openEngine(cfg config.Config) (engine keyspace.Engine, end func(), err error) {
	if cfg.Store == "" {
		engine, err := bolt.Open(filepath.Join(cfg.Data, config.DataFile), bolt.Options{NoSync: true})
		if err != nil {
			return nil, nil, err
		}
		return engine, func() { _ = engine.Close() }, nil
	}
	database, err := postgres.Open(cfg.Store, postgres.Options{NoSync: true})
	if err != nil {
		return nil, nil, err
	}
	if engine, err = database.Tenant(tenant.Default); err != nil {
		return nil, nil, errors.Join(err, database.Close())
	}
	return engine, func() { _ = errors.Join(engine.Close(), database.Close()) }, nil
}
