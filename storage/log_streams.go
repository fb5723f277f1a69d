package storage

import (
	"encoding/json"

	"github.com/tenant0/tenant0/storage/table"
)

// LogStreams is the kind of the documents that describe log streams.
const LogStreams = "log-streams"

// Statuses of a log stream, Auth0: customize/log-streams/check-log-stream-health.
const (
	LogStreamActive    = "active"
	LogStreamPaused    = "paused"
	LogStreamSuspended = "suspended"
)

// LogStream holds the members of a log stream that the server acts on, Auth0:
// customize/log-streams/custom-log-streams.
type LogStream struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Type   string `json:"type"` // http (a webhook), or a service that tenant0 does not deliver to
	Status string `json:"status"`
	// StartFrom is the time of the first event to deliver, "" for the time of the
	// stream's creation.
	StartFrom string `json:"startFrom"`
	Filters   []struct {
		Type string `json:"type"` // category
		Name string `json:"name"` // auth.login.fail, ...
	} `json:"filters"`
	Sink struct {
		Endpoint      string `json:"httpEndpoint"`
		Authorization string `json:"httpAuthorization"`
		ContentType   string `json:"httpContentType"`
		ContentFormat string `json:"httpContentFormat"` // JSONLINES, JSONARRAY, JSONOBJECT
		CustomHeaders []struct {
			Header string `json:"header"`
			Value  string `json:"value"`
		} `json:"httpCustomHeaders"`
	} `json:"sink"`
}

// LogCursor says which events were already delivered to a log stream.
type LogCursor struct {
	StreamID string `json:"stream_id"`
	LogID    string `json:"log_id"` // the last event that was delivered
}

var logCursors = table.Declare(table.Spec[LogCursor]{
	Name: "log_cursors",
	Key:  func(c LogCursor) string { return c.StreamID },
})

// LogStreams returns the streams of type http, whatever their status.
func (tx *Tx) LogStreams() ([]LogStream, error) {
	var all []LogStream
	for e, err := range tx.Documents(LogStreams, "").entries() {
		if err != nil {
			return nil, err
		}
		s, err := decodeLogStream(e)
		if err != nil {
			return nil, err
		}
		if s.Type == "http" {
			all = append(all, s)
		}
	}
	return all, nil
}

// LogStream returns the stream with an id, or an error that wraps ErrNotFound.
func (tx *Tx) LogStream(id string) (s LogStream, err error) {
	e, err := tx.Documents(LogStreams, "").find(id)
	if err != nil {
		return s, err
	}
	return decodeLogStream(e)
}

func decodeLogStream(e Entry) (s LogStream, err error) {
	err = e.decode(&s)
	return s, err
}

// SuspendLogStream gives the stream with an id the status LogStreamSuspended.
func (tx *Tx) SuspendLogStream(id string) error {
	e, err := tx.Documents(LogStreams, "").find(id)
	if err != nil {
		return err
	}
	d, err := decodeDocument(e)
	if err != nil {
		return err
	}
	d["status"] = LogStreamSuspended
	if e.Document, err = json.Marshal(d); err != nil {
		return err
	}
	return tx.Entries.Put(e)
}
