package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// eventStreams is Auth0: api/management/v2/event-streams. They are kept; nothing is
// delivered to them.
//
//auth0:operation GET /api/v2/event-streams
//auth0:operation POST /api/v2/event-streams
//auth0:operation GET /api/v2/event-streams/{id}
//auth0:operation PATCH /api/v2/event-streams/{id}
//auth0:operation DELETE /api/v2/event-streams/{id}
func eventStreams() served {
	return served{
		kind: objects.EventStreams, path: "/event-streams", scope: "event_streams", verbs: "list create get patch delete",
		checkPath: func(c *call, _ *storage.Tx) error {
			if id := c.param("id"); id != "" {
				return resource.CheckEventStreamID(id)
			}
			return nil
		},
		list: listing{key: "eventStreams", style: checkpointed},
		show: func(_ *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			authorization, _ := objects.Destination(doc)["webhook_authorization"].(storage.Document)
			delete(authorization, "token")
			delete(authorization, "password")
			return doc, nil
		},
	}
}

func eventDeliveryOperations() []operation {
	read, update := []string{"read:event_deliveries"}, []string{"update:event_deliveries"}
	return []operation{
		{http.MethodGet, "/event-streams/{id}/deliveries", read, eventDeliveries},
		{http.MethodGet, "/event-streams/{id}/deliveries/{event}", read, eventDelivery},
		{http.MethodPost, "/event-streams/{id}/redeliver", update, redeliver},
		{http.MethodPost, "/event-streams/{id}/redeliver/{event}", update, eventDelivery},
	}
}

// requireEventStream sees that there is the stream that the path names.
func requireEventStream(c *call) error {
	return c.view(func(tx *storage.Tx) error {
		_, err := eventStreams().find(c, tx)
		return err
	})
}

// eventDeliveries lists none: nothing is delivered, and nothing fails.
//
//auth0:operation GET /api/v2/event-streams/{id}/deliveries
func eventDeliveries(c *call) error {
	if err := requireEventStream(c); err != nil {
		return err
	}
	return c.page([]storage.Document{}, listing{key: "deliveries", style: checkpointed})
}

//auth0:operation GET /api/v2/event-streams/{id}/deliveries/{event}
//auth0:operation POST /api/v2/event-streams/{id}/redeliver/{event}
func eventDelivery(c *call) error {
	if err := requireEventStream(c); err != nil {
		return err
	}
	return resource.EventDeliveryMissing
}

// redeliver asks for the failed deliveries again, of which there are none.
//
//auth0:operation POST /api/v2/event-streams/{id}/redeliver
func redeliver(c *call) error {
	if err := requireEventStream(c); err != nil {
		return err
	}
	if err := c.read(); err != nil {
		return err
	}
	if err := resource.Redelivery.Check(c.body, resource.Create); err != nil {
		return err
	}
	return c.reply(http.StatusAccepted, c.body)
}
