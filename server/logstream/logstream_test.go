package logstream_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/logstream"
	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/storage/bolt"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// received is one request that the receiver got.
type received struct {
	header http.Header
	body   string
}

// tenant is a store with a log and running log streams, and a receiver that answers with
// the next of its statuses, or with 200.
type tenant struct {
	*logstream.Streams
	db       *storage.DB
	clock    *clock.Clock
	receiver *httptest.Server
	got      chan received
	stop     func()
	number   int
	t        *testing.T

	mu       sync.Mutex
	statuses []int
}

func start(t *testing.T, pause time.Duration) *tenant {
	t.Helper()
	engine, err := bolt.Open(filepath.Join(t.TempDir(), "tenant0.db"), bolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	db, err := storage.Open(engine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	tn := &tenant{db: db, clock: clock.New(), got: make(chan received, 100), t: t}
	if err := tn.clock.Freeze(noon); err != nil {
		t.Fatal(err)
	}
	tn.receiver = httptest.NewServer(http.HandlerFunc(tn.receive))
	t.Cleanup(tn.receiver.Close)
	tn.run(pause)
	t.Cleanup(func() { tn.stop() })
	return tn
}

// run starts the streams; stop ends them.
func (tn *tenant) run(pause time.Duration) {
	tn.Streams = logstream.New(logstream.Deps{DB: tn.db, Now: tn.clock.Now, Log: slog.New(slog.DiscardHandler), Pause: pause})
	streams, done := tn.Streams, make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { _ = streams.Run(done) })
	tn.stop = func() { close(done); running.Wait() }
}

func (tn *tenant) receive(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	tn.mu.Lock()
	status := http.StatusOK
	if len(tn.statuses) > 0 {
		status, tn.statuses = tn.statuses[0], tn.statuses[1:]
	}
	tn.mu.Unlock()
	w.WriteHeader(status)
	tn.got <- received{r.Header, string(body)}
}

func (tn *tenant) answer(statuses ...int) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	tn.statuses = statuses
}

// put stores a stream to the receiver, modified by change.
func (tn *tenant) put(id string, change func(stream, sink storage.Document)) {
	tn.t.Helper()
	tn.update(func(tx *storage.Tx) error { return tn.write(tx, id, change) })
}

func (tn *tenant) write(tx *storage.Tx, id string, change func(stream, sink storage.Document)) error {
	sink := storage.Document{"httpEndpoint": tn.receiver.URL, "httpContentType": "application/json", "httpContentFormat": "JSONLINES"}
	stream := storage.Document{"id": id, "name": id, "type": "http", "status": "active", "sink": sink}
	if change != nil {
		change(stream, sink)
	}
	return tx.Documents(storage.LogStreams, "").Put(storage.Write{ID: id, Document: stream})
}

func (tn *tenant) update(fn func(*storage.Tx) error) {
	tn.t.Helper()
	if err := tn.db.Update(context.Background(), fn); err != nil {
		tn.t.Fatal(err)
	}
}

// happen stores log events of the given types and notifies the streams.
func (tn *tenant) happen(types ...string) {
	tn.t.Helper()
	tn.along(types, func(*storage.Tx) error { return nil })
}

// along does the same with another change in the same update, so that no delivery sees
// only one of the two.
func (tn *tenant) along(types []string, change func(*storage.Tx) error) {
	tn.t.Helper()
	after, before := "", tn.number
	tn.update(func(tx *storage.Tx) (err error) {
		tn.number = before
		if after, err = tx.Logs.Last(); err != nil {
			return err
		}
		for _, kind := range types {
			tn.number++
			id := storage.LogIDAt(tn.clock.Now()) + fmt.Sprintf("%030d", tn.number)
			if err := tx.Logs.Append(id, "", storage.Document{"type": kind, "log_id": id, "_id": id, "description": "a & b"}); err != nil {
				return err
			}
		}
		return change(tx)
	})
	tn.Stored(after)
}

// next returns the next request to the receiver, and the types of its events.
func (tn *tenant) next() (received, string) {
	tn.t.Helper()
	select {
	case r := <-tn.got:
		var types []string
		for line := range strings.Lines(r.body) {
			var e struct {
				LogID string `json:"log_id"`
				Data  struct {
					LogID string `json:"log_id"`
					Type  string `json:"type"`
				} `json:"data"`
			}
			if json.Unmarshal([]byte(line), &e) == nil && e.LogID == e.Data.LogID {
				types = append(types, e.Data.Type)
			}
		}
		return r, strings.Join(types, " ")
	case <-tn.t.Context().Done():
	case <-time.After(servertest.Patience):
	}
	tn.t.Fatal("the receiver gets nothing")
	return received{}, ""
}

func (tn *tenant) expect(types string) received {
	tn.t.Helper()
	r, got := tn.next()
	if got != types {
		tn.t.Fatalf("the receiver gets %q, want %q\n%s", got, types, r.body)
	}
	return r
}

func (tn *tenant) status(id string) (status string) {
	tn.t.Helper()
	err := tn.db.View(context.Background(), func(tx *storage.Tx) error {
		s, err := tx.LogStream(id)
		status = s.Status
		return err
	})
	if err != nil {
		tn.t.Fatal(err)
	}
	return status
}

func TestDelivery(t *testing.T) {
	tn := start(t, time.Millisecond)
	tn.put("lst_0", func(stream, _ storage.Document) {
		stream["filters"] = []any{storage.Document{"type": "category", "name": "other"}}
	})
	tn.happen("before")
	tn.expect("before")
	tn.put("lst_1", func(_, sink storage.Document) {
		sink["httpAuthorization"] = "Bearer of news"
		sink["httpContentType"] = "application/x-ndjson"
		sink["httpCustomHeaders"] = []any{storage.Document{"header": "x-tenant", "value": "dev"}}
	})
	tn.happen("s", "seacft")
	r := tn.expect("s seacft")
	for name, want := range map[string]string{"Authorization": "Bearer of news", "Content-Type": "application/x-ndjson", "X-Tenant": "dev"} {
		if got := r.header.Get(name); got != want {
			t.Errorf("the header %s is %q, want %q", name, got, want)
		}
	}
	tn.happen("slo")
	tn.expect("slo")
}

func TestFormats(t *testing.T) {
	for format, want := range map[string]string{
		"JSONLINES":  "{\"log_id\":1,\"data\":{}}\n{\"log_id\":2,\"data\":{}}\n",
		"JSONARRAY":  "[{\"log_id\":1,\"data\":{}},{\"log_id\":2,\"data\":{}}]\n",
		"JSONOBJECT": "{\"logs\":[{\"log_id\":1,\"data\":{}},{\"log_id\":2,\"data\":{}}]}\n",
	} {
		t.Run(format, func(t *testing.T) {
			tn := start(t, time.Millisecond)
			tn.put("lst_1", func(_, sink storage.Document) { sink["httpContentFormat"] = format })
			tn.happen("s", "slo")
			r, _ := tn.next()
			data := `{"_id":"ID","description":"a & b","log_id":"ID","type":"TYPE"}`
			for i, kind := range []string{"s", "slo"} {
				id := storage.LogIDAt(noon) + fmt.Sprintf("%030d", i+1)
				entry := strings.NewReplacer("ID", id, "TYPE", kind).Replace(data)
				want = strings.Replace(want, fmt.Sprintf(`%d,"data":{}`, i+1), fmt.Sprintf("%q,\"data\":%s", id, entry), 1)
			}
			if diff := cmp.Diff(want, r.body); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFilters(t *testing.T) {
	tn := start(t, time.Millisecond)
	tn.put("lst_1", func(stream, _ storage.Document) {
		stream["filters"] = []any{
			storage.Document{"type": "category", "name": "auth.login.fail"},
			storage.Document{"type": "category", "name": "other"},
		}
	})
	tn.happen("s", "fp", "sapi", "never_heard_of")
	tn.expect("fp never_heard_of")
	tn.happen("s") // nothing for the stream, and it goes on after it
	tn.happen("fu")
	tn.expect("fu")
}

func TestRetries(t *testing.T) {
	tn := start(t, time.Millisecond)
	tn.answer(500, 503, 302, 429)
	tn.put("lst_1", nil)
	tn.happen("s")
	for range 4 {
		tn.expect("s")
	}
	tn.happen("slo")
	tn.expect("s")
	tn.expect("slo")
}

func TestPausedStreamGoesOnWhereItStopped(t *testing.T) {
	tn := start(t, time.Millisecond)
	tn.put("lst_1", nil)
	tn.happen("s")
	tn.expect("s")
	tn.put("lst_1", func(stream, _ storage.Document) { stream["status"] = "paused" })
	tn.put("lst_2", nil)
	tn.happen("fp")
	tn.expect("fp") // of the second: the first is not served any more
	tn.update(func(tx *storage.Tx) error { return tx.Documents(storage.LogStreams, "").Delete("lst_2") })
	tn.along([]string{"slo"}, func(tx *storage.Tx) error { return tn.write(tx, "lst_1", nil) })
	tn.expect("fp slo")
}

func TestReceiverThatNeverAnswersIsSuspended(t *testing.T) {
	tn := start(t, time.Millisecond)
	tn.receiver.Close() // loopback, and nobody there
	tn.put("lst_1", nil)
	tn.happen("s")
	for deadline := time.Now().Add(servertest.Patience); tn.status("lst_1") == "active" && time.Now().Before(deadline); {
		tn.later(time.Hour)
	}
	if got := tn.status("lst_1"); got != "suspended" {
		t.Errorf("the stream is %s", got)
	}
	if waited := tn.clock.Now().Sub(noon); waited < 7*24*time.Hour {
		t.Errorf("it was suspended after %v", waited)
	}
}

func TestChangedStreamIsTriedAtOnce(t *testing.T) {
	tn := start(t, time.Hour)
	tn.answer(500)
	tn.put("lst_1", nil)
	tn.happen("s")
	tn.expect("s")
	tn.along([]string{"sapi"}, func(tx *storage.Tx) error {
		return tn.write(tx, "lst_1", func(_, sink storage.Document) { sink["httpAuthorization"] = "right" })
	})
	r := tn.expect("s sapi")
	if r.header.Get("Authorization") != "right" {
		t.Error("the old stream was tried again")
	}
}

func TestDeliveryGoesOnAfterARestart(t *testing.T) {
	tn := start(t, time.Hour)
	tn.answer(500)
	tn.put("lst_1", nil)
	tn.happen("s")
	tn.expect("s")
	tn.stop()
	tn.run(time.Hour)
	tn.expect("s")
}

// TestAnAnswerIsHeardWhileTheServerEnds: what a receiver accepts at that moment is not sent again after the next start.
func TestAnAnswerIsHeardWhileTheServerEnds(t *testing.T) {
	tn := start(t, time.Hour)
	came := make(chan bool, 1)
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		came <- true
		select {
		case <-r.Context().Done():
			t.Error("the server hangs up on the receiver")
		case <-time.After(logstream.AnswerTime / 4):
		}
	}))
	defer slow.Close()
	tn.put("lst_1", func(_, sink storage.Document) { sink["httpEndpoint"] = slow.URL })
	tn.happen("s")
	<-came
	tn.stop()
	tn.put("lst_1", nil)
	tn.run(time.Hour)
	tn.happen("f")
	tn.expect("f")
}

func TestStartFrom(t *testing.T) {
	tn := start(t, time.Millisecond)
	tn.happen("early")
	tn.later(time.Hour)
	tn.happen("late")
	tn.put("lst_1", func(stream, _ storage.Document) { stream["startFrom"] = noon.Add(time.Minute).Format(time.RFC3339) })
	tn.happen("now")
	tn.expect("late now")
}

func TestManyEventsComeInBatches(t *testing.T) {
	tn := start(t, time.Millisecond)
	tn.put("lst_1", nil)
	tn.happen(strings.Fields(strings.Repeat("s ", 250))...)
	total := 0
	for total < 250 {
		_, types := tn.next()
		n := len(strings.Fields(types))
		if n == 0 || n > 100 {
			t.Fatalf("a request has %d events", n)
		}
		total += n
	}
	if total != 250 {
		t.Errorf("the receiver gets %d events, want 250", total)
	}
}

// later advances the clock.
func (tn *tenant) later(d time.Duration) {
	tn.t.Helper()
	if err := tn.clock.Advance(d); err != nil {
		tn.t.Fatal(err)
	}
}
