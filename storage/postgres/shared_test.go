package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/enginetest"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/postgres"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

// process is an engine that closes its database connections when it is closed, as the end of a process does.
type process struct {
	*postgres.DB
	end func() error
}

func (p process) Close() error { return errors.Join(p.DB.Close(), p.end()) }

func newProcess(tb testing.TB, url string) process {
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
	return process{db, d.Close}
}

func TestSeveralProcesses(t *testing.T) {
	server := pgtest.Shared(t)
	enginetest.RunShared(t, func(tb testing.TB) (all []keyspace.Shared) {
		tb.Helper()
		url := server.Empty(tb)
		for range 3 {
			all = append(all, newProcess(tb, url))
		}
		return all
	})
}

// count adds one to a number and writes a further key, in one update.
func count(e keyspace.Engine, key string) error {
	return e.Update(context.Background(), func(kv keyspace.KV) error {
		n, err := kv.Get([]byte("n"))
		if err != nil {
			return err
		}
		return errors.Join(kv.Put([]byte("n"), append([]byte("+"), n...)), kv.Put([]byte(key), []byte("there")))
	})
}

// storm runs writers at several engines while disturb interferes with their connections, and for a minimum number of
// updates. It checks that every acknowledged update is there, and that none was done twice.
func storm(t *testing.T, engines []process, disturb func()) (refused int64) {
	t.Helper()
	const writers, each = 3, 40
	var wait sync.WaitGroup
	var acknowledged sync.Map
	var failed atomic.Int64
	var over atomic.Bool
	for n, e := range engines {
		for w := range writers {
			wait.Go(func() {
				for i := 0; i < each || !over.Load(); i++ {
					key := fmt.Sprintf("op%d.%d.%d", n, w, i)
					switch err := count(e, key); {
					case err == nil:
						acknowledged.Store(key, true)
					case errors.Is(err, keyspace.ErrUnavailable):
						failed.Add(1)
					default:
						t.Errorf("an update fails with %v, want what wraps %v", err, keyspace.ErrUnavailable)
					}
				}
			})
		}
	}
	wait.Go(func() {
		defer over.Store(true)
		disturb()
	})
	wait.Wait()
	var total string
	kept := map[string]bool{}
	err := engines[0].View(t.Context(), func(kv keyspace.KV) error {
		n, err := kv.Get([]byte("n"))
		total = string(n)
		return errors.Join(err, kv.Scan([]byte("op"), []byte("oq"), func(key, _ []byte) bool {
			kept[string(key)] = true
			return true
		}))
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(total) != len(kept) {
		t.Errorf("%d updates have counted and %d have left their key: one was done twice or by half", len(total), len(kept))
	}
	acknowledged.Range(func(key, _ any) bool {
		if !kept[key.(string)] {
			t.Errorf("%s was acknowledged and is not there", key)
		}
		return true
	})
	return failed.Load()
}

func TestCutConnectionsLoseNothing(t *testing.T) {
	server := pgtest.Shared(t)
	proxy := pgtest.NewProxy(t, server.Addr())
	url := proxy.URL(t, server.Empty(t))
	engines := []process{newProcess(t, url), newProcess(t, url), newProcess(t, url)}
	refused := storm(t, engines, func() {
		for range 10 {
			<-time.After(40 * time.Millisecond) // in which a new connection gets something done
			proxy.Cut()
		}
	})
	t.Logf("%d updates refused", refused)
}

func TestCrashesOfTheDatabaseLoseNothing(t *testing.T) {
	server := pgtest.Start(t)
	url := server.Empty(t)
	engines := []process{newProcess(t, url), newProcess(t, url)}
	refused := storm(t, engines, func() {
		for range 2 {
			<-time.After(50 * time.Millisecond) // in which something is written
			server.Crash()
			server.Again(t)
		}
	})
	t.Logf("%d updates refused", refused)
}

func TestADatabaseThatIsAwayComesBack(t *testing.T) {
	server := pgtest.Start(t)
	e := newProcess(t, server.Empty(t))
	if err := count(e, "op1"); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	read := func() error {
		return e.View(t.Context(), func(kv keyspace.KV) error { _, err := kv.Get([]byte("n")); return err })
	}
	for name, err := range map[string]error{"a view": read(), "an update": count(e, "op2")} {
		if !errors.Is(err, keyspace.ErrUnavailable) || !strings.Contains(err.Error(), "start the database") {
			t.Errorf("%s while the database is away: %v, want what wraps %v and says what to do", name, err, keyspace.ErrUnavailable)
		}
	}
	if _, err := e.AcquireLease("lease"); !errors.Is(err, keyspace.ErrUnavailable) {
		t.Errorf("a lease while the database is away: %v", err)
	}
	server.Again(t)
	if err := errors.Join(read(), count(e, "op3")); err != nil {
		t.Errorf("when it is back: %v", err)
	}
	if held, err := e.AcquireLease("lease"); !held || err != nil {
		t.Errorf("a lease when it is back: %v, %v", held, err)
	}
}

// TestALeaseEndsWithItsConnection cuts the connections of the holder: another process gets the lease, and
// the former holder learns that it has lost it.
func TestALeaseEndsWithItsConnection(t *testing.T) {
	server := pgtest.Shared(t)
	proxy := pgtest.NewProxy(t, server.Addr())
	url := server.Empty(t)
	first, second := newProcess(t, proxy.URL(t, url)), newProcess(t, url)
	if held, err := first.AcquireLease("work"); !held || err != nil {
		t.Fatal(held, err)
	}
	proxy.Let(false)
	proxy.Cut()
	for deadline := time.Now().Add(20 * time.Second); ; {
		held, err := second.AcquireLease("work")
		if err != nil {
			t.Fatal(err)
		}
		if held {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the lease is not passed on")
		}
	}
	if held, err := first.AcquireLease("work"); held || err == nil {
		t.Errorf("who is cut off holds its lease: %v, %v", held, err)
	}
	proxy.Let(true)
	if held, err := first.AcquireLease("work"); held || err != nil {
		t.Errorf("who comes back has the lease of another: %v, %v", held, err)
	}
}

// TestWorkIsTakenOverFromWhoIsCutOff: a worker that was cut off notices that before it goes on.
func TestWorkIsTakenOverFromWhoIsCutOff(t *testing.T) {
	server := pgtest.Shared(t)
	proxy := pgtest.NewProxy(t, server.Addr())
	url := server.Empty(t)
	open := func(url string) (*storage.DB, storage.Worker) {
		db, err := storage.Open(newProcess(t, url))
		if err != nil {
			t.Fatal(err)
		}
		w := db.Worker("work")
		if held, err := w.Hold(); !held || err != nil {
			t.Fatal(held, err)
		}
		return db, w
	}
	cut, one := open(proxy.URL(t, url))
	_, two := open(url)
	err := cut.Update(t.Context(), func(tx *storage.Tx) error { return tx.Logouts.Put(storage.Logout{Key: "k", Worker: one.Name}) })
	if err != nil {
		t.Fatal(err)
	}
	take := func(w storage.Worker) []storage.Logout {
		taken, err := storage.TakeOver(context.Background(), w, 1, (*storage.Tx).LogoutClaims)
		if err != nil {
			t.Fatal(err)
		}
		return taken
	}
	if taken := take(two); len(taken) > 0 {
		t.Fatal("work is taken from who is there")
	}
	proxy.Let(false)
	proxy.Cut()
	for deadline := time.Now().Add(20 * time.Second); len(take(two)) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the work is not taken over")
		}
	}
	proxy.Let(true)
	if taken := take(one); len(taken) > 0 {
		t.Error("who comes back takes it from the other")
	}
	err = cut.View(t.Context(), func(tx *storage.Tx) error {
		worker, err := tx.LogoutClaims().Worker("k")
		if worker != two.Name {
			t.Errorf("who comes back finds the work with %s", worker)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestSchemasOfADatabaseAreApart: leases and counts of the servers in one schema do not affect those in another
// schema of the same database.
func TestSchemasOfADatabaseAreApart(t *testing.T) {
	server := pgtest.Shared(t)
	for range 2 {
		p := newProcess(t, server.Empty(t))
		if held, err := p.AcquireLease("work"); !held || err != nil {
			t.Errorf("a lease: %v, %v", held, err)
		}
		if alone, err := p.Join("serving"); !alone || err != nil {
			t.Errorf("the only one of its schema is alone: %v, %v", alone, err)
		}
		if n, err := p.Joined("serving"); n != 1 || err != nil {
			t.Errorf("it counts %d, %v", n, err)
		}
	}
}

// TestCachedLookupsAreCurrentInAllProcesses: each process remembers the configuration that it has read, and sees at
// once when another process changes it.
func TestCachedLookupsAreCurrentInAllProcesses(t *testing.T) {
	url := pgtest.Shared(t).Empty(t)
	var all []*storage.DB
	for range 2 {
		db, err := storage.Open(newProcess(t, url))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		all = append(all, db)
	}
	for i := range 10 {
		name := fmt.Sprint("name ", i)
		err := all[i%2].Update(t.Context(), func(tx *storage.Tx) error {
			return tx.Clients.Put(storage.Document{"client_id": "app", "name": name})
		})
		if err != nil {
			t.Fatal(err)
		}
		for p, db := range all {
			for range 2 { // the second time it is remembered
				err := db.View(t.Context(), func(tx *storage.Tx) error {
					c, err := tx.Clients.Get("app")
					if c.Name != name {
						t.Errorf("process %d finds %q, want %q", p, c.Name, name)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
