package logstream

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"time"

	"github.com/tenant0/tenant0/server/clock"
	"github.com/tenant0/tenant0/storage"
)

// entry is an event in the format that receivers get.
type entry struct {
	LogID any              `json:"log_id"`
	Data  storage.Document `json:"data"`
}

// payload encodes events in a stream's format, Auth0: customize/log-streams/custom-log-streams.
func payload(format string, events []storage.Document) ([]byte, error) {
	entries := make([]entry, len(events))
	for i, e := range events {
		entries[i] = entry{e["log_id"], e}
	}
	var documents []any
	switch format {
	case "JSONARRAY":
		documents = []any{entries}
	case "JSONOBJECT":
		documents = []any{map[string]any{"logs": entries}}
	default: // JSONLINES
		for _, e := range entries {
			documents = append(documents, e)
		}
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	for _, d := range documents {
		if err := enc.Encode(d); err != nil {
			return nil, err
		}
	}
	return body.Bytes(), nil
}

// AnswerTime is how long the server still waits for the answer to a request when it stops. Without the
// answer, the next server would deliver the same again.
const AnswerTime = time.Second

// send makes one attempt to deliver events. It returns an error unless the receiver answers with a 2xx
// status.
func (d delivery) send(ctx context.Context, stream storage.LogStream, events []storage.Document) error {
	storage.Slow("delivering to a log stream")
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := clock.Finish(ctx, AnswerTime)
	defer cancel()
	body, err := payload(stream.Sink.ContentFormat, events)
	if err != nil {
		return err
	}
	rq, err := http.NewRequestWithContext(ctx, http.MethodPost, stream.Sink.Endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	for _, h := range stream.Sink.CustomHeaders {
		rq.Header.Set(h.Header, h.Value)
	}
	rq.Header.Set("Content-Type", cmp.Or(stream.Sink.ContentType, "application/json"))
	if stream.Sink.Authorization != "" {
		rq.Header.Set("Authorization", stream.Sink.Authorization)
	}
	rq.Header.Set(Header, stream.ID)
	resp, err := d.do(rq)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%w %s", errRefused, resp.Status)
	}
	return nil
}

// same reports whether a stream is unchanged.
func same(a, b storage.LogStream) bool { return reflect.DeepEqual(a, b) }
