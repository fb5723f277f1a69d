package trace_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/trace"
)

// ended traces a finished request with some steps.
func ended(t *trace.Traces, n int) {
	r := trace.Begin(httptest.NewRequest(http.MethodGet, fmt.Sprintf("/authorize?client_id=app%d&login_hint=who@example.test", n), nil))
	for step := range n % 3 {
		trace.Note(r.Context(), trace.Step{Component: "authorize", Decision: fmt.Sprintf("step %d of %d", step, n), Setting: "flag"})
	}
	if n%2 == 1 {
		trace.Refuse(r.Context(), http.StatusForbidden, trace.Step{Component: "authorize", Decision: "refused"})
	}
	t.End(r, fmt.Sprint("request", n), "/authorize")
}

func list(t *testing.T, traces *trace.Traces) []trace.Request {
	t.Helper()
	all, err := traces.List(func(trace.Request) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestSettlingChangesNothing in the kept traces, before the ring is full and after it has wrapped around.
func TestSettlingChangesNothing(t *testing.T) {
	for _, n := range []int{0, 1, 199, 200, 201, 450} {
		traces := trace.New(trace.Deps{Now: func() time.Time { return time.Unix(1_700_000_000, 0) }})
		for i := range n {
			ended(traces, i)
		}
		before := list(t, traces)
		traces.Settle()
		if diff := cmp.Diff(before, list(t, traces)); diff != "" {
			t.Errorf("after %d requests (-before +after):\n%s", n, diff)
		}
		if want := min(n, 200); len(before) != want {
			t.Errorf("of %d requests %d are kept, want %d", n, len(before), want)
		}
		ended(traces, n)
		after := list(t, traces)
		if after[0].ID != fmt.Sprint("request", n) || len(after) != min(n+1, 200) {
			t.Errorf("the next request after %d is %q, among %d", n, after[0].ID, len(after))
		}
		if n >= 200 {
			if _, found, err := traces.Find(t.Context(), fmt.Sprint("request", n-200)); found || err != nil {
				t.Errorf("after %d requests the oldest is still there", n+1)
			}
		}
	}
}

func TestTracesShowParametersUpToABound(t *testing.T) {
	for _, tt := range []struct{ sent, want int }{{0, 0}, {1, 1}, {511, 511}, {512, 512}, {513, 512}, {5000, 512}} {
		traces := trace.New(trace.Deps{Now: time.Now})
		r := trace.Begin(httptest.NewRequest(http.MethodPost, "/oauth/token", nil))
		trace.Form(r.Context(), url.Values{"scope": {strings.Repeat("s", tt.sent)}, "client_secret": {"secret"}, "password": {"secret"}, "code": {"secret"}})
		traces.End(r, "one", "/oauth/token")
		got, found, err := traces.Find(t.Context(), "one")
		if err != nil || !found || len(got.Parameters["scope"]) != tt.want {
			t.Errorf("of %d bytes %d are shown, want %d", tt.sent, len(got.Parameters["scope"]), tt.want)
		}
		for name, value := range got.Parameters {
			if strings.Contains(value, "secret") {
				t.Errorf("a trace shows %s", name)
			}
		}
	}
}

func TestATraceEndsOnce(t *testing.T) {
	traces := trace.New(trace.Deps{Now: time.Now})
	r := trace.Begin(httptest.NewRequest(http.MethodGet, "/authorize?client_id=app", nil))
	traces.End(r, "one", "/authorize")
	trace.Refuse(r.Context(), http.StatusForbidden, trace.Step{Decision: "too late"})
	traces.End(r, "two", "/authorize")
	traces.End(httptest.NewRequest(http.MethodGet, "/authorize", nil), "never begun", "/authorize")
	all := list(t, traces)
	if len(all) != 1 || all[0].ID != "one" || all[0].Status != 0 || len(all[0].Steps) != 0 {
		t.Errorf("the traces are %+v", all)
	}
	if err := traces.Clear(); err != nil {
		t.Fatal(err)
	}
	if all := list(t, traces); len(all) != 0 {
		t.Errorf("once cleared the traces are %+v", all)
	}
	traces.Settle()
	if _, found, err := traces.Find(t.Context(), "one"); found || err != nil {
		t.Error("a trace is found that was cleared")
	}
}
