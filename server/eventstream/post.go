package eventstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/server/logstream"
	"github.com/tenant0/tenant0/storage"
)

var (
	errDisabled    = errors.New("the event stream is disabled")
	errDestination = errors.New("the destination of the event stream is not emulated by tenant0; webhooks are")
)

// refuses returns the reason why a delivery is not sent, or nil if it is.
func (s stream) refuses(d Delivery) error {
	switch {
	case !s.delivers():
		return errDestination
	case s.Status != enabled && !d.Asked:
		return errDisabled
	}
	return nil
}

// post makes one attempt; final says that another attempt would be useless.
func (s *Streams) post(ctx context.Context, to stream, event storage.Document) (final bool, err error) {
	storage.Slow("delivering to an event stream")
	if err := ctx.Err(); err != nil {
		return true, err
	}
	ctx, cancel := clock.Finish(ctx, logstream.AnswerTime)
	defer cancel()
	body, err := json.Marshal(event)
	if err != nil {
		return true, err
	}
	rq, err := http.NewRequestWithContext(ctx, http.MethodPost, to.Destination.Configuration.Endpoint, bytes.NewReader(body))
	if err != nil {
		return true, errors.New("the endpoint is no URL") // without the endpoint, which may contain a secret
	}
	rq.Header.Set("Content-Type", "application/json")
	switch with := to.Destination.Configuration.Authorization; with.Method {
	case "basic":
		rq.SetBasicAuth(with.Username, with.Password)
	case "bearer":
		rq.Header.Set("Authorization", "Bearer "+with.Token)
	case "custom_header":
		rq.Header.Set(with.HeaderKey, with.HeaderValue)
	}
	resp, err := s.Do(rq)
	if err != nil {
		return false, logstream.Cause(err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	if resp.StatusCode/100 == 2 {
		return false, nil
	}
	return resp.StatusCode/100 == 4, fmt.Errorf("the receiver answered %s", resp.Status)
}
