// Package postgres keeps the ordered key spaces of package storage, one for each tenant, in
// one table of a PostgreSQL database, which several processes may use at once. Each keeps a
// copy in memory, which it brings up to date with a question before it reads. It owns the
// connections, the schema, the copies, the order of updates and the leases; it knows nothing
// of what the keys and values mean.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/queue"
)

// Options says how to use a database.
type Options struct {
	// NoSync lets a commit end before the disk of the database has it. A crash of the
	// database may then take the last of them back.
	NoSync bool
	// Now is the machine's clock, which is held against the database's; nil is the usual one.
	Now func() time.Time
}

// mostConnections is how many connections a process uses, unless pool_max_conns in the URL
// says otherwise.
const mostConnections = 16

// mostMemory is how large a tenant may be to be kept in memory, in MiB, unless
// memory_per_tenant in the URL says otherwise.
const mostMemory = 512

// Database is a database that is in use. It is safe for concurrent use.
type Database struct {
	config *pgconn.Config
	pool   *pool
	most   int64 // bytes of a tenant that is kept in memory
	now    func() time.Time
	keeper keeper
	makes  sync.Map // the names of the tenants that this process makes
	skew   atomic.Int64
	tables int64 // which they are, see identify
}

// Open connects to the database that a URL or a connection string of libpq's names, and
// makes the tables or brings them to the form that this program knows. What the URL leaves
// out is taken from the usual PG... variables. Its errors say what to do and never hold
// the password.
func Open(url string, o Options) (*Database, error) {
	config, limits, err := parse(url)
	if err != nil {
		return nil, err
	}
	for name, value := range sessionSettings {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	if o.NoSync {
		config.RuntimeParams["synchronous_commit"] = "off"
	}
	config.OnNotice = func(*pgconn.PgConn, *pgconn.Notice) {}
	d := &Database{config: config, pool: newPool(config, limits.connections), most: int64(limits.memory) << 20, now: o.Now}
	if d.now == nil {
		d.now = time.Now //nolint:forbidigo // the machine's time
	}
	d.keeper.database = d
	if err := d.prepare(); err != nil {
		return nil, d.explain(err)
	}
	if err := d.identify(); err != nil {
		return nil, d.explain(err)
	}
	return d, nil
}

// sessionSettings are those of every connection.
var sessionSettings = map[string]string{
	"application_name": "tenant0",
	// Whoever waits for the one writer of a tenant gives up before patience is over, and a
	// writer that no longer answers does not hold the others up for longer.
	"lock_timeout":                        "15s",
	"statement_timeout":                   "19s",
	"idle_in_transaction_session_timeout": "12s",
	"default_transaction_isolation":       "read committed",
	// Every question is answered from the index, whatever the statistics say.
	"jit": "off", "enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off", "enable_hashagg": "off",
}

// limits are what the URL says besides what every client of the database knows.
type limits struct {
	connections int // at most
	memory      int // of a tenant at most, in MiB
}

// parse reads a connection string.
func parse(url string) (config *pgconn.Config, l limits, err error) {
	config, err = pgconn.ParseConfig(url)
	if err != nil {
		return nil, l, explainURL(err)
	}
	l = limits{mostConnections, mostMemory}
	for _, own := range []struct {
		name  string
		least int
		unit  string
		to    *int
	}{
		{"pool_max_conns", 2, "a number of connections", &l.connections},
		{"memory_per_tenant", 0, "a number of MiB", &l.memory},
	} {
		text, set := config.RuntimeParams[own.name]
		if !set {
			continue
		}
		delete(config.RuntimeParams, own.name)
		if *own.to, err = strconv.Atoi(text); err != nil || *own.to < own.least {
			return nil, l, fmt.Errorf("store: %s is %q; give %s of %d or more", own.name, text, own.unit, own.least)
		}
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	return config, l, nil
}

// Place is where the database is, for people: host, port and name, without user and
// password.
func (d *Database) Place() string {
	return fmt.Sprintf("postgres://%s:%d/%s", d.config.Host, d.config.Port, d.config.Database)
}

// Close ends the connections. Tenants are closed before.
func (d *Database) Close() error {
	d.keeper.close()
	d.pool.close()
	return nil
}

// DB is the key space of one tenant. It implements keyspace.Shared.
type DB struct {
	database *Database
	name     []byte
	replica  replica
	commits  int      // by the one writer
	leases   sync.Map // the names of what it holds and has joined

	open   sync.RWMutex // held for reading by views
	closed bool         // guarded by open
	queue  *queue.Queue
}

var _ keyspace.Shared = (*DB)(nil)

// maxGroup bounds how many updates one commit may carry.
const maxGroup = 256

// ErrExists reports a tenant that is there already.
var ErrExists = errors.New("the database has a tenant of this name")

// Tenant returns the key space of a tenant, which is made where it is not there.
func (d *Database) Tenant(name string) (*DB, error) {
	if _, err := d.add(addTenant, name); err != nil {
		return nil, err
	}
	return d.space(name), nil
}

// Find returns the key space of a tenant that Tenants has listed. All that is asked of it fails
// with an error that wraps keyspace.ErrGone where it has been removed since.
func (d *Database) Find(name string) *DB { return d.space(name) }

func (d *Database) space(name string) *DB {
	db := &DB{database: d, name: []byte(name)}
	db.replica = replica{db: db, turns: make(chan struct{}, atOnce)}
	db.queue = queue.New(maxGroup, 0, db.errClosed(), db.commit)
	return db
}

// making is the lease of the process that makes a tenant.
const making = "making"

// New returns the key space of a new tenant, or an error that wraps ErrExists. Nobody finds the
// tenant by Tenants before Made is called. Should the process end before, another removes it.
func (d *Database) New(name string) (*DB, error) {
	if err := d.removeLeft(); err != nil {
		return nil, err
	}
	began, err := d.begin(name)
	if err == nil && !began {
		err = fmt.Errorf("tenant %s: %w", name, ErrExists)
	}
	if err != nil {
		return nil, err
	}
	return d.space(name), nil
}

// begin begins to make a tenant, if there is none of the name and nobody makes one.
func (d *Database) begin(name string) (began bool, err error) {
	if began, err = d.holdMaking(name); err != nil || !began {
		return false, err
	}
	if began, err = d.add(beginTenant, name); err != nil || !began {
		d.letMaking(name)
	}
	return began, err
}

// holdMaking takes the lease of whoever makes a tenant, unless somebody has it.
func (d *Database) holdMaking(name string) (held bool, err error) {
	if _, here := d.makes.LoadOrStore(name, true); here {
		return false, nil
	}
	if held, err = d.keeper.hold(d.lease([]byte(name), making)); err != nil || !held {
		d.makes.Delete(name)
	}
	return held, d.explain(err)
}

// letMaking gives that lease back, where this process has it.
func (d *Database) letMaking(name string) {
	if _, here := d.makes.LoadAndDelete(name); here {
		d.keeper.release(d.lease([]byte(name), making))
	}
}

// Made says that the tenant that New has begun has all that it needs. It returns an error that wraps
// keyspace.ErrGone where another process has taken this one for ended, and has removed the tenant.
func (d *Database) Made(name string) error {
	defer d.letMaking(name)
	there, err := d.add(endTenant, name)
	if err == nil && !there {
		err = fmt.Errorf("tenant %s: %w", name, keyspace.ErrGone)
	}
	return err
}

// removeLeft removes the tenants of processes that have ended while they made them.
func (d *Database) removeLeft() error {
	names, err := d.unmade()
	if err != nil {
		return err
	}
	for _, name := range names {
		left, err := d.holdMaking(name)
		if err != nil {
			return err
		}
		if !left {
			continue
		}
		still, err := d.unmade() // as it is while nobody makes it
		if err == nil && slices.Contains(still, name) {
			err = d.Remove(name)
		}
		d.letMaking(name)
		if err != nil {
			return err
		}
	}
	return nil
}

// unmade lists the tenants that New has begun and that were not made yet.
func (d *Database) unmade() (names []string, err error) {
	err = d.do(func(c *conn) error {
		names = nil
		c.send(unmadeTenants, func(values [][]byte) bool {
			names = append(names, string(values[0]))
			return true
		})
		return c.run()
	})
	return names, d.explain(err)
}

// add runs a statement that adds or changes a tenant, and reports whether it did.
func (d *Database) add(statement *statement, name string) (done bool, err error) {
	err = d.do(func(c *conn) error {
		c.send(statement, func([][]byte) bool { done = true; return false }, []byte(name))
		return c.run()
	})
	return done, d.explain(err)
}

// Listed is a tenant of the database. One that is removed and made again by the same name has
// another Generation.
type Listed struct {
	Name       string
	Generation int64
}

// Tenants lists the tenants that the database has, in the order of their names, without those
// that are being made.
func (d *Database) Tenants() (all []Listed, err error) {
	err = d.do(func(c *conn) error {
		all = nil
		c.send(listTenants, func(values [][]byte) bool {
			all = append(all, Listed{string(values[0]), numberOf(values[1])})
			return true
		})
		return c.run()
	})
	return all, d.explain(err)
}

// Remove removes a tenant with all that it holds; one that is not there is no error.
func (d *Database) Remove(name string) error {
	defer d.letMaking(name)
	return d.explain(d.do(func(c *conn) error {
		c.unhurried = true
		defer func() { c.unhurried = false }()
		c.send(begin, nil)
		c.send(noTimeout, nil)
		c.send(removeTenant, nil, []byte(name))
		c.send(commit, nil)
		return c.run()
	}))
}

// do runs fn on a connection, again where what fails may succeed. So fn can be run more than
// once.
func (d *Database) do(fn func(*conn) error) error {
	for attempt := 0; ; attempt++ {
		err := d.once(fn)
		if err == nil || !passing(err) || attempt == attempts {
			return err
		}
		pause(attempt)
	}
}

// once runs fn on a connection. A transaction that it leaves open when it fails is undone.
func (d *Database) once(fn func(*conn) error) error {
	c, err := d.pool.get()
	if err != nil {
		return err
	}
	defer d.pool.put(c)
	err = fn(c)
	if err != nil && !c.broken && !c.spent {
		c.queued = nil
		c.send(rollback, nil)
		c.leave()
	}
	c.broken = c.broken || fatal(err)
	return err
}

// View implements keyspace.Engine. It asks the database for what has changed, and fn reads from
// memory.
func (db *DB) View(ctx context.Context, fn func(keyspace.KV) error) error {
	db.open.RLock()
	defer db.open.RUnlock()
	if db.closed {
		return db.errClosed()
	}
	if db.replica.aside.Load() {
		return db.viewAside(ctx, fn)
	}
	now, err := db.replica.of(ctx)
	if errors.Is(err, errTooLarge) {
		return db.viewAside(ctx, fn)
	}
	if err != nil {
		return db.database.explain(err)
	}
	return keyspace.While(ctx, fn)(keyspace.TreeKV{Tree: now.tree, ReadOnly: true})
}

// viewAside is View of a tenant that is too large to be kept in memory. It begins before fn is
// called, so that what fails then is tried again.
func (db *DB) viewAside(ctx context.Context, fn func(keyspace.KV) error) error {
	for attempt := 0; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		began, err := db.view(fn)
		if err == nil || began {
			return err
		}
		if !passing(err) || attempt == attempts {
			return db.database.explain(err)
		}
		pause(attempt)
	}
}

// view runs fn in a transaction that sees one state. It reports whether fn was run.
func (db *DB) view(fn func(keyspace.KV) error) (began bool, err error) {
	c, err := db.database.pool.get()
	if err != nil {
		return false, err
	}
	defer db.database.pool.put(c)
	k := &kv{db: db, conn: c}
	c.send(beginView, nil)
	if err := k.start(); err != nil {
		c.broken = true
		return false, err
	}
	defer func() { // also when fn panics
		if !c.broken {
			c.send(rollback, nil)
			c.leave()
		}
	}()
	return true, fn(k)
}

// Close implements keyspace.Engine.
func (db *DB) Close() error {
	db.open.Lock()
	db.closed = true
	db.open.Unlock()
	db.queue.Close()
	db.release()
	return nil
}

func (db *DB) errClosed() error {
	return fmt.Errorf("tenant %s of the database: %w", db.name, keyspace.ErrClosed)
}

var errReadOnly = errors.New("a view cannot write")

// Clocks that differ by less than tolerance are taken for one, and a difference is told from
// the time that an answer takes where that is at most quickly.
const tolerance, quickly = 100 * time.Millisecond, 50 * time.Millisecond

// meet holds the machine's clock against the database's.
func (d *Database) meet(asked, there time.Time) {
	now := d.now()
	took := now.Sub(asked)
	if took > quickly {
		return
	}
	ahead := there.Sub(asked.Add(took / 2))
	if known := time.Duration(d.skew.Load()); (ahead - known).Abs() > tolerance {
		if ahead.Abs() < tolerance {
			ahead = 0
		}
		d.skew.Store(int64(ahead))
	}
}

// Skew implements keyspace.Shared.
func (db *DB) Skew() time.Duration { return time.Duration(db.database.skew.Load()) }
