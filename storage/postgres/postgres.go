// Package postgres stores the ordered key spaces of package storage, one for each tenant, in a
// PostgreSQL database that several processes may use at once. Each process keeps a copy in memory
// and asks the database for changes before it reads. The package owns the connections, the schema,
// the copies, the order of updates and the leases; it does not know what the keys and values mean.
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
	// NoSync ends commits without waiting for the database's disk. A crash of the database may then
	// undo the most recent ones.
	NoSync bool
	// Now is the machine's clock, which is compared with the database's; nil means time.Now.
	Now func() time.Time
}

// mostConnections is the most connections of a process, unless pool_max_conns in the URL says
// otherwise.
const mostConnections = 16

// mostMemory is the largest size, in MiB, of a tenant that is kept in memory, unless
// memory_per_tenant in the URL says otherwise.
const mostMemory = 512

// Database is an open database. It is safe for concurrent use.
type Database struct {
	config *pgconn.Config
	pool   *pool
	most   int64 // the most bytes of a tenant that is kept in memory
	now    func() time.Time
	keeper keeper
	makes  sync.Map // the names of the tenants that this process is creating
	skew   atomic.Int64
	tables int64 // identifies the tables, see identify
}

// Open connects to the database that a URL or a connection string of libpq names, and creates the
// tables or upgrades them to the form that this program knows. What the URL leaves out is taken from
// the usual PG... variables. Errors say what to do and never contain the password.
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

// sessionSettings are the settings of every connection.
var sessionSettings = map[string]string{
	"application_name": "tenant0",
	// An update that waits for the lock of a tenant gives up before patience is over, and the lock
	// of a process that does not answer any more ends soon.
	"lock_timeout":                        "15s",
	"statement_timeout":                   "19s",
	"idle_in_transaction_session_timeout": "12s",
	"default_transaction_isolation":       "read committed",
	// Every query must use the index, whatever the statistics say.
	"jit": "off", "enable_seqscan": "off", "enable_bitmapscan": "off", "enable_sort": "off", "enable_hashagg": "off",
}

// limits are the settings in the URL that only this package knows.
type limits struct {
	connections int // the most connections
	memory      int // the most memory of a tenant, in MiB
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

// Place is the database's location for messages: host, port and name, without user and password.
func (d *Database) Place() string {
	return fmt.Sprintf("postgres://%s:%d/%s", d.config.Host, d.config.Port, d.config.Database)
}

// Close closes the connections. Tenants must be closed before.
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
	commits  int      // counted by the one writer
	leases   sync.Map // the names of the leases that it holds and has joined

	open   sync.RWMutex // held for reading by views
	closed bool         // guarded by open
	queue  *queue.Queue
}

var _ keyspace.Shared = (*DB)(nil)

// maxGroup bounds how many updates one commit may contain.
const maxGroup = 256

// ErrExists reports a tenant that exists already.
var ErrExists = errors.New("the database has a tenant of this name")

// Tenant returns the key space of a tenant, which is created if it does not exist.
func (d *Database) Tenant(name string) (*DB, error) {
	if _, err := d.add(addTenant, name); err != nil {
		return nil, err
	}
	return d.space(name), nil
}

// Find returns the key space of a tenant that Tenants has listed. If the tenant has been removed
// since, all operations fail with an error that wraps keyspace.ErrGone.
func (d *Database) Find(name string) *DB { return d.space(name) }

func (d *Database) space(name string) *DB {
	db := &DB{database: d, name: []byte(name)}
	db.replica = replica{db: db, turns: make(chan struct{}, atOnce)}
	db.queue = queue.New(maxGroup, 0, db.errClosed(), db.commit)
	return db
}

// making is the name of the lease of the process that is creating a tenant.
const making = "making"

// New returns the key space of a new tenant, or an error that wraps ErrExists. Tenants does not list
// the tenant before Made is called. If the process ends before that, another one removes the tenant.
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

// begin begins to create a tenant, if it does not exist and no process is creating it.
func (d *Database) begin(name string) (began bool, err error) {
	if began, err = d.holdMaking(name); err != nil || !began {
		return false, err
	}
	if began, err = d.add(beginTenant, name); err != nil || !began {
		d.letMaking(name)
	}
	return began, err
}

// holdMaking takes the lease for creating a tenant, unless another process has it.
func (d *Database) holdMaking(name string) (held bool, err error) {
	if _, here := d.makes.LoadOrStore(name, true); here {
		return false, nil
	}
	if held, err = d.keeper.hold(d.lease([]byte(name), making)); err != nil || !held {
		d.makes.Delete(name)
	}
	return held, d.explain(err)
}

// letMaking gives up that lease, if this process has it.
func (d *Database) letMaking(name string) {
	if _, here := d.makes.LoadAndDelete(name); here {
		d.keeper.release(d.lease([]byte(name), making))
	}
}

// Made says that the tenant that New has begun is complete. It returns an error that wraps
// keyspace.ErrGone if another process believed that this one had ended, and has removed the tenant.
func (d *Database) Made(name string) error {
	defer d.letMaking(name)
	there, err := d.add(endTenant, name)
	if err == nil && !there {
		err = fmt.Errorf("tenant %s: %w", name, keyspace.ErrGone)
	}
	return err
}

// removeLeft removes the tenants of processes that have ended while creating them.
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
		still, err := d.unmade() // checked again, because now no process is creating it
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

// unmade lists the tenants that New has begun and that are not complete.
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

// add executes a statement that adds or changes a tenant, and reports whether it changed a row.
func (d *Database) add(statement *statement, name string) (done bool, err error) {
	err = d.do(func(c *conn) error {
		c.send(statement, func([][]byte) bool { done = true; return false }, []byte(name))
		return c.run()
	})
	return done, d.explain(err)
}

// Listed is a tenant of the database. A tenant that was removed and created again with the same name
// has another Generation.
type Listed struct {
	Name       string
	Generation int64
}

// Tenants lists the tenants of the database in the order of their names, without those that are
// still being created.
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

// Remove removes a tenant with all its data; it is not an error if it does not exist.
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

// do runs fn on a connection, and again if it fails for a reason that may pass. So fn may run more
// than once.
func (d *Database) do(fn func(*conn) error) error {
	for attempt := 0; ; attempt++ {
		err := d.once(fn)
		if err == nil || !passing(err) || attempt == attempts {
			return err
		}
		pause(attempt)
	}
}

// once runs fn on a connection. If fn fails, a transaction that it has left open is rolled back.
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

// View implements keyspace.Engine. It asks the database for changes, and then fn reads from memory.
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

// viewAside is View for a tenant that is too large to be kept in memory. The transaction begins
// before fn is called, so that a failure at its beginning can be retried.
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

// view runs fn in a transaction that sees one state. It reports whether it has called fn.
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

// Clocks that differ by less than tolerance are taken as equal. A difference is measured only if the
// answer takes no longer than quickly.
const tolerance, quickly = 100 * time.Millisecond, 50 * time.Millisecond

// meet compares the machine's clock with the database's, and stores the difference.
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
