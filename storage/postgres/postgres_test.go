package postgres_test

import (
	"testing"

	"github.com/tenant0/tenant0/storage/enginetest"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/postgres"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

// open opens the tenant "default" of an empty database.
func open(tb testing.TB, url string) *postgres.DB {
	tb.Helper()
	d, err := postgres.Open(url, postgres.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = d.Close() })
	db, err := d.Tenant("default")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	return db
}

func TestEngine(t *testing.T) {
	server := pgtest.Shared(t)
	enginetest.Run(t, func(tb testing.TB) keyspace.Engine {
		tb.Helper()
		return open(tb, server.Empty(tb))
	})
}
