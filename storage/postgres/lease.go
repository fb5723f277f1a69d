package postgres

import (
	"context"
	"fmt"
	"hash/fnv"
	"sync"

	"github.com/tenant0/tenant0/storage"
)

// Leases are advisory locks of the session of one connection, which the database lets go of
// when the connection ends, however that happens. Their first number is that of this
// program's leases, and their second is of tenant and name.
var (
	tryLease  = &statement{"try_lease", `select pg_try_advisory_lock(746870, $1::int8::int4)::int::int8`}
	endLeases = &statement{"end_leases", `select pg_advisory_unlock_all()::text`}
	ping      = &statement{"ping", `select 1`}
)

// keeper holds the leases of this process on a connection of its own.
type keeper struct {
	database *Database
	mu       sync.Mutex
	conn     *conn
	held     map[int64]bool
	closed   bool
}

func (db *DB) lease(name string) []byte {
	h := fnv.New32a()
	_, _ = h.Write(append(append(append([]byte{}, db.name...), 0), name...)) // never fails
	return number(int64(int32(h.Sum32())))                                   //nolint:gosec // the same bits
}

// Hold implements storage.Shared.
func (db *DB) Hold(name string) (bool, error) {
	held, err := db.database.keeper.hold(db.lease(name))
	return held, db.database.explain(err)
}

func (k *keeper) hold(lease []byte) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	id := numberOf(lease)
	ask := tryLease
	if k.held[id] && k.conn != nil {
		ask = ping // it is still there, if its connection is
	}
	var got int64
	err := k.ask(ask, lease, &got)
	if err != nil && passing(err) { // a new connection holds nothing
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

// ask sends a request by the keeper's connection, which is made where there is none.
func (k *keeper) ask(s *statement, lease []byte, got *int64) error {
	if k.closed {
		return storage.ErrClosed
	}
	if k.conn == nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		c, err := connect(ctx, k.database.config)
		if err != nil {
			return err
		}
		k.conn, k.held = c, map[int64]bool{}
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

// close gives all leases back.
func (k *keeper) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	if k.conn != nil {
		k.conn.send(endLeases, nil)
		_ = k.conn.run() // else they end with the connection, a little later
		k.conn.close()
		k.conn = nil
	}
}

// longest is how often Alone asks for its turn, some minutes long.
const longest = 600

// Alone implements storage.Shared. The lock is that of a connection of its own, so that it
// ends with the process.
func (db *DB) Alone(name string, fn func() error) error {
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
	return fmt.Errorf("%w: another server has been doing %q for minutes", storage.ErrUnavailable, name)
}
