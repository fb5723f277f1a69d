package control_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/logstream"
	"github.com/tenant0/tenant0/server/servertest"
)

// listener is the control listener of a running tenant.
type listener struct {
	*servertest.Server
	t *testing.T
}

func listen(t *testing.T) listener {
	t.Helper()
	return listener{servertest.Start(t), t}
}

// ask sends a request to the control listener; header has names and values in turn.
func (l listener) ask(method, path, body string, header ...string) (status int, answer string) {
	l.t.Helper()
	rq, err := http.NewRequestWithContext(l.t.Context(), method, l.ControlURL()+path, strings.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			rq.Host = header[i+1]
		}
		rq.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		l.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		l.t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// read sends a request, expects a 200 and decodes the JSON answer.
func (l listener) read(method, path, body string, into any) {
	l.t.Helper()
	status, answer := l.ask(method, path, body)
	if status != http.StatusOK {
		l.t.Fatalf("%s %s %s: %d %s", method, path, body, status, answer)
	}
	if err := json.Unmarshal([]byte(answer), into); err != nil {
		l.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
	}
}

type clockState struct {
	Now    time.Time
	Frozen bool
}

func (l listener) clock(method, path, body string) (state clockState) {
	l.t.Helper()
	l.read(method, path, body, &state)
	return state
}

func TestTheClockStandsWhereItIsFrozenAndRunsOnWhereItIsSet(t *testing.T) {
	l := listen(t)
	const noon = "2027-03-01T12:00:00Z"
	at, err := time.Parse(time.RFC3339, noon)
	if err != nil {
		t.Fatal(err)
	}
	if s := l.clock(http.MethodGet, "/clock", ""); s.Frozen || time.Since(s.Now).Abs() > time.Minute {
		t.Errorf("at first the clock is %+v", s)
	}
	for _, step := range []struct {
		method, path, body string
		after              time.Duration // since noon
		frozen             bool
	}{
		{http.MethodPut, "/clock", `{"now":"` + noon + `","frozen":true}`, 0, true},
		{http.MethodGet, "/clock", "", 0, true},
		{http.MethodPost, "/clock/advance", `{"by":"90s"}`, 90 * time.Second, true},
		{http.MethodPost, "/clock/advance", `{"seconds":30}`, 2 * time.Minute, true},
		{http.MethodPost, "/clock/advance", `{"seconds":0.5}`, 2*time.Minute + time.Second/2, true},
		{http.MethodPost, "/clock/advance", `{"seconds":-0.5}`, 2 * time.Minute, true},
		{http.MethodPost, "/clock/advance", `{"by":"-2m"}`, 0, true},
		{http.MethodPost, "/clock/advance", `{"by":"24h","seconds":1}`, 24 * time.Hour, true},
		{http.MethodPost, "/clock/advance", `{"seconds":0}`, 24 * time.Hour, true},
		{http.MethodPut, "/clock", `{"now":"` + noon + `"}`, 0, false},
	} {
		got := l.clock(step.method, step.path, step.body)
		late := got.Now.Sub(at.Add(step.after))
		if got.Frozen != step.frozen || step.frozen && late != 0 || late < 0 || late > time.Minute {
			t.Errorf("%s %s %s: the clock is %+v, want %v after noon", step.method, step.path, step.body, got, step.after)
		}
	}
	if s := l.clock(http.MethodDelete, "/clock", ""); s.Frozen || time.Since(s.Now).Abs() > time.Minute {
		t.Errorf("once it is given back the clock is %+v", s)
	}
}

// TestTimesThatTheClockCannotShow do not change the clock; the first and last possible times are accepted.
func TestTimesThatTheClockCannotShow(t *testing.T) {
	l := listen(t)
	const first, last = "1970-01-01T00:00:00Z", "2200-01-01T00:00:00Z"
	put := func(now string) string { return `{"now":"` + now + `","frozen":true}` }
	for _, step := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{http.MethodPut, "/clock", put(last), 200, last},
		{http.MethodPut, "/clock", put("2200-01-01T00:00:01Z"), 400, "now"},
		{http.MethodPost, "/clock/advance", `{"seconds":1}`, 400, "seconds"},
		{http.MethodPost, "/clock/advance", `{"by":"1ns"}`, 400, "by"},
		{http.MethodPost, "/clock/advance", `{"by":"0s"}`, 200, last},
		{http.MethodPut, "/clock", put(first), 200, first},
		{http.MethodPut, "/clock", put("1969-12-31T23:59:59Z"), 400, "now"},
		{http.MethodPost, "/clock/advance", `{"seconds":-1}`, 400, "seconds"},
		{http.MethodPost, "/clock/advance", `{"seconds":1e300}`, 400, "seconds"},
		{http.MethodPost, "/clock/advance", `{"seconds":-1e300}`, 400, "seconds"},
		{http.MethodPost, "/clock/advance", `{"by":"9999999h"}`, 400, "by"},
		{http.MethodPost, "/clock/advance", `{"by":"tomorrow"}`, 400, "such as 90s"},
		{http.MethodPost, "/clock/advance", `{"by":"5"}`, 400, "such as 90s"},
		{http.MethodPost, "/clock/advance", `{}`, 400, "by"},
		{http.MethodPost, "/clock/advance", `{"by":""}`, 400, "by"},
		{http.MethodPost, "/clock/advance", `{"by":`, 400, ""},
		{http.MethodPost, "/clock/advance", ``, 400, ""},
		{http.MethodPost, "/clock/advance", `[]`, 400, ""},
		{http.MethodPost, "/clock/advance", `{"seconds":"1"}`, 400, ""},
		{http.MethodPut, "/clock", `{}`, 400, "now"},
		{http.MethodPut, "/clock", `{"frozen":true}`, 400, "now"},
		{http.MethodPut, "/clock", `{"now":"yesterday"}`, 400, ""},
		{http.MethodPut, "/clock", `{"now":1}`, 400, ""},
		{http.MethodGet, "/clock", "", 200, first},
	} {
		status, answer := l.ask(step.method, step.path, step.body, "Content-Type", "application/json")
		if status != step.status || !strings.Contains(answer, step.says) {
			t.Errorf("%s %s %s: %d %s, want %d that says %q", step.method, step.path, step.body, status, answer, step.status, step.says)
		}
	}
}

type shownKey struct {
	KeyID                   string `json:"kid"`
	Current, Next, Previous bool
	RevokedAt               *time.Time `json:"revoked_at"`
}

func (k shownKey) role() string {
	return fmt.Sprintf("current %v, next %v, previous %v, revoked %v", k.Current, k.Next, k.Previous, k.RevokedAt != nil)
}

// TestKeysThatAreRotatedAndRevoked: the current and the next key cannot be revoked. The previous one
// can; revoking it again changes nothing.
func TestKeysThatAreRotatedAndRevoked(t *testing.T) {
	l := listen(t)
	keys := func(method, path string) (all []shownKey) {
		t.Helper()
		l.read(method, path, "", &all)
		return all
	}
	find := func(all []shownKey, is func(shownKey) bool) shownKey {
		t.Helper()
		for _, k := range all {
			if is(k) {
				return k
			}
		}
		t.Fatalf("there is no such key among %+v", all)
		return shownKey{}
	}
	current, next := func(k shownKey) bool { return k.Current }, func(k shownKey) bool { return k.Next }
	before := keys(http.MethodGet, "/keys")
	was, coming := find(before, current), find(before, next)
	for _, k := range []shownKey{was, coming} {
		if status, answer := l.ask(http.MethodDelete, "/keys/"+k.KeyID, ""); status != http.StatusConflict || !strings.Contains(answer, "key_in_use") {
			t.Errorf("a key that is %s is revoked: %d %s", k.role(), status, answer)
		}
	}
	if status, answer := l.ask(http.MethodDelete, "/keys/no-such-key", ""); status != http.StatusNotFound || !strings.Contains(answer, "unknown_key") {
		t.Errorf("a key that is none is revoked: %d %s", status, answer)
	}
	after := keys(http.MethodPost, "/keys/rotate")
	if now := find(after, current); now.KeyID != coming.KeyID {
		t.Errorf("the current key is %s, want the one that was next, %s", now.KeyID, coming.KeyID)
	}
	if then := find(after, next); then.KeyID == was.KeyID || then.KeyID == coming.KeyID {
		t.Errorf("the next key is one that was there: %s", then.KeyID)
	}
	own := func(k shownKey) bool { return k.KeyID == was.KeyID }
	if k := find(after, own); !k.Previous || k.RevokedAt != nil {
		t.Errorf("the key that was current is %s", k.role())
	}
	revoked := find(keys(http.MethodDelete, "/keys/"+was.KeyID), own)
	if revoked.RevokedAt == nil {
		t.Errorf("the revoked key is %s", revoked.role())
	}
	if again := find(keys(http.MethodDelete, "/keys/"+was.KeyID), own); again.RevokedAt == nil {
		t.Errorf("the key that was revoked twice is %s", again.role())
	}
}

// TestTheListenerAnswersNoWebPage, whatever it requests: from another origin, under another host name, or
// as a log stream.
func TestTheListenerAnswersNoWebPage(t *testing.T) {
	l := listen(t)
	own := strings.TrimPrefix(l.ControlURL(), "http://")
	_, port, _ := strings.Cut(own, ":")
	for _, path := range []string{"/healthz", "/readyz", "/ca.pem", "/metrics", "/tenants", "/clock", "/keys", "/inbox", "/export", "/trace", "/tenants/default/clock", "/tenants/nobody/clock"} {
		for _, page := range []struct {
			name   string
			header []string
			code   string
		}{
			{"of another site", []string{"Origin", "https://evil.example"}, "foreign_origin"},
			{"of another port", []string{"Origin", "http://localhost:1"}, "foreign_origin"},
			{"by TLS", []string{"Origin", "https://" + own}, "foreign_origin"},
			{"in a sandbox", []string{"Origin", "null"}, "foreign_origin"},
			{"that loads it", []string{"Sec-Fetch-Site", "cross-site"}, "foreign_origin"},
			{"of a site beside it", []string{"Sec-Fetch-Site", "same-site"}, "foreign_origin"},
			{"by a name of its own", []string{"Host", "evil.example:" + port}, "foreign_host"},
			{"by a name of its own, with its origin", []string{"Host", "evil.example", "Origin", "http://evil.example"}, "foreign_host"},
			{"that is a log stream", []string{logstream.Header, "1"}, "log_stream"},
		} {
			status, answer := l.ask(http.MethodGet, path, "", page.header...)
			if status != http.StatusForbidden || !strings.Contains(answer, page.code) {
				t.Errorf("%s to a page %s: %d %s", path, page.name, status, answer)
			}
		}
	}
	for _, header := range [][]string{nil, {"Origin", l.ControlURL()}, {"Sec-Fetch-Site", "none"}, {"Sec-Fetch-Site", "same-origin"}, {"Host", "localhost:" + port}} {
		if status, answer := l.ask(http.MethodGet, "/healthz", "", header...); status != http.StatusOK {
			t.Errorf("with %q: %d %s", header, status, answer)
		}
	}
}

// TestRoutesOfATenant: the routes of the first tenant work with and without its name, and there are none
// for unknown names.
func TestRoutesOfATenant(t *testing.T) {
	l := listen(t)
	for _, path := range []string{"/clock", "/keys", "/inbox", "/trace", "/snapshots"} {
		_, short := l.ask(http.MethodGet, path, "")
		status, long := l.ask(http.MethodGet, "/tenants/default"+path, "")
		if status != http.StatusOK || path == "/keys" && short != long {
			t.Errorf("%s below the name of the tenant: %d %s, want %s", path, status, long, short)
		}
		for _, name := range []string{"nobody", "DEFAULT", "default%20", "..", "%2e%2e"} {
			if status, answer := l.ask(http.MethodGet, "/tenants/"+name+path, ""); status == http.StatusOK && answer != short {
				t.Errorf("%s of %q: %d %s", path, name, status, answer)
			}
		}
		if status, answer := l.ask(http.MethodGet, "/tenants/nobody"+path, ""); status != http.StatusNotFound || !strings.Contains(answer, "unknown_tenant") {
			t.Errorf("%s of nobody: %d %s", path, status, answer)
		}
	}
	for _, x := range []struct{ method, path string }{
		{http.MethodPost, "/clock"}, {http.MethodGet, "/reset"}, {http.MethodGet, "/import"}, {http.MethodPost, "/export"}, {http.MethodPut, "/keys/rotate"}, {http.MethodPost, "/healthz"},
	} {
		if status, answer := l.ask(x.method, x.path, ""); status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
			t.Errorf("%s %s: %d %s", x.method, x.path, status, answer)
		}
	}
	if status, answer := l.ask(http.MethodGet, "/trace/no-such-request", ""); status != http.StatusNotFound {
		t.Errorf("the trace of a request that was none: %d %s", status, answer)
	}
}
