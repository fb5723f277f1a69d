package tenantlog_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/tenantlog"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 123_000_000, time.UTC)

// opened is a log on its own store, with a clock frozen at noon.
type opened struct {
	*tenantlog.Log
	db    *storage.DB
	clock *clock.Clock
	tb    testing.TB
}

func open(tb testing.TB, change func(*tenantlog.Deps)) opened {
	tb.Helper()
	engine, err := bolt.Open(filepath.Join(tb.TempDir(), "tenant0.db"), bolt.Options{NoSync: true})
	if err != nil {
		tb.Fatal(err)
	}
	db, err := storage.Open(engine)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	c := clock.New()
	c.Freeze(noon)
	d := tenantlog.Deps{DB: db, Now: c.Now, Log: slog.New(slog.DiscardHandler), Tenant: "dev-example"}
	if change != nil {
		change(&d)
	}
	l, err := tenantlog.New(d)
	if err != nil {
		tb.Fatal(err)
	}
	return opened{l, db, c, tb}
}

// newest reads the log as the Management API does.
func (o opened) newest(userID string) (all []storage.Document) {
	o.tb.Helper()
	err := o.Newest(o.tb.Context(), userID, func(d storage.Document) (bool, error) {
		all = append(all, d)
		return true, nil
	})
	if err != nil {
		o.tb.Fatal(err)
	}
	return all
}

func request(header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://dev-example.test:4400/oauth/token", nil)
	r.RemoteAddr = "192.0.2.7:50123"
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func TestEventHasAuth0sMembers(t *testing.T) {
	l := open(t, nil)
	err := l.db.Update(t.Context(), func(tx *storage.Tx) error {
		if err := tx.Clients.Put(storage.Document{"client_id": "app", "name": "My App"}); err != nil {
			return err
		}
		if err := tx.Connections.Put(storage.Document{"id": "con_1", "name": "Users", "strategy": "auth0"}); err != nil {
			return err
		}
		return tx.Users.Put(storage.Document{"user_id": "auth0|1", "email": "jane@example.com"})
	})
	if err != nil {
		t.Fatal(err)
	}
	l.Record(request(
		"User-Agent", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.1 Safari/537.36",
		"Auth0-Client", "eyJuYW1lIjoiYXV0aDAtc3BhLWpzIiwidmVyc2lvbiI6IjIuMC4wIn0=",
	), tenantlog.Event{
		Type: tenantlog.Login, Description: "Successful login", ClientID: "app", UserID: "auth0|1", Connection: "Users",
		Audience: "https://api", Scope: "openid email", Details: map[string]any{"session_id": "s"},
	})
	got := l.newest("")
	if len(got) != 1 {
		t.Fatalf("the log has %d events, want 1", len(got))
	}
	want := storage.Document{
		"date": "2026-11-25T12:00:00.123Z", "type": "s", "description": "Successful login",
		"connection": "Users", "connection_id": "con_1", "strategy": "auth0", "strategy_type": "database",
		"client_id": "app", "client_name": "My App", "user_id": "auth0|1", "user_name": "jane@example.com",
		"ip": "192.0.2.7", "hostname": "dev-example.test", "user_agent": "Chrome 120.0.6099 / Mac OS X 10.15.7", "isMobile": false,
		"auth0_client": map[string]any{"name": "auth0-spa-js", "version": "2.0.0"},
		"audience":     "https://api", "scope": "openid email", "details": map[string]any{"session_id": "s"}, "tenant_name": "dev-example",
		"log_id": "90020261125120000123000000000000000000000000000000000001", "_id": "90020261125120000123000000000000000000000000000000000001",
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Error(diff)
	}
}

// userAgents pairs User-Agent headers with what the log shows for them.
var userAgents = []struct {
	name, header, want string
	mobile             bool
}{
	{"Firefox on Ubuntu", "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0", "Firefox 125.0.0 / Ubuntu 0.0.0", false},
	{"Edge on Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.2210.91", "Edge 120.0.2210 / Windows 10.0.0", false},
	{"Safari on an iPhone", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1", "Mobile Safari 17.1.0 / iOS 17.1.0", true},
	{"Chrome on Android", "Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0.0.0 Mobile Safari/537.36", "Chrome Mobile 112.0.0 / Android 13.0.0", true},
	{"a library", "Go-http-client/2.0", "Other 0.0.0 / Other 0.0.0", false},
	{"no header", "", "Other 0.0.0 / Other 0.0.0", false},
}

func TestUserAgent(t *testing.T) {
	for _, tt := range userAgents {
		t.Run(tt.name, func(t *testing.T) {
			l := open(t, nil)
			l.Record(request("User-Agent", tt.header), tenantlog.Event{Type: tenantlog.Login})
			got := l.newest("")[0]
			if got["user_agent"] != tt.want || got["isMobile"] != tt.mobile {
				t.Errorf("got %q, mobile %v, want %q, %v", got["user_agent"], got["isMobile"], tt.want, tt.mobile)
			}
		})
	}
}

func TestIDsNeverGoBack(t *testing.T) {
	l := open(t, nil)
	for i, move := range []time.Duration{0, 0, time.Hour, -2 * time.Hour, time.Minute} {
		if err := l.clock.Advance(move); err != nil {
			t.Fatal(err)
		}
		l.Record(nil, tenantlog.Event{Type: fmt.Sprint(i)})
	}
	found, err := l.After(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	var order strings.Builder
	for i, d := range found {
		order.WriteString(d["type"].(string))
		id := d["log_id"].(string)
		if len(id) != 56 || (i > 0 && id <= found[i-1]["log_id"].(string)) {
			t.Errorf("id %d is %q, the one before it %q", i, id, found[max(i, 1)-1]["log_id"])
		}
	}
	if order.String() != "01234" {
		t.Errorf("by checkpoint the order is %q", order.String())
	}
	if date := found[3]["date"]; date != "2026-11-25T11:00:00.123Z" {
		t.Errorf("the date of an event is what the clock says; got %v", date)
	}

	// A new process on the same store continues after the last event.
	again, err := tenantlog.New(l.Deps)
	if err != nil {
		t.Fatal(err)
	}
	again.Record(nil, tenantlog.Event{Type: "5"})
	after, err := again.After(t.Context(), found[4]["log_id"].(string), 10)
	if err != nil || len(after) != 1 || after[0]["type"] != "5" {
		t.Errorf("after the last id: %v, %v", after, err)
	}
}

func TestLogIsBounded(t *testing.T) {
	var told []string
	l := open(t, func(d *tenantlog.Deps) {
		d.Limit, d.Retention = 5, time.Hour
		d.Stored = func(after string) { told = append(told, after) }
	})
	for i := range 12 {
		l.Record(nil, tenantlog.Event{Type: fmt.Sprint(i), UserID: "auth0|1"})
	}
	if got := types(l.newest("auth0|1")); got != "11 10 9 8 7" {
		t.Errorf("of 12 events that came at once there are %s", got)
	}
	if l.Dropped() != 7 {
		t.Errorf("%d were dropped, want 7", l.Dropped())
	}
	for i := range 3 {
		l.Record(nil, tenantlog.Event{Type: fmt.Sprint("a", i)})
	}
	if got := types(l.newest("")); got != "a2 a1 a0 11 10" {
		t.Errorf("the newest five are %s", got)
	}
	if err := l.clock.Advance(2 * time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := l.newest(""); len(got) != 0 {
		t.Errorf("past the retention there are still %s", types(got))
	}
	l.Record(nil, tenantlog.Event{Type: "b"})
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	if found, err := l.After(t.Context(), "", 10); err != nil || types(found) != "b" {
		t.Errorf("past the retention the store has %s, %v", types(found), err)
	}
	if len(told) != 3 || told[0] != "" {
		t.Errorf("what listens was told of %q", told)
	}
}

func types(events []storage.Document) string {
	var all []string
	for _, d := range events {
		all = append(all, d["type"].(string))
	}
	return strings.Join(all, " ")
}

func TestReset(t *testing.T) {
	l := open(t, nil)
	l.Record(nil, tenantlog.Event{Type: "before"})
	err := l.Reset(func() error { return l.db.Update(t.Context(), func(tx *storage.Tx) error { return tx.Clear() }) })
	if err != nil {
		t.Fatal(err)
	}
	l.Record(nil, tenantlog.Event{Type: "after"})
	if got := types(l.newest("")); got != "after" {
		t.Errorf("after a reset the log has %q", got)
	}
}

func TestRunStores(t *testing.T) {
	stored := make(chan string, 1)
	l := open(t, func(d *tenantlog.Deps) { d.Stored = func(after string) { stored <- after } })
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { _ = l.Run(stop) })
	l.Record(nil, tenantlog.Event{Type: "s"})
	<-stored // nobody reads, and it is stored nevertheless
	close(stop)
	running.Wait()
}

func TestRecordFromManyGoroutines(t *testing.T) {
	l := open(t, func(d *tenantlog.Deps) { d.Limit = 2000 })
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 100 {
				l.Record(nil, tenantlog.Event{Type: "s"})
			}
		})
	}
	for range 5 {
		if err := l.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	writers.Wait()
	if got := len(l.newest("")); got != 800 {
		t.Errorf("of 800 events there are %d", got)
	}
}

func TestTextsOfRequestsAreBounded(t *testing.T) {
	l := open(t, nil)
	long := strings.Repeat("x", 100<<10)
	l.Record(request("User-Agent", long, "Auth0-Client", long), tenantlog.Event{
		Type: tenantlog.UnknownUser, UserName: long, Description: long, Scope: long, ClientID: long,
	})
	got := l.newest("")[0]
	for name, value := range got {
		if text, ok := value.(string); ok && len(text) > 8<<10 {
			t.Errorf("%s has %d bytes", name, len(text))
		}
	}
}

func TestNilLogRecordsNothing(_ *testing.T) {
	var l *tenantlog.Log
	l.Record(request(), tenantlog.Event{Type: tenantlog.Login})
	l.Operation(request(), tenantlog.Operation{Path: "/clients"})
}

func TestOperation(t *testing.T) {
	l := open(t, nil)
	r := httptest.NewRequest(http.MethodPost, "/api/v2/clients?dry_run=true&access_token=hidden", nil)
	l.Operation(r, tenantlog.Operation{
		Path: "/clients", ClientID: "app", Status: http.StatusCreated,
		Request: storage.Document{
			"name": "My App", "refresh_token": storage.Document{"leeway": 0.0, "rotation_type": "rotating"},
		},
		Answer: storage.Document{"client_id": "new"},
	})
	l.Operation(httptest.NewRequest(http.MethodGet, "/api/v2/clients", nil), tenantlog.Operation{Path: "/clients", Status: http.StatusOK})
	l.Operation(httptest.NewRequest(http.MethodDelete, "/api/v2/clients/x", nil), tenantlog.Operation{Path: "/clients/{id}", Status: http.StatusNotFound})

	got := l.newest("")
	if types(got) != "fapi sapi" || got[0]["description"] != "Delete a client" {
		t.Fatalf("the log has %s: %v", types(got), got)
	}
	want := storage.Document{
		"type": "sapi", "description": "Create a client", "client_id": "app", "ip": "192.0.2.1",
		"details": map[string]any{
			"request": map[string]any{
				"method": "post", "path": "/api/v2/clients", "query": map[string]any{"dry_run": "true", "access_token": "REDACTED"}, "userAgent": "", "channel": "api", "ip": "192.0.2.1",
				"auth": map[string]any{"user": map[string]any{}, "strategy": "jwt"},
				"body": map[string]any{
					"name": "My App", "refresh_token": map[string]any{"leeway": 0.0, "rotation_type": "rotating"},
				},
			},
			"response": map[string]any{"statusCode": 201.0, "body": map[string]any{"client_id": "new"}},
		},
	}
	ignored := cmpopts.IgnoreMapEntries(func(name string, _ any) bool {
		switch name {
		case "date", "connection_id", "client_name", "hostname", "user_id", "user_name", "user_agent", "isMobile", "tenant_name", "log_id", "_id":
			return true
		}
		return false
	})
	if diff := cmp.Diff(want, got[1], ignored); diff != "" {
		t.Error(diff)
	}
}

func TestLargeBodiesAreLeftOut(t *testing.T) {
	l := open(t, nil)
	l.Operation(httptest.NewRequest(http.MethodPost, "/api/v2/actions/actions", nil), tenantlog.Operation{
		Path: "/actions/actions", Status: http.StatusCreated, Request: storage.Document{"script": strings.Repeat("x", 1<<20)},
	})
	got := l.newest("")[0]
	request := got["details"].(map[string]any)["request"].(map[string]any)
	if _, there := request["body"]; there || request["path"] != "/api/v2/actions/actions" || got["description"] != "Create an action" {
		t.Errorf("got %q, details.request %v", got["description"], request)
	}
}

// BenchmarkRecord measures what an event costs the request that records it.
func BenchmarkRecord(b *testing.B) {
	l := open(b, nil)
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { _ = l.Run(stop) })
	r := request("User-Agent", "Go-http-client/2.0")
	b.ReportAllocs()
	for b.Loop() {
		l.Record(r, tenantlog.Event{ClientID: "app", ClientName: "My App", Audience: "https://api", Scope: "read:a"}.Exchange("client_credentials", "", nil))
	}
	b.StopTimer()
	close(stop)
	running.Wait()
}

// BenchmarkFlush measures what an event costs until it is stored.
func BenchmarkFlush(b *testing.B) {
	l := open(b, nil)
	r := request("User-Agent", "Go-http-client/2.0")
	b.ReportAllocs()
	for b.Loop() {
		for range 1000 {
			l.Record(r, tenantlog.Event{ClientID: "app", ClientName: "My App", Audience: "https://api", Scope: "read:a"}.Exchange("client_credentials", "", nil))
		}
		if err := l.Flush(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/event")
}
