package objects_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/memory"
)

// counted is a store that counts the writes of connection rows.
type counted struct {
	keyspace.Engine
	connections int
}

func (c *counted) Update(ctx context.Context, fn func(keyspace.KV) error) error {
	return c.Engine.Update(ctx, func(kv keyspace.KV) error { return fn(countedKV{kv, c}) })
}

type countedKV struct {
	keyspace.KV
	*counted
}

func (kv countedKV) Put(key, value []byte) error {
	if bytes.HasPrefix(key, []byte("t/connections\x00")) {
		kv.connections++
	}
	return kv.KV.Put(key, value)
}

// fleet is a store with named connections, and the services needed to change applications.
type fleet struct {
	*storage.DB
	*counted
	services objects.Services
	t        *testing.T
}

func newFleet(t *testing.T, connections ...string) fleet {
	t.Helper()
	engine := &counted{Engine: memory.New()}
	db, err := storage.Open(engine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	secrets, err := keys.OpenSecrets(db)
	if err != nil {
		t.Fatal(err)
	}
	f := fleet{db, engine, objects.Services{Issuer: "https://tenant.example.test/", Secrets: secrets}, t}
	f.change(nil, func(ch *objects.Change) error {
		for _, name := range connections {
			err := ch.Tx.Connections.Put(storage.Document{"id": "con_" + name, "name": name, "strategy": "auth0", "enabled_clients": []any{"first"}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	engine.connections = 0
	return f
}

func (f fleet) try(bulk *objects.Bulk, fn func(*objects.Change) error) error {
	return f.DB.Update(f.t.Context(), func(tx *storage.Tx) error {
		return fn(&objects.Change{Services: f.services, Tx: tx, Now: epoch, Bulk: bulk})
	})
}

func (f fleet) change(bulk *objects.Bulk, fn func(*objects.Change) error) {
	f.t.Helper()
	if err := f.try(bulk, fn); err != nil {
		f.t.Fatal(err)
	}
}

// create creates n applications in one change and returns their ids.
func create(ch *objects.Change, n int) (ids []string, err error) {
	for i := range n {
		ch.GivenID = fmt.Sprintf("client%03d", i)
		clients, err := objects.Clients.In(ch, "")
		if err != nil {
			return nil, err
		}
		if _, err := clients.Create(storage.Document{"name": fmt.Sprint("Application ", i)}); err != nil {
			return nil, err
		}
		ids = append(ids, ch.GivenID)
	}
	return ids, nil
}

func (f fleet) enabled(connection string) (ids []string) {
	f.t.Helper()
	err := f.View(f.t.Context(), func(tx *storage.Tx) error {
		c, err := tx.Connections.Get("con_" + connection)
		ids = slices.Clone(c.EnabledClients)
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return ids
}

// TestManyApplicationsOfOneChangeWriteAConnectionOnce; without Bulk each application writes the
// connection. The enabled clients are the same.
func TestManyApplicationsOfOneChangeWriteAConnectionOnce(t *testing.T) {
	const many = 40
	for _, inBulk := range []bool{true, false} {
		f := newFleet(t, "one", "two")
		var ids []string
		f.change(nil, func(ch *objects.Change) (err error) {
			var bulk objects.Bulk
			if inBulk {
				ch.Bulk = &bulk
			}
			if ids, err = create(ch, many); err != nil {
				return err
			}
			return bulk.Settle(ch.Tx)
		})
		want := 2
		if !inBulk {
			want = 2 * many
		}
		if f.connections != want {
			t.Errorf("in bulk %v: connections are written %d times, want %d", inBulk, f.connections, want)
		}
		for _, name := range []string{"one", "two"} {
			if diff := cmp.Diff(append([]string{"first"}, ids...), f.enabled(name)); diff != "" {
				t.Errorf("in bulk %v: the applications of %s (-want +got):\n%s", inBulk, name, diff)
			}
		}
	}
}

func TestSettleWritesWhatIsLeftAndNothingTwice(t *testing.T) {
	f := newFleet(t, "one")
	f.change(nil, func(ch *objects.Change) error {
		var bulk objects.Bulk
		if err := bulk.Settle(ch.Tx); err != nil { // nothing is left
			return err
		}
		ch.Bulk = &bulk
		if _, err := create(ch, 3); err != nil {
			return err
		}
		return errors.Join(bulk.Settle(ch.Tx), bulk.Settle(ch.Tx))
	})
	if got := f.enabled("one"); f.connections != 1 || len(got) != 4 {
		t.Errorf("the connection is written %d times and has %q", f.connections, got)
	}
}

// TestSettleFollowsTheTenantsFlag: Auth0: get-started/tenant-settings, Enable Application Connections.
func TestSettleFollowsTheTenantsFlag(t *testing.T) {
	f := newFleet(t, "one")
	f.change(nil, func(ch *objects.Change) error {
		err := ch.Tx.Tenant.Put(storage.Document{"flags": storage.Document{"enable_client_connections": false}})
		if err != nil {
			return err
		}
		ch.Bulk = &objects.Bulk{}
		if _, err := create(ch, 3); err != nil {
			return err
		}
		return ch.Bulk.Settle(ch.Tx)
	})
	if got := f.enabled("one"); f.connections != 0 || !slices.Equal(got, []string{"first"}) {
		t.Errorf("with the flag off the connection is written %d times and has %q", f.connections, got)
	}
}

func TestEnableClientsWritesAConnectionOnce(t *testing.T) {
	on := func(id string) objects.Enablement { return objects.Enablement{ClientID: id, On: true} }
	off := func(id string) objects.Enablement { return objects.Enablement{ClientID: id} }
	for _, tt := range []struct {
		name    string
		changes []objects.Enablement
		want    []string
	}{
		{"none", nil, []string{"client000", "client001"}},
		{"one on", []objects.Enablement{on("client002")}, []string{"client000", "client001", "client002"}},
		{"one that is on comes last", []objects.Enablement{on("client000")}, []string{"client001", "client000"}},
		{"one off", []objects.Enablement{off("client001")}, []string{"client000"}},
		{"one that is off already", []objects.Enablement{off("client002")}, []string{"client000", "client001"}},
		{"all off", []objects.Enablement{off("client000"), off("client001")}, nil},
		{"several", []objects.Enablement{off("client000"), on("client003"), on("client002")}, []string{"client001", "client003", "client002"}},
		{"one twice", []objects.Enablement{on("client002"), on("client002")}, []string{"client000", "client001", "client002"}},
		{"on and off again", []objects.Enablement{on("client002"), off("client002")}, []string{"client000", "client001"}},
		{"off and on again", []objects.Enablement{off("client001"), on("client001")}, []string{"client000", "client001"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFleet(t, "one")
			f.change(&objects.Bulk{}, func(ch *objects.Change) error {
				if _, err := create(ch, 4); err != nil {
					return err
				}
				return ch.Tx.Connections.Put(storage.Document{"id": "con_one", "name": "one", "strategy": "auth0", "enabled_clients": []any{"client000", "client001"}})
			})
			f.connections = 0
			f.change(nil, func(ch *objects.Change) error { return objects.EnableClients(ch.Tx, "con_one", tt.changes) })
			if got := f.enabled("one"); f.connections != 1 || !slices.Equal(got, tt.want) {
				t.Errorf("the connection is written %d times and has %q, want %q", f.connections, got, tt.want)
			}
		})
	}
}

func TestEnableClientsRefusesWhatIsNotThere(t *testing.T) {
	f := newFleet(t, "one")
	f.change(&objects.Bulk{}, func(ch *objects.Change) error {
		_, err := create(ch, 1)
		return err
	})
	for _, tt := range []struct {
		connection, client string
		want               error
	}{
		{"con_two", "client000", resource.Connections.Missing},
		{"", "client000", resource.Connections.Missing},
		{"con_one", "client001", resource.Clients.Missing},
		{"con_one", "", resource.Clients.Missing},
	} {
		err := f.try(nil, func(ch *objects.Change) error {
			return objects.EnableClients(ch.Tx, tt.connection, []objects.Enablement{{ClientID: "client000", On: true}, {ClientID: tt.client, On: true}})
		})
		if !errors.Is(err, tt.want) {
			t.Errorf("%q at %q: %v, want %v", tt.client, tt.connection, err, tt.want)
		}
	}
	if got := f.enabled("one"); !slices.Equal(got, []string{"first"}) {
		t.Errorf("after what was refused the connection has %q", got)
	}
}

// TestAnApplicationThatIsDeletedIsInNoConnection: a deletion removes it from every connection.
func TestAnApplicationThatIsDeletedIsInNoConnection(t *testing.T) {
	f := newFleet(t, "one", "two", "three")
	f.change(nil, func(ch *objects.Change) error {
		_, err := create(ch, 2)
		return err
	})
	f.change(nil, func(ch *objects.Change) error {
		return objects.EnableClients(ch.Tx, "con_two", []objects.Enablement{{ClientID: "client000"}})
	})
	f.connections = 0
	f.change(nil, func(ch *objects.Change) error {
		clients, err := objects.Clients.In(ch, "")
		if err != nil {
			return err
		}
		_, err = clients.Delete("client000")
		return err
	})
	for _, name := range []string{"one", "two", "three"} {
		if got := f.enabled(name); !slices.Equal(got, []string{"first", "client001"}) {
			t.Errorf("%s has %q", name, got)
		}
	}
	if f.connections != 2 {
		t.Errorf("connections are written %d times, want 2: one did not have it", f.connections)
	}
}
