package eventstream_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/servertest"
)

// test sends a test event to a stream.
func (tn *tenant) test(stream, kind string) {
	tn.t.Helper()
	delivery := tn.must(http.MethodPost, "event-streams/"+stream+"/test", object{"event_type": kind})
	if delivery["event_stream_id"] != stream || delivery["event_type"] != kind || delivery["event"].(object)["id"] != delivery["id"] {
		tn.t.Errorf("a test answers %v", delivery)
	}
	if delivery["status"] != "pending" {
		tn.t.Errorf("a test answers %v", delivery)
	}
}

func TestAuthorizationOfWebhooks(t *testing.T) {
	tn, r := start(t), receive(t)
	for header, authorization := range map[string]object{
		"Authorization: Bearer a secret":        bearer,
		"Authorization: Basic dXM6YSBzZWNyZXQ=": {"method": "basic", "username": "us", "password": "a secret"},
		"X-Secret: a secret":                    {"method": "custom_header", "header_key": "X-Secret", "header_value": "a secret"},
	} {
		stream := tn.subscribe(r.URL, authorization)
		if shown := fmt.Sprint(tn.must(http.MethodGet, "event-streams/"+stream, nil)); strings.Contains(shown, "a secret") {
			t.Errorf("the API shows %s", shown)
		}
		tn.test(stream, "user.created")
		one := r.next()
		name, value, _ := strings.Cut(header, ": ")
		if one.header.Get(name) != value || one.event["a0purpose"] != "test" || one.event["a0stream"] != stream {
			t.Errorf("the webhook gets %v %v", one.header, one.event)
		}
		tn.must(http.MethodDelete, "event-streams/"+stream, nil)
	}
}

func TestTestEvents(t *testing.T) {
	tn, r := start(t), receive(t)
	stream := tn.subscribe(r.URL, bearer)
	for _, kind := range append(slices.Clone(everything), "group.created", "group.member.added", "group.role.deleted", "organization.group.role.assigned") {
		tn.test(stream, kind)
		one := r.next()
		if data, _ := one.event["data"].(object); one.event["type"] != kind || data["object"] == nil {
			t.Errorf("a test of %s sends %v", kind, one.event)
		}
	}
	tn.must(http.MethodPost, "event-streams/"+stream+"/test", object{"event_type": "user.created", "data": object{"object": object{"user_id": "mine"}}})
	if one := r.next(); fmt.Sprint(one.event["data"]) != "map[object:map[user_id:mine]]" {
		t.Errorf("a test with data of its own sends %v", one.event)
	}
	for _, body := range []object{{}, {"event_type": "user.invented"}, {"event_type": "user.created", "data": "text"}} {
		if status, answer := tn.Manage(tn.client, http.MethodPost, "event-streams/"+stream+"/test", body); status != http.StatusBadRequest {
			t.Errorf("a test of %v: %d %v", body, status, answer)
		}
	}
	tn.must(http.MethodPatch, "event-streams/"+stream, object{"status": "disabled"})
	if status, answer := tn.Manage(tn.client, http.MethodPost, "event-streams/"+stream+"/test", object{"event_type": "user.created"}); status != http.StatusBadRequest {
		t.Errorf("a test of a disabled stream: %d %v", status, answer)
	}
}

// TestRetries: a webhook that answers 503 gets an event four times, with pauses that double; one that answers
// 429 gets it once. Failed deliveries are listed, and redelivered on request.
func TestRetries(t *testing.T) {
	tn, r := start(t), receive(t)
	stream := tn.subscribe(r.URL, bearer, "user.created", "user.updated")
	r.answer(func(one told) int {
		if one.event["type"] == "user.updated" {
			return http.StatusTooManyRequests
		}
		return http.StatusServiceUnavailable
	})
	began := time.Now()
	tn.must(http.MethodPost, "users", object{"connection": "Username-Password-Authentication", "email": "ben@example.com", "password": "a password of ben"})
	var ids []string
	for range 4 {
		ids = append(ids, r.next().event["id"].(string))
	}
	if took := time.Since(began); len(slices.Compact(slices.Clone(ids))) != 1 || took < 7*time.Second {
		t.Errorf("within %v the webhook is told of %v", took, ids)
	}
	tn.failed(stream, 1)
	tn.must(http.MethodPatch, "users/auth0%7Cann", object{"nickname": "annie"})
	updated := r.next().event["id"].(string)
	deliveries := tn.failed(stream, 2)
	path := "event-streams/" + stream
	for i, want := range []struct {
		kind, id, cause string
		attempts        int
	}{{"user.created", ids[0], "503 Service Unavailable", 4}, {"user.updated", updated, "429 Too Many Requests", 1}} {
		d := deliveries[i]
		attempts := d["attempts"].([]any)
		attempt := attempts[len(attempts)-1].(object)
		if d["id"] != want.id || d["status"] != "failed" || d["event_stream_id"] != stream || d["event_type"] != want.kind || d["event"].(object)["id"] != want.id {
			t.Errorf("a delivery is %v", d)
		}
		if len(attempts) != want.attempts || attempt["status"] != "failed" || attempt["timestamp"] == nil || !strings.HasSuffix(attempt["error_message"].(string), want.cause) {
			t.Errorf("the attempts are %v", attempts)
		}
		if one := tn.must(http.MethodGet, path+"/deliveries/"+want.id, nil); fmt.Sprint(one) != fmt.Sprint(d) {
			t.Errorf("a delivery by its id is %v", one)
		}
	}
	for query, want := range map[string]int{
		"?statuses=failed": 2, "?event_types=user.created": 1, "?event_types=user.created,user.updated": 2, "?event_types=user.deleted": 0,
		"?take=1":                         1,
		"?date_from=2020-01-01T00:00:00Z": 2, "?date_to=2020-01-01T00:00:00Z": 0, "?date_from=2099-01-01T00:00:00Z": 0, "?date_to=2099-01-01T00:00:00Z": 2,
	} {
		if got := tn.deliveries(stream, query); len(got) != want {
			t.Errorf("%s lists %d deliveries, want %d", query, len(got), want)
		}
	}
	next, _ := tn.must(http.MethodGet, path+"/deliveries?take=1", nil)["next"].(string)
	if second := tn.deliveries(stream, "?take=1&from="+next); len(second) != 1 || second[0]["id"] != updated {
		t.Errorf("the second page lists %v", second)
	}
	for _, query := range []string{"?statuses=pending", "?date_from=yesterday", "?take=0", "?take=101"} {
		if status, answer := tn.Manage(tn.client, http.MethodGet, path+"/deliveries"+query, nil); status != http.StatusBadRequest {
			t.Errorf("%s: %d %v", query, status, answer)
		}
	}
	tn.redelivers(r, path, ids[0], updated)
}

// redelivers requests redelivery of two failed events.
func (tn *tenant) redelivers(r *receiver, path, created, updated string) {
	t := tn.t
	stream := strings.TrimPrefix(path, "event-streams/")
	if status, answer := tn.Manage(tn.client, http.MethodPost, path+"/redeliver/evt_0000000000000000000000", nil); status != http.StatusNotFound {
		t.Errorf("an event that there is not: %d %v", status, answer)
	}
	if status, answer := tn.Manage(tn.client, http.MethodPost, path+"/redeliver", object{"date_from": "yesterday"}); status != http.StatusBadRequest {
		t.Errorf("a date that is none: %d %v", status, answer)
	}
	asked, again := make(chan struct{}), make(chan struct{})
	r.answer(func(told) int { close(asked); <-again; return http.StatusNotFound })
	tn.must(http.MethodPost, path+"/redeliver/"+updated, nil) // which is refused again
	select {
	case <-asked:
	case <-time.After(servertest.Patience):
		t.Fatal("nothing is redelivered")
	}
	if status, answer := tn.Manage(tn.client, http.MethodPost, path+"/redeliver/"+updated, nil); status != http.StatusConflict {
		t.Errorf("an event that is being redelivered: %d %v", status, answer)
	}
	close(again)
	if id := r.next().event["id"]; id != updated {
		t.Errorf("redelivered is %v", id)
	}
	deliveries := tn.failed(stream, 2)
	if attempts := deliveries[1]["attempts"].([]any); len(attempts) != 2 {
		t.Errorf("the attempts are %v", attempts)
	}
	r.answer(func(told) int { return http.StatusOK })
	tn.must(http.MethodPatch, path, object{"status": "disabled"}) // what is asked for is delivered all the same
	if answer := tn.must(http.MethodPost, path+"/redeliver", object{"event_types": []any{"user.created"}, "statuses": []any{"failed"}}); fmt.Sprint(answer["event_types"]) != "[user.created]" {
		t.Errorf("redelivery answers %v", answer)
	}
	if id := r.next().event["id"]; id != created {
		t.Errorf("redelivered is %v", id)
	}
	tn.failed(stream, 1)
	tn.must(http.MethodPost, path+"/redeliver", object{})
	if id := r.next().event["id"]; id != updated {
		t.Errorf("redelivered is %v", id)
	}
	tn.failed(stream, 0)
}

// TestAStreamThatFailsTooOftenIsDisabled after 500 failures in a row.
func TestAStreamThatFailsTooOftenIsDisabled(t *testing.T) {
	const most = 500
	tn, r := start(t), receive(t)
	stream := tn.subscribe(r.URL, bearer, "user.created")
	r.answer(func(told) int { return http.StatusBadRequest })
	status := func() any { return tn.must(http.MethodGet, "event-streams/"+stream, nil)["status"] }
	add := func(from, to int) {
		var users []object
		for n := from; n < to; n++ {
			users = append(users, object{"email": fmt.Sprintf("user%d@example.com", n)})
		}
		raw, err := json.Marshal(object{"connection": "Username-Password-Authentication", "users": users})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.Post(tn.ControlURL()+"/import", "application/json", strings.NewReader(string(raw)))
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("the import: %v %v", resp, err)
		}
		resp.Body.Close()
	}
	add(0, most-1)
	for range most - 1 {
		r.next()
	}
	if got := status(); got != "enabled" {
		t.Errorf("after %d failures the stream is %v", most-1, got)
	}
	add(most-1, most)
	r.next()
	for deadline := time.Now().Add(servertest.Patience); status() != "disabled"; {
		if time.Now().After(deadline) {
			t.Fatalf("after %d failures the stream is %v", most, status())
		}
	}
	if log := tn.Log(); !strings.Contains(log, "event stream disabled") {
		t.Errorf("the server's log says nothing of it: %s", log)
	}
	tn.must(http.MethodPatch, "event-streams/"+stream, object{"status": "enabled"})
	add(most, most+1)
	r.next()
	if got := status(); got != "enabled" {
		t.Errorf("after another failure the stream is %v", got)
	}
}

// TestOtherDestinationsGetNothing: deliveries to them fail with an error that says so.
func TestOtherDestinationsGetNothing(t *testing.T) {
	tn := start(t)
	stream := tn.must(http.MethodPost, "event-streams", object{
		"name": "bus", "subscriptions": []object{{"event_type": "user.updated"}},
		"destination": object{"type": "eventbridge", "configuration": object{"aws_account_id": "123456789012", "aws_region": "us-east-1"}},
	})["id"].(string)
	tn.must(http.MethodPatch, "users/auth0%7Cann", object{"nickname": "annie"})
	tn.test(stream, "user.created")
	d := tn.failed(stream, 1)[0]
	attempt := d["attempts"].([]any)[0].(object)
	if d["event_type"] != "user.created" || !strings.Contains(attempt["error_message"].(string), "not emulated by tenant0") {
		t.Errorf("the delivery is %v", d)
	}
}

// TestEventsDoNotReachTheControlListener, and a webhook's URL must be http or https.
func TestEventsDoNotReachTheControlListener(t *testing.T) {
	tn := start(t)
	stream := tn.subscribe(tn.ControlURL()+"/reset", bearer)
	tn.test(stream, "user.created")
	attempts := tn.failed(stream, 1)[0]["attempts"].([]any)
	if text := attempts[0].(object)["error_message"].(string); !strings.Contains(text, "may not lead to the control listener") {
		t.Errorf("a delivery to the control listener: %s", text)
	}
	for _, url := range []string{"file:///etc/passwd", "http://a b/", "gopher://a.test/", "a.test"} {
		status, answer := tn.Manage(tn.client, http.MethodPost, "event-streams", object{"destination": object{
			"type": "webhook", "configuration": object{"webhook_endpoint": url, "webhook_authorization": bearer},
		}})
		if status != http.StatusBadRequest {
			t.Errorf("a stream to %s: %d %v", url, status, answer)
		}
	}
}

// TestAnEventOutlivesTheServerThatDeliversIt stops a server while a webhook has not answered yet: the
// webhook gets the same event after the next start.
func TestAnEventOutlivesTheServerThatDeliversIt(t *testing.T) {
	r := receive(t)
	asked, answer := make(chan struct{}), make(chan struct{})
	var times atomic.Int32
	r.answer(func(told) int {
		if times.Add(1) == 1 {
			close(asked)
			<-answer
		}
		return http.StatusNoContent
	})
	data := t.TempDir()
	again := func() *tenant {
		return start(t, servertest.Config(func(c *config.Config) { c.Data, c.Ephemeral = data, false }))
	}
	first := again()
	first.subscribe(r.URL, bearer, "user.updated")
	first.must(http.MethodPatch, "users/auth0%7Cann", object{"nickname": "annie"})
	select {
	case <-asked:
	case <-time.After(servertest.Patience):
		t.Fatal("the webhook is told nothing")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	close(answer)
	told := r.next()
	second := again()
	if one := r.next(); one.event["id"] != told.event["id"] || one.event["type"] != "user.updated" {
		t.Errorf("after the next start the webhook is told %v, and before %v", one.event, told.event)
	}
	second.must(http.MethodPatch, "users/auth0%7Cann", object{"nickname": "ann"})
	if one := r.next(); one.event["id"] == told.event["id"] {
		t.Error("the webhook is told a third time")
	}
}
