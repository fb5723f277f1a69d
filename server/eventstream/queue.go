package eventstream

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Kinds of documents that belong to an event stream: deliveries, with the id of the event, and a document
// that counts failures.
const (
	deliveryKind = "event-stream-deliveries"
	failureKind  = "event-stream-failures"
)

// Parts are the kinds of documents that belong to an event stream.
var Parts = []string{deliveryKind, failureKind}

// Statuses of deliveries. Successful deliveries are deleted.
const (
	Pending = "pending"
	Failed  = "failed"
)

const (
	// A stream is disabled after mostFailed failed deliveries in total or mostInRow consecutive ones,
	// Auth0: customize/events/event-testing-observability-and-failure-recovery.
	mostFailed = 5000
	mostInRow  = 500
	// mostKept is the limit of stored deliveries, pending and failed, of one stream. If there are more,
	// the stream is disabled.
	mostKept = 2 * mostFailed
	// mostAttempts is how many attempts of a delivery are kept, the latest ones.
	mostAttempts = 40
)

// stream has the members of an event stream that the server needs.
type stream struct {
	ID            string `json:"id"`
	Status        string `json:"status"`
	Subscriptions []struct {
		EventType string `json:"event_type"`
	} `json:"subscriptions"`
	Destination struct {
		Type          string `json:"type"`
		Configuration struct {
			Endpoint      string `json:"webhook_endpoint"`
			Authorization struct {
				Method      string `json:"method"`
				Token       string `json:"token"`
				Username    string `json:"username"`
				Password    string `json:"password"`
				HeaderKey   string `json:"header_key"`
				HeaderValue string `json:"header_value"`
			} `json:"webhook_authorization"`
		} `json:"configuration"`
	} `json:"destination"`
}

const enabled = "enabled"

// delivers reports whether events are sent to the stream's destination: only to webhooks.
func (s stream) delivers() bool { return s.Destination.Type == "webhook" }

// wants reports whether events of a type are sent to the stream.
func (s stream) wants(kind string) bool {
	for _, subscription := range s.Subscriptions {
		if subscription.EventType == kind {
			return s.Status == enabled && s.delivers()
		}
	}
	return false
}

// Delivery is the delivery of an event to a stream. Its members are those of the Management API and
// Asked.
type Delivery struct {
	ID        string           `json:"id"`
	StreamID  string           `json:"event_stream_id"`
	Status    string           `json:"status"`
	EventType string           `json:"event_type"`
	Attempts  []Attempt        `json:"attempts"`
	Event     storage.Document `json:"event"`
	// Asked says that a redelivery was requested, so it is made even if the stream is disabled.
	Asked bool `json:"asked,omitempty"`
}

// Attempt is an attempt to deliver an event.
type Attempt struct {
	Status    string `json:"status"`
	Timestamp string `json:"timestamp"`
	Error     string `json:"error_message,omitempty"`
	Duration  int64  `json:"duration"` // milliseconds
}

// put stores a delivery. Pending ones are indexed by their stream.
func (d Delivery) put(tx *storage.Tx) error {
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	w := storage.Write{ID: d.ID}
	if err := json.Unmarshal(raw, &w.Document); err != nil {
		return err
	}
	if d.Status == Pending {
		w.Links = []string{waiting(d.StreamID)}
	}
	return tx.Documents(deliveryKind, d.StreamID).Put(w)
}

// waiting returns the index key of a stream's pending deliveries.
func waiting(streamID string) string { return Pending + " " + streamID }

// pending returns at most the given number of a stream's pending deliveries, the oldest first.
func pending(tx *storage.Tx, streamID string, most int) (found []Delivery, err error) {
	for e, err := range tx.Entries.By("link", deliveryKind+"\x01"+waiting(streamID)) {
		if err != nil {
			return nil, err
		}
		d, err := readDelivery(e.Document)
		if err != nil {
			return nil, err
		}
		if found = append(found, d); len(found) == most {
			break
		}
	}
	return found, nil
}

// Waiting returns the number of pending deliveries. It must not be called within a transaction.
func (s *Streams) Waiting(ctx context.Context) (n int, err error) {
	err = s.DB.View(ctx, func(tx *storage.Tx) error {
		streams, err := readStreams(tx)
		if err != nil {
			return err
		}
		n = 0
		for _, to := range streams {
			some, err := tx.Entries.ListBy("link", deliveryKind+"\x01"+waiting(to.ID)).Count()
			if err != nil {
				return err
			}
			n += some
		}
		return nil
	})
	return n, err
}

func readDelivery(raw []byte) (d Delivery, err error) { return d, json.Unmarshal(raw, &d) }

// failures counts a stream's failed deliveries: all that are stored, and the latest ones in a row.
type failures struct{ all, inRow int }

func readFailures(tx *storage.Tx, streamID string) (f failures, err error) {
	doc, err := tx.Documents(failureKind, streamID).Document(storage.SettingsKey)
	all, _ := doc["all"].(float64)
	inRow, _ := doc["in_row"].(float64)
	return failures{int(all), int(inRow)}, storage.Optional(err)
}

func (f failures) put(tx *storage.Tx, streamID string) error {
	return tx.Documents(failureKind, streamID).Put(storage.Write{
		ID: storage.SettingsKey, Document: storage.Document{"all": f.all, "in_row": f.inRow},
	})
}

// readStream returns a stream, or an error that wraps storage.ErrNotFound.
func readStream(tx *storage.Tx, id string) (s stream, err error) {
	return s, tx.Documents(resource.EventStreams.Name, "").Read(id, &s)
}

// readStreams returns all streams.
func readStreams(tx *storage.Tx) (all []stream, err error) {
	for row, err := range tx.Documents(resource.EventStreams.Name, "").Rows() {
		if err != nil {
			return nil, err
		}
		var s stream
		if err := json.Unmarshal(row.JSON, &s); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// disable sets the status of a stream to disabled, and reports whether it was enabled.
func disable(tx *storage.Tx, id string) (changed bool, err error) {
	streams := tx.Documents(resource.EventStreams.Name, "")
	doc, err := streams.Document(id)
	if err != nil || doc["status"] != enabled {
		return false, storage.Optional(err)
	}
	doc["status"] = "disabled"
	return true, streams.Put(storage.Write{ID: id, Document: doc})
}

// newDelivery returns a pending delivery of a new event to a stream.
func (s *Streams) newDelivery(id, streamID, kind string, data storage.Document, now time.Time) Delivery {
	return Delivery{
		ID: id, StreamID: streamID, Status: Pending, EventType: kind, Attempts: []Attempt{},
		Event: storage.Document{
			"id": id, "source": "urn:auth0:" + s.Host, "specversion": "1.0", "type": kind, "time": resource.Time(now), "data": data,
			"a0tenant": s.Tenant, "a0stream": streamID,
		},
	}
}

// data returns the member "data" of an event.
func (s *Streams) data(e event) storage.Document {
	data := storage.Document{"object": e.object, "context": storage.Document{"tenant": storage.Document{"tenant_id": s.Tenant}}}
	if e.previous != nil {
		data["previous_object"] = e.previous
	}
	return data
}

var newEventID = resource.Prefixed("evt_", 22)

// Changed implements the member Changed of storage.Watch: it stores the events for a transaction's
// changes in the same transaction.
func (s *Streams) Changed(tx *storage.Tx, changes []storage.Change) (kept func(), err error) {
	streams, err := readStreams(tx)
	if err != nil || len(streams) == 0 {
		return nil, err
	}
	all, err := read(changes)
	if err != nil {
		return nil, err
	}
	news := slices.ContainsFunc(all, changed.isNews)
	now := s.Now()
	events, err := happened(tx, all, now)
	for i := 0; i < len(events) && err == nil; i++ {
		var some bool
		some, err = s.keep(tx, streams, events[i], now)
		news = news || some
	}
	if err != nil || !news {
		return nil, err
	}
	return s.lanes.Wake, nil
}

// isNews reports whether a delivery has become pending, or a stream has changed, so that Run has to look.
func (c changed) isNews() bool {
	return c.kind == resource.EventStreams.Name || c.kind == deliveryKind && storage.Text(c.after, "status") == Pending
}

// keep stores an event for the streams that want it, and reports whether there are any. A stream with too
// many stored deliveries is disabled instead.
func (s *Streams) keep(tx *storage.Tx, streams []stream, e event, now time.Time) (some bool, err error) {
	id := newEventID()
	for _, to := range streams {
		if !to.wants(e.kind) {
			continue
		}
		n, err := tx.Documents(deliveryKind, to.ID).List().Count()
		if err != nil {
			return false, err
		}
		if n >= mostKept {
			_, err = disable(tx, to.ID)
		} else {
			err = s.newDelivery(id, to.ID, e.kind, s.data(e), now).put(tx)
		}
		if err != nil {
			return false, err
		}
		some = true
	}
	return some, nil
}
