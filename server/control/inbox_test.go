package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/control"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/web"
)

// inbox is a control listener with an outbox behind it.
type inbox struct {
	*outbox.Outbox
	url string
	t   *testing.T
}

// only is a process with a single tenant.
type only struct{ tenant control.Tenant }

var errOnly = errors.New("there is one tenant alone")

func (o only) Tenant(name string) (control.Tenant, bool) { return o.tenant, name == "" }
func (o only) List() []control.Description               { return nil }
func (o only) Create(context.Context, control.NewTenant) (control.Description, error) {
	return control.Description{}, errOnly
}
func (o only) Delete(string) error { return errOnly }

func openInbox(t *testing.T) inbox {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	box := outbox.New(outbox.Deps{Now: clock.New().Now, Log: log})
	rt := web.NewRouter(log)
	control.Mount(rt, control.Deps{Tenants: only{control.Tenant{Outbox: box, Refresh: func(context.Context) error { return nil }}}})
	s := httptest.NewUnstartedServer(rt)
	s.Config.ReadTimeout = 2 * time.Second // shorter than the wait below, and long for a busy machine
	s.Start()
	t.Cleanup(s.Close)
	return inbox{box, s.URL, t}
}

// call sends a request and returns the status and body of the answer.
func (b inbox) call(method, path string, header ...string) (int, string) {
	b.t.Helper()
	rq, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		rq.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestInbox(t *testing.T) {
	b := openInbox(t)
	if status, body := b.call(http.MethodGet, "/inbox"); status != http.StatusOK || body != "[]" {
		t.Errorf("an empty inbox is %d %s", status, body)
	}
	b.Send(outbox.Message{Kind: outbox.VerifyEmail, To: "jane@example.com", Link: "https://example.com/?a=1&b=2"})
	b.Send(outbox.Message{Kind: outbox.OTPVerify, To: "+15550100", Channel: outbox.SMS, Code: "123456"})

	var all []outbox.Message
	_, body := b.call(http.MethodGet, "/inbox?to=%2B15550100")
	if err := json.Unmarshal([]byte(body), &all); err != nil || len(all) != 1 || all[0].Code != "123456" {
		t.Errorf("the text message is %s, %v", body, err)
	}
	status, body := b.call(http.MethodGet, "/inbox/msg_1")
	if status != http.StatusOK || !strings.Contains(body, `"link":"https://example.com/?a=1&b=2"`) {
		t.Errorf("the first message is %d %s", status, body)
	}
	if status, body := b.call(http.MethodGet, "/inbox/msg_9"); status != http.StatusNotFound || !strings.Contains(body, "unknown_message") {
		t.Errorf("a message that is not there is %d %s", status, body)
	}
	if status, _ := b.call(http.MethodDelete, "/inbox"); status != http.StatusNoContent {
		t.Errorf("DELETE: %d", status)
	}
	if left, err := b.List(outbox.Filter{}); err != nil || len(left) != 0 {
		t.Errorf("after DELETE there are %v, %v", left, err)
	}
}

func TestInboxWait(t *testing.T) {
	b := openInbox(t)
	answered := make(chan string, 1)
	go func() {
		_, body := b.call(http.MethodGet, "/inbox/wait?to=jane@example.com&kind=reset_email&timeout=5m")
		answered <- body
	}()
	select {
	case body := <-answered:
		t.Fatalf("answered before there is a message: %s", body)
	case <-time.After(3 * time.Second):
	}
	b.Send(outbox.Message{Kind: outbox.ResetEmail, To: "jane@example.com", Code: "4711", Link: "https://example.com/reset"})
	var m outbox.Message
	if err := json.Unmarshal([]byte(<-answered), &m); err != nil || m.Code != "4711" || m.Link != "https://example.com/reset" {
		t.Errorf("the message is %+v, %v", m, err)
	}

	status, body := b.call(http.MethodGet, "/inbox/wait?to=john@example.com&kind=reset_email&timeout=100ms")
	want := "No message of kind reset_email to john@example.com came within 100ms; GET /inbox lists what was sent"
	if status != http.StatusRequestTimeout || !strings.Contains(body, want) {
		t.Errorf("without a message: %d %s", status, body)
	}
	for _, timeout := range []string{"soon", "-1s", "1h"} {
		if status, body := b.call(http.MethodGet, "/inbox/wait?timeout="+timeout); status != http.StatusBadRequest {
			t.Errorf("timeout %s: %d %s", timeout, status, body)
		}
	}
}

func TestInboxIsNotForWebPages(t *testing.T) {
	b := openInbox(t)
	for _, path := range []string{"/inbox", "/inbox/msg_1", "/inbox/wait?timeout=1ms"} {
		if status, body := b.call(http.MethodGet, path, "Origin", "https://evil.example"); status != http.StatusForbidden {
			t.Errorf("a page of another site gets %d %s of %s", status, body, path)
		}
	}
}
