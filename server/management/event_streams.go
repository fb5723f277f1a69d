package management

import (
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/eventstream"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// eventStreams serves the tenant's event streams, Auth0: api/management/v2/event-streams.
// tenant0 delivers only to webhooks.
//
//auth0:operation GET /api/v2/event-streams
//auth0:operation POST /api/v2/event-streams
//auth0:operation GET /api/v2/event-streams/{id}
//auth0:operation PATCH /api/v2/event-streams/{id}
//auth0:operation DELETE /api/v2/event-streams/{id}
func eventStreams() collection {
	return collection{
		kind: objects.EventStreams, path: "/event-streams", scope: "event_streams", verbs: "list create get patch delete",
		checkPath: func(c *call, _ *storage.Tx) error {
			if id := c.param("id"); id != "" {
				return resource.CheckEventStreamID(id)
			}
			return nil
		},
		list: listing{key: "eventStreams", style: checkpointed}, hides: true,
	}
}

func eventDeliveryOperations() []operation {
	read, update := []string{"read:event_deliveries"}, []string{"update:event_deliveries"}
	return []operation{
		{http.MethodGet, "/event-streams/{id}/deliveries", []string{"read:event_streams", "read:event_deliveries"}, eventDeliveries},
		{http.MethodGet, "/event-streams/{id}/deliveries/{event}", read, eventDelivery},
		{http.MethodPost, "/event-streams/{id}/redeliver", update, redeliver},
		{http.MethodPost, "/event-streams/{id}/redeliver/{event}", update, redeliverOne},
		{http.MethodPost, "/event-streams/{id}/test", []string{"update:event_streams"}, testEvent},
	}
}

// requireEventStream returns the stream in the path.
func requireEventStream(c *call, tx *storage.Tx) (storage.Document, error) {
	return eventStreams().find(c, tx)
}

// eventDeliveries lists the deliveries that have failed.
//
//auth0:operation GET /api/v2/event-streams/{id}/deliveries
func eventDeliveries(c *call) error {
	filter := eventstream.Filter{From: c.query.Get("date_from"), To: c.query.Get("date_to")}
	if fault := filter.Fault(); fault != "" {
		return invalidQuery(fault)
	}
	if types := c.query.Get("event_types"); types != "" {
		filter.Types = strings.Split(types, ",")
	}
	if statuses := c.query.Get("statuses"); statuses != "" && statuses != eventstream.Failed {
		return invalidQuery("'Enum mismatch. Must be one of: failed' on property statuses")
	}
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) error {
		stream, err := requireEventStream(c, tx)
		if err != nil {
			return err
		}
		found, err := eventstream.Deliveries(tx, storage.Text(stream, "id"), filter)
		for _, d := range found {
			docs = append(docs, d.Shown())
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: "deliveries", style: checkpointed})
}

//auth0:operation GET /api/v2/event-streams/{id}/deliveries/{event}
func eventDelivery(c *call) error {
	return replyView(c, func(tx *storage.Tx) (storage.Document, error) {
		d, err := failedDelivery(c, tx, resource.EventDeliveryMissing)
		return d.Shown(), err
	})
}

// failedDelivery returns the delivery in the path, or the error pending if the delivery has not
// failed.
func failedDelivery(c *call, tx *storage.Tx, pending error) (d eventstream.Delivery, err error) {
	stream, err := requireEventStream(c, tx)
	if err != nil {
		return d, err
	}
	d, err = eventstream.Find(tx, storage.Text(stream, "id"), c.param("event"))
	switch {
	case storage.IsNotFound(err):
		err = resource.EventDeliveryMissing
	case err == nil && d.Status != eventstream.Failed:
		err = pending
	}
	return d, err
}

// redeliver repeats failed deliveries.
//
//auth0:operation POST /api/v2/event-streams/{id}/redeliver
func redeliver(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	there := func(tx *storage.Tx) error { _, err := requireEventStream(c, tx); return err }
	if err := c.check(resource.Redelivery, resource.Create, there); err != nil {
		return err
	}
	filter := eventstream.Filter{From: storage.Text(c.body, "date_from"), To: storage.Text(c.body, "date_to")}
	if fault := filter.Fault(); fault != "" {
		return resource.InvalidBody("Payload validation error: " + fault + ".")
	}
	types, _ := c.body["event_types"].([]any)
	for _, kind := range types {
		filter.Types = append(filter.Types, kind.(string)) //nolint:forcetypeassert // Check has seen to it
	}
	err := c.update(func(tx *storage.Tx) error {
		stream, err := requireEventStream(c, tx)
		if err != nil {
			return err
		}
		id := storage.Text(stream, "id")
		failed, err := eventstream.Deliveries(tx, id, filter)
		if err != nil {
			return err
		}
		return eventstream.Redeliver(tx, id, failed)
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusAccepted, c.body)
}

//auth0:operation POST /api/v2/event-streams/{id}/redeliver/{event}
func redeliverOne(c *call) error {
	err := c.update(func(tx *storage.Tx) error {
		d, err := failedDelivery(c, tx, resource.EventDeliveryPending)
		if err != nil {
			return err
		}
		return eventstream.Redeliver(tx, d.StreamID, []eventstream.Delivery{d})
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusAccepted)
}

// testEvent sends a test event to a stream.
//
//auth0:operation POST /api/v2/event-streams/{id}/test
func testEvent(c *call) error {
	if err := c.readAs(resource.EventTest, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusAccepted, func(ch *objects.Change) (storage.Document, error) {
		stream, err := requireEventStream(c, ch.Tx)
		if err != nil {
			return nil, err
		}
		if stream["status"] != "enabled" {
			return nil, resource.EventStreamDisabled
		}
		data, _ := c.body["data"].(storage.Document)
		d, err := c.Changes.Try(ch.Tx, storage.Text(stream, "id"), storage.Text(c.body, "event_type"), data)
		return d.Shown(), err
	})
}
