package servertest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	"github.com/tenant0/tenant0/server/outbox"
)

// WaitForMessage waits for a message of a kind to an address, and returns the
// newest one. It fails the test if none is sent within Patience.
func (s *Server) WaitForMessage(to, kind string) outbox.Message {
	s.tb.Helper()
	query := url.Values{"to": {to}, "kind": {kind}, "timeout": {Patience.String()}}
	rq, err := http.NewRequestWithContext(s.tb.Context(), http.MethodGet, s.ControlURL()+"/inbox/wait?"+query.Encode(), nil)
	if err != nil {
		s.tb.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(rq)
	if err != nil {
		s.tb.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.tb.Fatalf("message of kind %s to %s: %s %s %v", kind, to, resp.Status, body, err)
	}
	var m outbox.Message
	if err := json.Unmarshal(body, &m); err != nil {
		s.tb.Fatal(err)
	}
	return m
}

// Inbox returns the messages that the server has sent, oldest first.
func (s *Server) Inbox() (all []outbox.Message) {
	s.tb.Helper()
	resp, err := http.Get(s.ControlURL() + "/inbox") //nolint:noctx // it is answered at once
	if err != nil {
		s.tb.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		s.tb.Fatal(err)
	}
	return all
}

// ClearInbox forgets the messages that the server has sent.
func (s *Server) ClearInbox() {
	s.tb.Helper()
	s.control(http.MethodDelete, "/inbox", nil)
}
