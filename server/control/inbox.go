package control

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/web"
)

// How long GET /inbox/wait waits by default and at most. The listener has no timeout for
// responses.
const (
	defaultWait = 10 * time.Second
	maxWait     = 5 * time.Minute
)

// chosen reads the filter for messages from the query parameters to, kind and after.
func chosen(r *http.Request) outbox.Filter {
	q := r.URL.Query()
	return outbox.Filter{To: q.Get("to"), Kind: q.Get("kind"), After: q.Get("after")}
}

// listInbox lists the messages that the server has sent, the newest first.
//
//auth0:operation GET /inbox
func (m *room) listInbox(w http.ResponseWriter, r *http.Request) error {
	all, err := m.Outbox.List(chosen(r))
	if err != nil {
		return err
	}
	return web.Reply(w, http.StatusOK, all)
}

//auth0:operation GET /inbox/{id}
func (m *room) getMessage(w http.ResponseWriter, r *http.Request) error {
	id := web.Param(r, "id")
	message, ok, err := m.Outbox.Get(id)
	if err != nil {
		return err
	}
	if !ok {
		return &apierr.Error{Status: http.StatusNotFound, Code: "unknown_message", Message: "There is no message " + id + "; it may have been sent before a reset"}
	}
	return web.Reply(w, http.StatusOK, message)
}

// waitForMessage waits until there is a message that matches the filter, and answers with
// the newest one.
//
//auth0:operation GET /inbox/wait
func (m *room) waitForMessage(w http.ResponseWriter, r *http.Request) error {
	timeout := defaultWait
	if text := r.URL.Query().Get("timeout"); text != "" {
		var err error
		if timeout, err = time.ParseDuration(text); err != nil || timeout < 0 || timeout > maxWait {
			return apierr.InvalidParameter("timeout", "must be a duration of at most 5m, such as 500ms or 10s")
		}
	}
	f := chosen(r)
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	message, err := m.Outbox.Wait(ctx, f)
	if errors.Is(err, context.DeadlineExceeded) {
		return noMessage(f, timeout)
	}
	if err != nil {
		return err
	}
	return web.Reply(w, http.StatusOK, message)
}

func noMessage(f outbox.Filter, timeout time.Duration) error {
	message := "No message"
	if f.Kind != "" {
		message += " of kind " + f.Kind
	}
	if f.To != "" {
		message += " to " + f.To
	}
	return &apierr.Error{
		Status: http.StatusRequestTimeout, Code: "no_message",
		Message: message + " came within " + timeout.String() + "; GET /inbox lists what was sent",
	}
}

//auth0:operation DELETE /inbox
func (m *room) clearInbox(w http.ResponseWriter, _ *http.Request) error {
	if err := m.Outbox.Clear(); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
