package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage/postgres/pgtest"
)

// TestAnEventPassesToAnotherServer cuts the server that delivers events off its database, so that it loses
// its lease: another server delivers the current event again, and each later event once.
func TestAnEventPassesToAnotherServer(t *testing.T) {
	database := pgtest.Shared(t)
	store := database.Empty(t)
	proxy := pgtest.NewProxy(t, database.Addr())
	told, answer := make(chan [2]string, 100), make(chan struct{})
	var asked atomic.Int32
	webhook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event struct {
			ID   string `json:"id"`
			Data struct {
				Object struct {
					Name string `json:"name"`
				} `json:"object"`
			} `json:"data"`
		}
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
			t.Error(err)
		}
		wait := asked.Add(1) == 1
		told <- [2]string{event.Data.Object.Name, event.ID}
		if wait {
			<-answer
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(webhook.Close)
	one := cluster(t, 1, proxy.URL(t, store))[0] // the first to start is the first to deliver
	two := elsewhere(t, store, one)
	make := func(s *servertest.Server, name string) {
		t.Helper()
		if status, body := one.Manage(of(s), http.MethodPost, "organizations", map[string]any{"name": name}); status != http.StatusCreated {
			t.Fatal(status, body)
		}
	}
	next := func() [2]string {
		t.Helper()
		select {
		case event := <-told:
			return event
		case <-time.After(servertest.Patience):
			t.Fatal("the webhook is told nothing")
			return [2]string{}
		}
	}
	status, body := one.Manage(of(one), http.MethodPost, "event-streams", map[string]any{
		"name": "hook", "subscriptions": []any{map[string]any{"event_type": "organization.created"}}, "destination": map[string]any{
			"type": "webhook", "configuration": map[string]any{"webhook_endpoint": webhook.URL, "webhook_authorization": map[string]any{"method": "bearer", "token": "t"}},
		},
	})
	if status != http.StatusCreated {
		t.Fatal(status, body)
	}
	make(two, "zero") // an event of a server that does not deliver
	held := next()
	if held[0] != "zero" {
		t.Fatalf("the webhook is told %v", held)
	}
	proxy.Let(false)
	proxy.Cut()
	if again := next(); again != held {
		t.Errorf("the other server delivers %v, and the one that died had %v", again, held)
	}
	close(answer)
	make(two, "one-more")
	if event := next(); event[0] != "one-more" {
		t.Errorf("the webhook is told %v", event)
	}
	proxy.Let(true) // the first is back, and delivers nothing twice
	for deadline := time.Now().Add(servertest.Patience); ; {
		if status, _ := controlStatus(t, one, "/readyz"); status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the first server does not come back")
		}
		time.Sleep(20 * time.Millisecond)
	}
	make(one, "last")
	if event := next(); event[0] != "last" {
		t.Errorf("the webhook is told %v", event)
	}
}
