package postgres

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"

	"github.com/tenant0/tenant0/storage/keyspace"
)

// Leases are advisory locks of one connection's session, which the database releases when
// the connection ends for any reason. The first number of a lock says that it is a lease
// (746870) or a join (746871) of this program; the second is a hash of the tables, the
// tenant and the name.
var (
	tryLease = &statement{"try_lease", `select pg_try_advisory_lock(746870, $1::int8::int4)::int::int8`}
	// joiners counts the processes that have joined.
	joiners = &statement{"joiners", `select count(*) from pg_locks where locktype = 'advisory' and mode = 'ShareLock' and granted
		and classid = 746871 and objid::int8 = ($1::int8 & 4294967295) and database = (select oid from pg_database where datname = current_database())`}
	tryJoin   = &statement{"try_join", `select pg_try_advisory_lock_shared(746871, $1::int8::int4)::int::int8`}
	trySole   = &statement{"try_sole", `select pg_try_advisory_lock(746871, $1::int8::int4)::int::int8`}
	endSole   = &statement{"end_sole", `select pg_advisory_unlock(746871, $1::int8::int4)::int::int8`}
	endLease  = &statement{"end_lease", `select pg_advisory_unlock(746870, $1::int8::int4)::int::int8`}
	endJoin   = &statement{"end_join", `select pg_advisory_unlock_shared(746871, $1::int8::int4)::int::int8`}
	endLeases = &statement{"end_leases", `select pg_advisory_unlock_all()::text`}
	ping      = &statement{"ping", `select 1`}
)

// keeper holds the leases of this process, on a connection of its own.
type keeper struct {
	database *Database
	mu       sync.Mutex
	conn     *conn
	held     map[int64]bool
	joined   map[int64]bool // to be joined again on a new connection
	closed   bool
}

func (db *DB) lease(name string) []byte { return db.database.lease(db.name, name) }

// lease returns the number of a lease of a tenant.
func (d *Database) lease(tenant []byte, name string) []byte {
	h := fnv.New32a()
	_, _ = h.Write(slices.Concat(number(d.tables), tenant, []byte{0}, []byte(name))) // never fails
	return number(int64(int32(h.Sum32())))                                           //nolint:gosec // the same bits
}

// AcquireLease implements keyspace.Shared.
func (db *DB) AcquireLease(name string) (bool, error) {
	held, err := db.database.keeper.hold(db.lease(name))
	if held {
		db.leases.Store(name, true)
	}
	return held, db.database.explain(err)
}

// Release implements keyspace.Shared.
func (db *DB) Release(name string) {
	db.leases.Delete(name)
	db.database.keeper.release(db.lease(name))
}

// release gives up all leases of the tenant.
func (db *DB) release() {
	db.leases.Range(func(name, _ any) bool {
		text, _ := name.(string)
		db.Release(text)
		return true
	})
}

func (k *keeper) release(lease []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	id := numberOf(lease)
	held, joined := k.held[id], k.joined[id]
	delete(k.held, id)
	delete(k.joined, id)
	var ended int64
	if held && k.conn != nil {
		_ = k.ask(endLease, lease, &ended) // if this fails, the connection has ended and so has the lease
	}
	if joined && k.conn != nil {
		_ = k.ask(endJoin, lease, &ended)
	}
}

func (k *keeper) hold(lease []byte) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	id := numberOf(lease)
	ask := tryLease
	if k.held[id] && k.conn != nil {
		ask = ping // the lease is still held if the connection still exists
	}
	var got int64
	err := k.ask(ask, lease, &got)
	if err != nil && passing(err) { // a new connection holds no leases
		err = k.ask(tryLease, lease, &got)
		ask = tryLease
	}
	if err != nil {
		return false, err
	}
	if ask == ping {
		return true, nil
	}
	if got == 1 {
		k.held[id] = true
	}
	return got == 1, nil
}

// ask sends a request on the keeper's connection, and connects first if there is none.
func (k *keeper) ask(s *statement, lease []byte, got *int64) error {
	if k.closed {
		return keyspace.ErrClosed
	}
	if k.conn == nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c, err := connect(ctx, k.database.config)
		if err != nil {
			return err
		}
		k.conn, k.held = c, map[int64]bool{}
		for id := range k.joined {
			k.conn.send(tryJoin, nil, number(id))
		}
	}
	params := [][]byte{lease}
	if s == ping {
		params = nil
	}
	k.conn.send(s, func(values [][]byte) bool {
		*got = numberOf(values[0])
		return false
	}, params...)
	err := k.conn.run()
	if err != nil {
		k.conn.close()
		k.conn, k.held = nil, nil
	}
	return err
}

// close gives up all leases.
func (k *keeper) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	if k.conn != nil {
		k.conn.send(endLeases, nil)
		_ = k.conn.run() // on failure they end with the connection, a little later
		k.conn.close()
		k.conn = nil
	}
}

// Join implements keyspace.Shared.
func (db *DB) Join(name string) (alone bool, err error) {
	if alone, err = db.database.keeper.join(db.lease(name)); err == nil {
		db.leases.Store(name, true)
	}
	return alone, db.database.explain(err)
}

// Joined implements keyspace.Shared.
func (db *DB) Joined(name string) (int, error) {
	k := &db.database.keeper
	k.mu.Lock()
	defer k.mu.Unlock()
	var number int64
	err := k.ask(joiners, db.lease(name), &number)
	return int(number), db.database.explain(err)
}

func (k *keeper) join(lease []byte) (alone bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	id := numberOf(lease)
	if k.joined == nil {
		k.joined = map[int64]bool{}
	}
	// To see whether it is alone, a process first tries to get the lock exclusively, which
	// fails for all others at that time; they try again.
	if k.joined[id] {
		var number int64
		err := k.ask(joiners, lease, &number)
		return number <= 1, err
	}
	for attempt := range longest {
		var sole, joined, ended int64
		if err := k.ask(trySole, lease, &sole); err != nil {
			return false, err
		}
		if err := k.ask(tryJoin, lease, &joined); err != nil {
			return false, err
		}
		if sole == 1 {
			if err := k.ask(endSole, lease, &ended); err != nil {
				return false, err
			}
		}
		if joined == 1 {
			k.joined[id] = true
			return sole == 1, nil
		}
		pause(min(attempt, attempts))
	}
	return false, fmt.Errorf("%w: another server holds a lock for minutes", keyspace.ErrUnavailable)
}

// longest is how often Alone and join try to get the lock, which takes some minutes.
const longest = 600

// RunExclusive implements keyspace.Shared. The lock belongs to a connection of its own, so that it
// ends with the process.
func (db *DB) RunExclusive(name string, fn func() error) error {
	k := &keeper{database: db.database}
	defer k.close()
	lease := db.lease(name)
	for attempt := range longest {
		held, err := k.hold(lease)
		if err != nil && (!passing(err) || attempt >= attempts) {
			return db.database.explain(err)
		}
		if held {
			return fn()
		}
		pause(min(attempt, attempts))
	}
	return fmt.Errorf("%w: another server has been doing %q for minutes", keyspace.ErrUnavailable, name)
}
