package e2e_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/servertest"
)

// listener is a webhook that remembers the events about the user whose metadata all clients write.
type listener struct {
	*httptest.Server
	mu     sync.Mutex
	told   map[string]bool // "key=value"
	events map[string]int  // how often each event has come
}

func listen(t *testing.T) *listener {
	t.Helper()
	l := &listener{told: map[string]bool{}, events: map[string]int{}}
	l.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var event struct {
			ID   string
			Data struct {
				Object struct {
					Metadata map[string]string `json:"user_metadata"`
				}
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
			t.Error(err)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.events[event.ID]++
		for key, value := range event.Data.Object.Metadata {
			l.told[key+"="+value] = true
		}
	}))
	t.Cleanup(l.Close)
	return l
}

// subscribe creates an event stream that sends changes of users to the webhook.
func (l *listener) subscribe(s *storm) {
	s.t.Helper()
	c := s.newClient("subscriber")
	c.machine = s.machineToken(s.issuer + "api/v2/")
	status, _, body, err := c.fetch(http.MethodPost, c.issuer+"api/v2/event-streams", "application/json", fmt.Sprintf(
		`{"name":"hook","subscriptions":[{"event_type":"user.updated"}],"destination":{"type":"webhook","configuration":{"webhook_endpoint":%q,"webhook_authorization":{"method":"bearer","token":"t"}}}}`, l.URL))
	if err != nil || status != http.StatusCreated {
		s.t.Fatalf("the event stream: %d %v %s", status, err, body)
	}
}

// check waits until the webhook has got everything that was acknowledged and still exists.
func (l *listener) check(s *storm, book map[string]*entry) {
	s.t.Helper()
	missing := func() (keys []string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, key := range slices.Sorted(maps.Keys(book)) {
			if value := book[key].acknowledged; value != "" && !l.told[key+"="+value] {
				keys = append(keys, key+"="+value)
			}
		}
		return keys
	}
	for deadline := time.Now().Add(servertest.Patience); ; {
		keys := missing()
		if len(keys) == 0 {
			return
		}
		if time.Now().After(deadline) {
			s.t.Errorf("the webhook was not told of %v", keys)
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}

// counts returns the number of events that have come, and how many of them came more than once.
func (l *listener) counts() (all, twice int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.events {
		if n > 1 {
			twice++
		}
	}
	return len(l.events), twice
}
