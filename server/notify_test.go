package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/config"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/servertest"
	"github.com/tenant0/tenant0/storage"
)

// inStore runs fn on the store of a server that has stopped.
func inStore(t *testing.T, s *servertest.Server, fn func(*storage.Tx) error) {
	t.Helper()
	db, err := storage.Open(s.OpenData())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func TestLogStreamGetsLogins(t *testing.T) {
	got := make(chan string, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var entries []struct {
			Data struct {
				Type string `json:"type"`
			} `json:"data"`
		}
		if err := json.NewDecoder(r.Body).Decode(&entries); err != nil || r.Header.Get("Authorization") != "secret" {
			got <- "unreadable"
		}
		for _, e := range entries {
			got <- e.Data.Type
		}
	}))
	t.Cleanup(receiver.Close)
	data := t.TempDir()
	there := servertest.Config(func(c *config.Config) { c.Data = data })
	stopped := servertest.Start(t, there)
	if err := stopped.Close(); err != nil {
		t.Fatal(err)
	}
	inStore(t, stopped, func(tx *storage.Tx) error {
		return tx.Documents(storage.LogStreams, "").Put(storage.Write{ID: "lst_1", Document: storage.Document{
			"id": "lst_1", "name": "receiver", "type": "http", "status": "active",
			"sink": storage.Document{"httpEndpoint": receiver.URL, "httpContentFormat": "JSONARRAY", "httpAuthorization": "secret"},
		}})
	})

	s := servertest.Start(t, there)
	browser := s.Client()
	s.Exchange(browser, s.Login(browser, servertest.Login{}))
	for _, want := range []string{"s", "seacft"} {
		select {
		case kind := <-got:
			if kind != want {
				t.Errorf("the receiver gets %q, want %q", kind, want)
			}
		case <-time.After(servertest.Patience):
			t.Fatalf("the receiver does not get %q", want)
		}
	}
}

func TestEmailGoesToTheTenantsProvider(t *testing.T) {
	s := servertest.Start(t)
	client := s.Client()
	_, token := s.Token(client, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {servertest.Management}, "client_secret": {servertest.ManagementSecret},
		"audience": {s.URL + "api/v2/"},
	})
	set := func(method string, provider map[string]any) {
		t.Helper()
		raw, err := json.Marshal(provider)
		if err != nil {
			t.Fatal(err)
		}
		rq, err := http.NewRequestWithContext(t.Context(), method, s.URL+"api/v2/emails/provider", bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Authorization", "Bearer "+token["access_token"].(string))
		rq.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); resp.StatusCode/100 != 2 {
			t.Fatalf("%s: %d %s", method, resp.StatusCode, body)
		}
	}
	mail := outbox.Message{Kind: outbox.WelcomeEmail, To: servertest.Employee, Subject: "Welcome"}
	if m := s.Outbox().Send(mail); m.Delivery != outbox.Captured {
		t.Errorf("without a provider a message is %s", m.Delivery)
	}

	var lc net.ListenConfig
	nobody, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(nobody.Addr().String())
	number, _ := strconv.Atoi(port)
	nobody.Close()
	set(http.MethodPost, map[string]any{
		"name": "smtp", "enabled": true, "default_from_address": "tenant@example.com",
		"credentials": map[string]any{"smtp_host": "127.0.0.1", "smtp_port": number, "smtp_user": "u", "smtp_pass": "p"},
	})
	m := s.Outbox().Send(mail)
	for deadline := time.Now().Add(servertest.Patience); m.Delivery == outbox.Queued && time.Now().Before(deadline); {
		m, _, _ = s.Outbox().Get(m.ID)
	}
	if m.Delivery != outbox.Failed || m.From != "tenant@example.com" || !strings.Contains(m.Error, "127.0.0.1:"+port) {
		t.Errorf("with nobody at the provider's address the message is %+v", m)
	}
	if got := s.WaitForMessage(servertest.Employee, outbox.WelcomeEmail); got != m {
		t.Errorf("the inbox has %+v, want %+v", got, m)
	}

	set(http.MethodPatch, map[string]any{"enabled": false})
	if m := s.Outbox().Send(mail); m.Delivery != outbox.Captured {
		t.Errorf("with a disabled provider a message is %s", m.Delivery)
	}
	s.Reset()
	if left, err := s.Outbox().List(outbox.Filter{}); err != nil || len(left) != 0 {
		t.Errorf("after a reset the inbox has %v", left)
	}
}

func TestEmailThatFailsIsAnEvent(t *testing.T) {
	data := t.TempDir()
	s := servertest.Start(t, servertest.Config(func(c *config.Config) { c.Data = data }))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	inStore(t, s, func(tx *storage.Tx) error {
		return tx.Documents("emails/provider", "").Put(storage.Write{ID: "settings", Document: storage.Document{
			"name": "smtp", "enabled": true, "default_from_address": "no address",
		}})
	})
	s = servertest.Start(t, servertest.Config(func(c *config.Config) { c.Data = data }))
	m := s.Outbox().Send(outbox.Message{Kind: outbox.VerifyEmail, To: servertest.Employee})
	for deadline := time.Now().Add(servertest.Patience); m.Delivery == outbox.Queued && time.Now().Before(deadline); {
		m, _, _ = s.Outbox().Get(m.ID)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var events []storage.Document
	inStore(t, s, func(tx *storage.Tx) error {
		for d, err := range tx.Logs.After("") {
			if err != nil {
				return err
			}
			events = append(events, d)
		}
		return nil
	})
	details, _ := events[len(events)-1]["details"].(map[string]any)
	if events[len(events)-1]["type"] != "fn" || details["email_type"] != outbox.VerifyEmail || details["to"] != servertest.Employee {
		t.Errorf("the log ends with %v", events[len(events)-1])
	}
}
