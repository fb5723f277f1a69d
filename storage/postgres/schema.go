package postgres

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/tenant0/tenant0/storage"
)

// The tables. A row of tenant0_records is one key with its value. head is the key, or the
// first headSize bytes of a longer one, whose rest is in tail and digest. The row of
// tenant0_tenants counts the changes of a tenant; who changes something locks it.
var (
	begin     = &statement{"begin", `begin`}
	beginView = &statement{"begin_view", `begin read only, isolation level repeatable read`}
	commit    = &statement{"commit", `commit`}
	rollback  = &statement{"rollback", `rollback`}
	noTimeout = &statement{"no_timeout", `set local statement_timeout = 0`}

	state = &statement{"state", `select changes, (extract(epoch from clock_timestamp()) * 1000000)::int8 from tenant0_tenants where name = $1::text`}
	lock  = &statement{"lock", `select changes, pg_current_xact_id()::text from tenant0_tenants where name = $1::text for no key update`}
	bump  = &statement{"bump", `update tenant0_tenants set changes = changes + 1 where name = $1::text`}

	get = &statement{"get", `select value from tenant0_records where tenant = $1::text and head = $2::bytea and tail = $3::bytea`}

	scan = &statement{"scan", `select head, tail, value from tenant0_records where tenant = $1::text
		and (head, tail) >= ($2::bytea, $3::bytea) and (head, tail) < ($4::bytea, $5::bytea) order by head, tail limit $6::int8`}
	scanBack = &statement{"scan_back", `select head, tail, value from tenant0_records where tenant = $1::text
		and (head, tail) >= ($2::bytea, $3::bytea) and (head, tail) < ($4::bytea, $5::bytea) order by head desc, tail desc limit $6::int8`}

	putRows = &statement{"put", `insert into tenant0_records (tenant, head, digest, tail, value)
		select $1::text, h, d, t, v from unnest($2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[]) as r (h, d, t, v)
		on conflict (tenant, head, digest) do update set value = excluded.value`}
	deleteRows = &statement{"delete", `delete from tenant0_records r using unnest($2::bytea[], $3::bytea[]) as gone (h, d)
		where r.tenant = $1::text and r.head = gone.h and r.digest = gone.d`}

	addTenant    = &statement{"add_tenant", `insert into tenant0_tenants (name, changes) values ($1::text, 0) on conflict do nothing returning changes`}
	listTenants  = &statement{"list_tenants", `select name from tenant0_tenants order by name`}
	removeTenant = &statement{"remove_tenant", `with gone as (delete from tenant0_records where tenant = $1::text) delete from tenant0_tenants where name = $1::text`}

	xactStatus = &statement{"xact_status", `select coalesce(pg_xact_status($1::text::xid8), 'aborted')`}

	version       = &statement{"version", `select current_setting('server_version_num')::int8, current_setting('server_version'), pg_is_in_recovery()::int::int8`}
	migrationLock = &statement{"migration_lock", `select pg_advisory_xact_lock(746869, 0)`}
	findSchema    = &statement{"find_schema", `select coalesce((select 1 from pg_class where oid = to_regclass('tenant0_schema')), 0)::int8`}
	readSchema    = &statement{"read_schema", `select version::int8 from tenant0_schema`}
	writeSchema   = &statement{"write_schema", `update tenant0_schema set version = $1::int8`}
)

// oldest is the oldest version of PostgreSQL that does: it tells what became of a
// transaction, and sorts what an index has sorted in part.
const oldest = 130000

// migrations lead from each form of the tables to the next, the first from none.
var migrations = [][]*statement{{
	{"make_schema", `create table tenant0_schema (version bigint not null)`},
	{"init_schema", `insert into tenant0_schema values (0)`},
	{"make_tenants", `create table tenant0_tenants (name text collate "C" primary key, changes bigint not null, made timestamptz not null default now())`},
	{"make_records", `create table tenant0_records (
		tenant text collate "C" not null, head bytea not null, digest bytea not null, tail bytea not null, value bytea not null,
		primary key (tenant, head, digest)) with (fillfactor = 85)`},
}}

// prepare checks the database, and makes the tables or brings them to their last form, while
// no other process does.
func (d *Database) prepare() error {
	return d.do(func(c *conn) error {
		if err := checkVersion(c); err != nil {
			return err
		}
		have, err := formOf(c)
		if err != nil || have == int64(len(migrations)) {
			return err // a start that changes nothing locks nothing
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

// formOf returns the form of the tables, 0 for none.
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
