package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenant0/tenant0/storage/enginetest"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/postgres"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

// aside returns the URL of a database with a setting that keeps no tenant in memory.
func aside(url string) string { return url + "&memory_per_tenant=0" }

// TestEngineOfALargeTenant runs the engine suite on tenants that are read from the database each time.
func TestEngineOfALargeTenant(t *testing.T) {
	server := pgtest.Shared(t)
	enginetest.Run(t, func(tb testing.TB) keyspace.Engine {
		tb.Helper()
		return open(tb, aside(server.Empty(tb)))
	})
}

// TestProcessesOfDifferentKinds: one process keeps the tenant in memory and the others do not.
func TestProcessesOfDifferentKinds(t *testing.T) {
	server := pgtest.Shared(t)
	enginetest.RunShared(t, func(tb testing.TB) (all []keyspace.Shared) {
		tb.Helper()
		url := server.Empty(tb)
		return []keyspace.Shared{newProcess(tb, aside(url)), newProcess(tb, url), newProcess(tb, aside(url))}
	})
}

// counted returns a process that is connected through a proxy of its own and has done its first reads and writes.
func counted(t *testing.T, server *pgtest.Server, url string) (process, *pgtest.Proxy) {
	t.Helper()
	proxy := pgtest.NewProxy(t, server.Addr())
	e := newProcess(t, proxy.URL(t, url))
	for i := range 3 {
		if err := errors.Join(read(e, "n"), count(e, fmt.Sprint("warm", i))); err != nil {
			t.Fatal(err)
		}
	}
	return e, proxy
}

func read(e keyspace.Engine, keys ...string) error {
	return e.View(context.Background(), func(kv keyspace.KV) error {
		for _, key := range keys {
			if _, err := kv.Get([]byte(key)); err != nil {
				return err
			}
		}
		return kv.Scan([]byte("a"), []byte("z"), func(_, _ []byte) bool { return true })
	})
}

// TestAViewAndAnUpdateAreOneRoundTrip counts the round trips and statements that reach the database.
func TestAViewAndAnUpdateAreOneRoundTrip(t *testing.T) {
	server := pgtest.Shared(t)
	url := server.Empty(t)
	e, proxy := counted(t, server, url)
	other := newProcess(t, url)
	refused := errors.New("refused")
	for _, tt := range []struct {
		name                   string
		do                     func() error
		roundTrips, statements int64
	}{
		{"a view of many keys", func() error { return read(e, "a", "b", "c", "d") }, 1, 1},
		{"an update", func() error { return count(e, "op") }, 1, 3},
		{"an update that reads nothing", func() error {
			return e.Update(context.Background(), func(kv keyspace.KV) error { return kv.Put([]byte("k"), nil) })
		}, 1, 3},
		{"an update that writes nothing", func() error {
			return e.Update(context.Background(), func(kv keyspace.KV) error { _, err := kv.Get([]byte("n")); return err })
		}, 1, 1},
		{"an update that fails", func() error {
			err := e.Update(context.Background(), func(kv keyspace.KV) error { return errors.Join(kv.Put([]byte("n"), nil), refused) })
			if !errors.Is(err, refused) {
				return fmt.Errorf("it returns %w", err)
			}
			return nil
		}, 1, 1},
		{"a view after another process has written", func() error { return errors.Join(count(other, "op"), read(e, "n")) }, 1, 1},
		{"an update that has nothing to do with what another has written", func() error {
			return errors.Join(count(other, "op"), e.Update(context.Background(), func(kv keyspace.KV) error {
				_, err := kv.Get([]byte("own"))
				return errors.Join(err, kv.Put([]byte("own"), nil))
			}))
		}, 1, 3},
		// One attempt in vain, one that begins again and waits for its turn, and one that commits.
		{"an update that has", func() error { return errors.Join(count(other, "op"), count(e, "op")) }, 3, 8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 3 {
				tripsBefore, statementsBefore := proxy.Counts()
				if err := tt.do(); err != nil {
					t.Fatal(err)
				}
				trips, statements := proxy.Counts()
				if trips-tripsBefore > tt.roundTrips || statements-statementsBefore > tt.statements {
					t.Errorf("it takes %d round trips and %d statements, want %d and %d at most", trips-tripsBefore, statements-statementsBefore, tt.roundTrips, tt.statements)
				}
			}
		})
	}
}

// TestViewsThatWaitTogetherAskOnce begins many views while a query is on its way.
func TestViewsThatWaitTogetherAskOnce(t *testing.T) {
	server := pgtest.Shared(t)
	e, proxy := counted(t, server, server.Empty(t))
	before, _ := proxy.Counts()
	letGo := proxy.Hold()
	defer letGo()
	var wait sync.WaitGroup
	const views = 50
	begun := make(chan bool, views)
	for range views {
		wait.Go(func() {
			begun <- true
			if err := read(e, "n"); err != nil {
				t.Error(err)
			}
		})
	}
	for range views {
		<-begun
	}
	letGo()
	wait.Wait()
	if after, _ := proxy.Counts(); after-before > views/2 {
		t.Errorf("%d views together take %d round trips", views, after-before)
	}
}

// TestWhatComesLateIsRefused loses the connection while a change is on its way; the change arrives
// after the process has repeated it.
func TestWhatComesLateIsRefused(t *testing.T) {
	server := pgtest.Shared(t)
	url := server.Empty(t)
	e, proxy := counted(t, server, url)
	blind := func(kv keyspace.KV) error { // it has read nothing by which it could be refused
		return errors.Join(kv.Put([]byte("late"), []byte("first")), kv.Put([]byte("op late"), nil))
	}
	letGo := proxy.Hold()
	defer letGo()
	done := make(chan error, 1)
	go func() { done <- e.Update(context.Background(), blind) }()
	for deadline := time.Now().Add(20 * time.Second); proxy.Held() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is on its way")
		}
	}
	proxy.Leave()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	other := newProcess(t, url)
	if err := other.Update(context.Background(), func(kv keyspace.KV) error { return kv.Put([]byte("late"), []byte("second")) }); err != nil {
		t.Fatal(err)
	}
	letGo()
	_, schema, _ := strings.Cut(url, "search_path=")
	proxy.Late() // it has come, and is gone
	for n, e := range []process{e, other} {
		err := e.View(context.Background(), func(kv keyspace.KV) error {
			got, err := kv.Get([]byte("late"))
			if string(got) != "second" {
				t.Errorf("process %d reads %q, want what was written last", n, got)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if marks := server.Exec(t, "select count(*) - count(distinct mark) from "+schema+".tenant0_changes"); marks[0] != "0" {
		t.Errorf("%s changes were kept twice", marks[0])
	}
}

// content returns everything that a process reads, as "key=value".
func content(t *testing.T, e keyspace.Engine) (all []string) {
	t.Helper()
	err := e.View(context.Background(), func(kv keyspace.KV) error {
		return kv.Scan([]byte{0}, []byte{0xff}, func(key, value []byte) bool {
			all = append(all, string(key)+"="+string(value))
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// same checks that all processes read the same, and that there are as many keys as expected.
func same(t *testing.T, keys int, engines ...process) {
	t.Helper()
	first := content(t, engines[0])
	if len(first) != keys {
		t.Errorf("there are %d keys, want %d", len(first), keys)
	}
	for n, e := range engines[1:] {
		if got := content(t, e); strings.Join(got, "\n") != strings.Join(first, "\n") {
			t.Errorf("process %d reads %d keys and the first %d, or others", n+1, len(got), len(first))
		}
	}
}

// TestWhoIsFarBehindReadsAnew: a process reads the whole tenant again if the database no longer has the
// changes that it missed, or if a change is too large to be kept.
func TestWhoIsFarBehindReadsAnew(t *testing.T) {
	server := pgtest.Shared(t)
	url := server.Empty(t)
	_, schema, _ := strings.Cut(url, "search_path=")
	first, second := newProcess(t, url), newProcess(t, url)
	for i := range 5 {
		if err := count(first, fmt.Sprint("op", i)); err != nil {
			t.Fatal(err)
		}
	}
	server.Exec(t, "delete from "+schema+".tenant0_changes where version < 4")
	same(t, 6, second, first)
	large := strings.Repeat("x", 3<<20)
	err := first.Update(context.Background(), func(kv keyspace.KV) error {
		var errs []error
		for i := range 4 {
			errs = append(errs, kv.Put(fmt.Append(nil, "large", i), []byte(large)))
		}
		return errors.Join(append(errs, kv.Delete([]byte("op1")))...)
	})
	if err != nil {
		t.Fatal(err)
	}
	if much := server.Exec(t, "select count(*) from "+schema+".tenant0_changes where keys is null"); much[0] != "1" {
		t.Errorf("%s changes are too large to be remembered, want 1", much[0])
	}
	if err := count(second, "behind it"); err != nil { // who has not read it yet writes
		t.Fatal(err)
	}
	same(t, 10, second, first)
}

// TestChangesAreForgotten checks that the database does not keep the list of changes for ever.
func TestChangesAreForgotten(t *testing.T) {
	server := pgtest.Shared(t)
	url := server.Empty(t)
	_, schema, _ := strings.Cut(url, "search_path=")
	e := newProcess(t, url)
	if err := count(e, "op"); err != nil {
		t.Fatal(err)
	}
	server.Exec(t, "insert into "+schema+".tenant0_changes select 'default', -v, 0, 0, null, null from generate_series(1, 5000) v")
	again := newProcess(t, url) // the first change of a process forgets
	if err := count(again, "op2"); err != nil {
		t.Fatal(err)
	}
	if left := server.Exec(t, "select count(*) from "+schema+".tenant0_changes"); len(left[0]) > 4 || left[0] > "2048" {
		t.Errorf("%s changes are remembered", left[0])
	}
	same(t, 3, e, again)
}

// TestADatabaseThatWasPutBack: the database has lost changes that a process has seen (as after a crash of a
// machine that had not waited for its disk), and other changes follow.
func TestADatabaseThatWasPutBack(t *testing.T) {
	server := pgtest.Shared(t)
	url := server.Empty(t)
	_, schema, _ := strings.Cut(url, "search_path=")
	first := newProcess(t, url)
	if err := count(first, "op1"); err != nil {
		t.Fatal(err)
	}
	in := "set search_path = " + schema + "; "
	server.Exec(t, in+"create table kept_tenants as select * from tenant0_tenants; create table kept_records as select * from tenant0_records; create table kept_changes as select * from tenant0_changes")
	for i := range 3 {
		if err := count(first, fmt.Sprint("lost", i)); err != nil {
			t.Fatal(err)
		}
	}
	server.Exec(t, in+`begin; truncate tenant0_tenants, tenant0_records, tenant0_changes; insert into tenant0_tenants select * from kept_tenants;
		insert into tenant0_records select * from kept_records; insert into tenant0_changes select * from kept_changes; commit`)
	second := newProcess(t, url)
	for i := range 5 {
		if err := count(second, fmt.Sprint("op", i+2)); err != nil {
			t.Fatal(err)
		}
	}
	if err := count(first, "op9"); err != nil {
		t.Fatal(err)
	}
	same(t, 8, first, second)
}

// TestATenantThatOutgrowsItsMemory keeps working, and is then read from the database.
func TestATenantThatOutgrowsItsMemory(t *testing.T) {
	server := pgtest.Shared(t)
	url := server.Empty(t)
	small, other := newProcess(t, url+"&memory_per_tenant=1"), newProcess(t, url)
	for i := range 40 {
		e := []process{small, other}[i%2]
		err := e.Update(context.Background(), func(kv keyspace.KV) error {
			return kv.Put(fmt.Appendf(nil, "k%02d", i), []byte(strings.Repeat("v", 50<<10)))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	same(t, 40, small, other)
	third := newProcess(t, url+"&memory_per_tenant=1") // which finds it too large
	if err := count(third, "op"); err != nil {
		t.Fatal(err)
	}
	same(t, 42, third, small, other)
}

func TestALostTenantIsSaid(t *testing.T) {
	url := pgtest.Shared(t).Empty(t)
	d, err := postgres.Open(url, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	db, err := d.Tenant("w1")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := count(db, "op"); err != nil {
		t.Fatal(err)
	}
	if err := d.Remove("w1"); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"a view": read(db, "n"), "an update": count(db, "op2")} {
		if !errors.Is(err, keyspace.ErrClosed) || !strings.Contains(err.Error(), "w1") {
			t.Errorf("%s of a tenant that is gone: %v, want what wraps %v", name, err, keyspace.ErrClosed)
		}
	}
	again, err := d.New("w1")
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := content(t, db); len(got) != 0 {
		t.Errorf("what was removed is read from the memory of a process: %q", got)
	}
}

// TestATenantThatNobodyMakesAnyMoreIsRemoved: what a process left of a tenant that it was creating is removed
// when the next process creates it, but not while the first process lives.
func TestATenantThatNobodyMakesAnyMoreIsRemoved(t *testing.T) {
	url := pgtest.Shared(t).Empty(t)
	open := func() *postgres.Database {
		d, err := postgres.Open(url, postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = d.Close() })
		return d
	}
	first, second := open(), open()
	begun, err := first.New("w1")
	if err != nil {
		t.Fatal(err)
	}
	if err := count(begun, "op"); err != nil {
		t.Fatal(err)
	}
	for n, d := range []*postgres.Database{first, second} {
		if _, err := d.New("w1"); !errors.Is(err, postgres.ErrExists) {
			t.Errorf("process %d makes a tenant that is being made: %v", n, err)
		}
		other, err := d.New("other" + strconv.Itoa(n))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(d.Made("other"+strconv.Itoa(n)), other.Close(), read(begun, "n")); err != nil {
			t.Errorf("when process %d makes another: %v", n, err)
		}
	}
	if err := errors.Join(begun.Close(), first.Close()); err != nil { // the process ends
		t.Fatal(err)
	}
	again, err := second.New("w1")
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := content(t, again); len(got) != 0 {
		t.Errorf("what was made before is there: %q", got)
	}
	if err := second.Remove("w1"); err != nil {
		t.Fatal(err)
	}
	if err := second.Made("w1"); !errors.Is(err, keyspace.ErrGone) {
		t.Errorf("a tenant that was removed is made: %v", err)
	}
	all, err := second.Tenants()
	if len(all) != 2 || err != nil {
		t.Errorf("the database has %v, %v, want the two others", all, err)
	}
}
