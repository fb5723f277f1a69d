package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/logstream"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage"
)

// stream creates a log stream to an endpoint.
func (p pages) stream(endpoint string) (status int, id, message string) {
	p.t.Helper()
	status, got := p.Manage(p.client, http.MethodPost, "log-streams", map[string]any{
		"name": "stream", "type": "http", "sink": map[string]any{"httpEndpoint": endpoint, "httpContentFormat": "JSONLINES"},
	})
	answer, _ := got.(map[string]any)
	id, _ = answer["id"].(string)
	message, _ = answer["message"].(string)
	return status, id, message
}

// TestLogStreamsDoNotReachTheControlListener, however its address is written: the streams request a
// reset there, which would delete the application Mark.
func TestLogStreamsDoNotReachTheControlListener(t *testing.T) {
	p := startPages(t)
	control, err := url.Parse(p.ControlURL())
	if err != nil {
		t.Fatal(err)
	}
	redirect := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, p.ControlURL()+"/reset", http.StatusTemporaryRedirect)
	}))
	t.Cleanup(redirect.Close)
	mark := p.manage(http.StatusCreated, http.MethodPost, "clients", map[string]any{"name": "Mark"})["client_id"].(string)
	var ids []string
	hosts := []string{
		"localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "017700000001",
		"0.0.0.0", "0", "127.0.0.2", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::]", "user:topsecret@127.0.0.1",
	}
	for _, host := range hosts {
		status, id, message := p.stream("http://" + host + ":" + control.Port() + "/reset?token=topsecret")
		if status != http.StatusOK {
			t.Fatalf("a stream to %s is made with %d %s", host, status, message)
		}
		ids = append(ids, id)
	}
	_, id, _ := p.stream(redirect.URL)
	ids = append(ids, id)
	p.eventually("every stream has failed", func() bool {
		for _, id := range ids {
			if !strings.Contains(p.Log(), "cannot deliver\" stream="+id) {
				return false
			}
		}
		return true
	})
	p.manage(http.StatusOK, http.MethodGet, "clients/"+mark, nil)
	for line := range strings.SplitSeq(p.Log(), "\n") {
		if strings.Contains(line, "cannot deliver") && strings.Contains(line, "topsecret") {
			t.Errorf("the log shows credentials of a URL: %s", line)
		}
	}
}

// TestEmailsAreNotDeliveredToTheControlListener, however the tenant's SMTP server is written.
func TestEmailsAreNotDeliveredToTheControlListener(t *testing.T) {
	p := startPages(t)
	control, err := url.Parse(p.ControlURL())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(control.Port())
	if err != nil {
		t.Fatal(err)
	}
	method, status := http.MethodPost, http.StatusCreated
	for _, host := range []string{"localhost", "127.0.0.1", "0.0.0.0", "127.0.0.2", "::1", "::ffff:127.0.0.1"} {
		p.manage(status, method, "emails/provider", map[string]any{
			"name": "smtp", "enabled": true, "default_from_address": "tenant@example.com",
			"credentials": map[string]any{"smtp_host": host, "smtp_port": port, "smtp_user": "u", "smtp_pass": "p"},
		})
		method, status = http.MethodPatch, http.StatusOK
		p.manage(http.StatusCreated, http.MethodPost, "jobs/verification-email", map[string]any{"user_id": employeeID})
		var sent outbox.Message
		p.eventually("the e-mail by "+host+" is delivered or refused", func() bool {
			all := p.Inbox()
			if len(all) > 0 {
				sent = all[len(all)-1]
			}
			return sent.Delivery == outbox.Failed || sent.Delivery == outbox.Sent
		})
		if !strings.Contains(sent.Error, "may not lead to the control listener") {
			t.Errorf("%s: %s %s", host, sent.Delivery, sent.Error)
		}
		p.ClearInbox()
	}
}

// eventually waits for something that happens in the background, and causes log events meanwhile.
func (p pages) eventually(what string, happened func() bool) {
	p.t.Helper()
	for !happened() {
		select {
		case <-p.t.Context().Done():
			p.t.Fatalf("%s: has not happened", what)
		default:
			p.machineToken(servertest.Cron, servertest.CronSecret, servertest.API) // one more event
		}
	}
}

// TestTheControlListenerTakesNothingOfLogStreams, by their header, in case they reach it in a way that
// their HTTP client cannot notice, such as a proxy.
func TestTheControlListenerTakesNothingOfLogStreams(t *testing.T) {
	s := servertest.Start(t)
	for _, path := range []string{"/reset", "/clock/advance", "/import", "/keys/rotate"} {
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.ControlURL()+path, strings.NewReader(`{"by":"1h"}`))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set(logstream.Header, "lst_1")
		resp, err := http.DefaultClient.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

func TestLogStreamsLeadToHTTPAlone(t *testing.T) {
	p := startPages(t)
	for _, endpoint := range []string{
		"file:///etc/passwd", "gopher://127.0.0.1:70/", "ftp://example.com", "unix:/run/a.sock", "javascript:alert(1)", "example.com", "/path", "", "http://", "https:///path", "http:example.com", "://", "http://a b/",
	} {
		status, _, message := p.stream(endpoint)
		if status != http.StatusBadRequest || !strings.HasPrefix(message, "Payload validation error: '") || !strings.HasSuffix(message, "on property sink.httpEndpoint.") {
			t.Errorf("%q: %d %s", endpoint, status, message)
		}
	}
	status, id, message := p.stream("https://user:topsecret@receiver.invalid/logs")
	if status != http.StatusOK {
		t.Fatalf("https: %d %s", status, message)
	}
	for _, sink := range []any{map[string]any{"httpEndpoint": "file:///etc/passwd"}, map[string]any{"httpEndpoint": 1}, map[string]any{"httpEndpoint": nil}} {
		if status, got := p.Manage(p.client, http.MethodPatch, "log-streams/"+id, map[string]any{"sink": sink}); status != http.StatusBadRequest {
			t.Errorf("a change to %v: %d %v", sink, status, got)
		}
	}
	p.eventually("the operation is in the tenant's log", func() bool {
		_, events := p.Manage(p.client, http.MethodGet, "logs?q=type:sapi&per_page=100", nil)
		return strings.Contains(fmt.Sprint(events), "receiver.invalid")
	})
	if _, events := p.Manage(p.client, http.MethodGet, "logs?per_page=100", nil); strings.Contains(fmt.Sprint(events), "topsecret") {
		t.Errorf("the tenant's log shows credentials of a URL: %v", events)
	}
}

// TestStoredLogStreamsOfOtherSchemesAreNotSent: a store may hold endpoints that an earlier version accepted.
func TestStoredLogStreamsOfOtherSchemesAreNotSent(t *testing.T) {
	data := t.TempDir()
	there := servertest.Config(func(c *config.Config) { c.Data = data })
	stopped := servertest.Start(t, there)
	if err := stopped.Close(); err != nil {
		t.Fatal(err)
	}
	endpoints := []string{"file:///etc/passwd", "gopher://127.0.0.1:70/", "://"}
	inStore(t, stopped, func(tx *storage.Tx) error {
		for i, endpoint := range endpoints {
			id := fmt.Sprintf("lst_%d", i)
			err := tx.Documents(storage.LogStreams, "").Put(storage.Write{ID: id, Document: storage.Document{
				"id": id, "name": id, "type": "http", "status": "active", "sink": storage.Document{"httpEndpoint": endpoint},
			}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	s := servertest.Start(t, there)
	p := pages{s, s.Client(), t}
	p.eventually("every stream has failed", func() bool { return strings.Count(s.Log(), "cannot deliver") >= len(endpoints) })
	if !strings.Contains(s.Log(), "and not to one of file") {
		t.Error("the log does not say why")
	}
}
