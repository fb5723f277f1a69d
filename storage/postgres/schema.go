package postgres

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/tenant0/tenant0/storage"
)

// The tables. A row of tenant0_records is one key with its value. head is the key, or the first headSize bytes of a
// longer key, whose rest is in tail, and a digest of the rest in digest. A row of tenant0_tenants counts the
// changes of a tenant; each change locks it. Every change has a unique mark, and also stores the mark of the change
// before it, so that the changes of a database restored from a backup are not confused with those before. A row of
// tenant0_changes holds the writes of a change: a null value for a deleted key, and null instead of all keys if
// they are too large.
var (
	begin     = &statement{"begin", `begin`}
	beginView = &statement{"begin_view", `begin read only, isolation level repeatable read`}
	commit    = &statement{"commit", `commit`}
	rollback  = &statement{"rollback", `rollback`}
	noTimeout = &statement{"no_timeout", `set local statement_timeout = 0`}

	// state returns the number of the last change, its mark, and the time of the database.
	state = &statement{"state", `select changes, mark, (extract(epoch from clock_timestamp()) * 1000000)::int8 from tenant0_tenants where name = $1::text`}
	// since is state with the changes after a number.
	since = &statement{"since", `select t.changes, t.mark, (extract(epoch from clock_timestamp()) * 1000000)::int8, c.version, c.mark, c.prior, c.keys, c.vals
		from tenant0_tenants t left join tenant0_changes c on c.tenant = t.name and c.version > $2::int8 where t.name = $1::text`}
	// lock makes the changes of other processes wait until its transaction ends.
	lock    = &statement{"lock", `select changes, mark from tenant0_tenants where name = $1::text for no key update`}
	changes = &statement{"changes", `select version, mark, prior, keys, vals from tenant0_changes where tenant = $1::text and version > $2::int8`}

	get = &statement{"get", `select value from tenant0_records where tenant = $1::text and head = $2::bytea and tail = $3::bytea`}
	all = &statement{"all", `select head, tail, value from tenant0_records where tenant = $1::text`}

	scan = &statement{"scan", `select head, tail, value from tenant0_records where tenant = $1::text
		and (head, tail) >= ($2::bytea, $3::bytea) and (head, tail) < ($4::bytea, $5::bytea) order by head, tail limit $6::int8`}
	scanBack = &statement{"scan_back", `select head, tail, value from tenant0_records where tenant = $1::text
		and (head, tail) >= ($2::bytea, $3::bytea) and (head, tail) < ($4::bytea, $5::bytea) order by head desc, tail desc limit $6::int8`}

	// keep commits a change, after lock, with its pairs, if nothing of what was read at its base has changed since:
	// no key in the ranges or, with $7, nothing at all. It returns its number and the mark before.
	keep = &statement{"keep", `with ok as materialized (select 1 from tenant0_tenants t where t.name = $1::text and case
			when t.changes = $5::int8 then t.mark = $6::int8
			when $7::int8 = 1 then false
			when (select count(c.keys) from tenant0_changes c where c.tenant = t.name and c.version > $5::int8) <> t.changes - $5::int8 then false
			when not exists (select 1 from tenant0_changes c where c.tenant = t.name and c.version = $5::int8 + 1 and c.prior = $6::int8) then false
			else not exists (select 1 from tenant0_changes c, unnest(c.keys) as w (k), unnest($8::bytea[], $9::bytea[]) as r (f, t)
				where c.tenant = $1::text and c.version > $5::int8 and k >= r.f and k < r.t) end),
		` + count + `, ` + pairs + `
		select version, prior from counted`}
	// write writes pairs that are too large for keep.
	write = &statement{"write", `with ok as (select 1), ` + pairs + ` select 1`}
	// keepFence is keep for a key that is in no row, see decide.
	keepFence = &statement{"keep_fence", `with ok as (select 1), ` + count + ` select version, prior from counted`}
	// trim leaves the most recent changes, fewer of them if they are large.
	trim = &statement{"trim", `delete from tenant0_changes where tenant = $1::text and version <= (select max(version) from (
		select version, row_number() over newest as n, sum(coalesce(pg_column_size(vals), 0)) over newest as bytes
		from tenant0_changes where tenant = $1::text window newest as (order by version desc)) as c
		where n > $2::int8 or n > 64 and bytes > $3::int8)`}

	addTenant = &statement{"add_tenant", `insert into tenant0_tenants (name, changes) values ($1::text, 0) on conflict do nothing returning changes`}
	// beginTenant adds a tenant that is being created; endTenant says that it is complete.
	beginTenant = &statement{"begin_tenant", `insert into tenant0_tenants (name, changes, ready) values ($1::text, 0, false) on conflict do nothing returning changes`}
	endTenant   = &statement{"end_tenant", `update tenant0_tenants set ready = true where name = $1::text returning changes`}
	listTenants = &statement{"list_tenants", `select name, (extract(epoch from made) * 1000000)::int8 from tenant0_tenants where ready order by name`}
	// unmadeTenants are those that are being created, or were when their process ended.
	unmadeTenants = &statement{"unmade_tenants", `select name from tenant0_tenants where not ready`}
	removeTenant  = &statement{"remove_tenant", `with gone as (delete from tenant0_records where tenant = $1::text),
		changes as (delete from tenant0_changes where tenant = $1::text) delete from tenant0_tenants where name = $1::text`}

	version       = &statement{"version", `select current_setting('server_version_num')::int8, current_setting('server_version'), pg_is_in_recovery()::int::int8`}
	migrationLock = &statement{"migration_lock", `select pg_advisory_xact_lock(746869, 0)`}
	whichTables   = &statement{"which_tables", `select to_regclass('tenant0_tenants')::oid::int8`}
	findSchema    = &statement{"find_schema", `select coalesce((select 1 from pg_class where oid = to_regclass('tenant0_schema')), 0)::int8`}
	readSchema    = &statement{"read_schema", `select version::int8 from tenant0_schema`}
	writeSchema   = &statement{"write_schema", `update tenant0_schema set version = $1::int8`}
)

// Parts of statements. count counts the change and records it for other processes, with its mark $4, and pairs
// writes the keys $2 and values $3; both only if ok has a row.
const (
	count = `counted as (update tenant0_tenants set changes = changes + 1, prior = mark, mark = $4::int8
			where name = $1::text and exists (select 1 from ok) returning changes as version, prior),
		log as (insert into tenant0_changes (tenant, version, mark, prior, keys, vals)
			select $1::text, version, $4::int8, prior, $2::bytea[], $3::bytea[] from counted)`
	pairs = `w as materialized (select k, v, substring(k from 1 for 1024) as head, substring(k from 1025) as tail
			from unnest($2::bytea[], $3::bytea[]) as r (k, v) where exists (select 1 from ok)),
		parts as materialized (select head, tail, case when tail = '' then tail else sha256(tail) end as digest, v from w),
		gone as (delete from tenant0_records r using parts p where p.v is null and r.tenant = $1::text and r.head = p.head and r.digest = p.digest),
		put as (insert into tenant0_records (tenant, head, digest, tail, value)
			select $1::text, head, digest, tail, v from parts where v is not null
			on conflict (tenant, head, digest) do update set value = excluded.value)`
)

// oldest is the oldest version of PostgreSQL that is supported: it was the first with incremental sorting of rows
// that an index has sorted partly.
const oldest = 130000

// migrations lead from each form of the tables to the next; the first creates them.
var migrations = [][]*statement{{
	{"make_schema", `create table tenant0_schema (version bigint not null)`},
	{"init_schema", `insert into tenant0_schema values (0)`},
	{"make_tenants", `create table tenant0_tenants (name text collate "C" primary key, changes bigint not null, made timestamptz not null default now())`},
	{"make_records", `create table tenant0_records (
		tenant text collate "C" not null, head bytea not null, digest bytea not null, tail bytea not null, value bytea not null,
		primary key (tenant, head, digest)) with (fillfactor = 85)`},
}, {
	{"mark_tenants", `alter table tenant0_tenants add column mark bigint not null default 0, add column prior bigint not null default 0`},
	// The rows are read soon or never, so they are not compressed.
	{"make_changes", `create table tenant0_changes (
		tenant text collate "C" not null, version bigint not null, mark bigint not null, prior bigint not null, keys bytea[], vals bytea[],
		primary key (tenant, version)) with (toast_tuple_target = 8160)`},
	{"plain_changes", `alter table tenant0_changes alter column keys set storage external, alter column vals set storage external`},
}, {
	{"ready_tenants", `alter table tenant0_tenants add column ready boolean not null default true`},
}}

// prepare checks the database, and creates the tables or upgrades them to their last form, while no other process
// does so.
func (d *Database) prepare() error {
	return d.do(func(c *conn) error {
		if err := checkVersion(c); err != nil {
			return err
		}
		have, err := formOf(c)
		if err != nil || have == int64(len(migrations)) {
			return err // a start that changes nothing needs no lock
		}
		c.send(begin, nil)
		c.send(migrationLock, nil)
		if err := c.run(); err != nil {
			return err
		}
		if have, err = formOf(c); err != nil {
			return err
		}
		for _, step := range migrations[have:] {
			for _, s := range step {
				c.send(s, nil)
				if err := c.run(); err != nil {
					return err
				}
			}
		}
		c.send(writeSchema, nil, number(int64(len(migrations))))
		c.send(commit, nil)
		return c.run()
	})
}

// identify reads which tables these are, because leases belong to the whole database, in which other schemas may
// have tables of the same names.
func (d *Database) identify() error {
	return d.do(func(c *conn) error {
		c.send(whichTables, func(values [][]byte) bool {
			d.tables = numberOf(values[0])
			return false
		})
		return c.run()
	})
}

var (
	errOld     = errors.New("PostgreSQL is too old")
	errStandby = errors.New("the database is a standby, which can only be read")
)

func checkVersion(c *conn) error {
	var have, standby int64
	var name string
	c.send(version, func(values [][]byte) bool {
		have, name, standby = numberOf(values[0]), string(values[1]), numberOf(values[2])
		return false
	})
	if err := c.run(); err != nil {
		return err
	}
	if have < oldest {
		return fmt.Errorf("%w: it is %s, and tenant0 needs %d or later", errOld, name, oldest/10000)
	}
	if standby != 0 {
		return errStandby
	}
	return nil
}

// formOf returns the form of the tables, 0 if there are none.
func formOf(c *conn) (form int64, err error) {
	read := func(s *statement) error {
		c.send(s, func(values [][]byte) bool {
			form = numberOf(values[0])
			return false
		})
		return c.run()
	}
	if err := read(findSchema); err != nil || form == 0 {
		return 0, err
	}
	if err := read(readSchema); err != nil {
		return 0, err
	}
	if form < 0 || form > int64(len(migrations)) {
		return 0, fmt.Errorf("the tables have form %s and this program knows forms up to %d: %w", strconv.FormatInt(form, 10), len(migrations), storage.ErrFormat)
	}
	return form, nil
}
