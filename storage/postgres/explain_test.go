package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/keyspace"
	"github.com/tenant0/tenant0/storage/postgres"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

const secret = "s3cret-word"

func TestWhatIsWrongIsSaid(t *testing.T) {
	server := pgtest.Shared(t)
	base := server.URL()
	with := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(base) }
	server.Exec(t, "create role guest login")
	t.Cleanup(func() { server.Exec(t, "drop role guest") })
	newer := server.Empty(t)
	open(t, newer)
	_, schema, _ := strings.Cut(newer, "search_path=")
	server.Exec(t, "update "+schema+".tenant0_schema set version = 99")
	closed := pgtest.NewProxy(t, server.Addr())
	closed.Let(false)
	for name, tt := range map[string]struct {
		url  string
		says []string
		is   error
	}{
		"no such database": {with("/postgres?", "/nowhere?"), []string{"nowhere", `createdb nowhere`}, nil},
		"no right":         {with("tenant0@", "guest@"), []string{"GRANT CREATE", "guest"}, nil},
		"no schema":        {base + "&search_path=nothing", []string{"search_path"}, nil},
		"no such user":     {with("tenant0@", "nobody:"+secret+"@"), []string{"nobody"}, nil},
		"nobody listens":   {with(server.Addr(), "127.0.0.1:1"), []string{"127.0.0.1:1", "start the database"}, keyspace.ErrUnavailable},
		"no such host":     {with(server.Addr(), "no.such.host.invalid:5432"), []string{"no.such.host.invalid"}, keyspace.ErrUnavailable},
		"nobody answers":   {closed.URL(t, base), nil, keyspace.ErrUnavailable},
		"no TLS":           {with("sslmode=disable", "sslmode=require"), []string{"sslmode"}, nil},
		"written by newer": {newer, []string{"99", "newer"}, storage.ErrFormat},
		"no URL":           {"postgres://u:" + secret + "@host:port/db", []string{"postgres://USER@HOST:PORT/DATABASE"}, nil},
		"a wrong setting":  {"postgres://u:" + secret + "@h/db?sslmode=sometimes", []string{"sslmode"}, nil},
		"a strange scheme": {"mysql://u:" + secret + "@h/db", []string{"postgres://"}, nil},
		"too few":          {base + "&pool_max_conns=1", []string{"pool_max_conns"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := postgres.Open(tt.url, postgres.Options{})
			if err == nil {
				t.Fatal(d.Close())
			}
			for _, want := range tt.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error is %q, want one with %q", err, want)
				}
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("the error is %v, want one that wraps %v", err, tt.is)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error tells the password: %v", err)
			}
			t.Log(err)
		})
	}
}

// TestScansAreOfTheIndex checks that scans always use the index, never the whole table.
func TestScansAreOfTheIndex(t *testing.T) {
	server := pgtest.Shared(t)
	url := server.Empty(t)
	db := open(t, url)
	for range 12 { // from the sixth on the database may take another plan for all
		err := db.View(t.Context(), func(kv keyspace.KV) error {
			return kv.ScanBack([]byte("a"), []byte("b"), func(_, _ []byte) bool { return false })
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	_, schema, _ := strings.Cut(url, "search_path=")
	plan := strings.Join(server.Exec(t, `set search_path = `+schema+`; set jit = off; set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off;
		set plan_cache_mode = force_generic_plan;
		prepare s as select head, tail, value from tenant0_records where tenant = $1
		and (head, tail) >= ($2, $3) and (head, tail) < ($4, $5) order by head desc, tail desc limit $6;
		explain execute s ('default', 'a', '', 'b', '', 16)`), "\n")
	if !strings.Contains(plan, "Index Scan Backward") || !strings.Contains(plan, "Incremental Sort") {
		t.Errorf("the plan is\n%s", plan)
	}
}
