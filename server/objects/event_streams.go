package objects

import (
	"github.com/tenant0/tenant0/server/eventstream"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// EventStreams are the tenant's event streams, Auth0: api/management/v2/event-streams. tenant0 delivers only to
// webhooks.
var EventStreams = declare(&Kind{Kind: resource.EventStreams, before: completeEventStream, deleted: forgetDeliveries})

// completeEventStream checks and completes the destination of a stream. It returns an error if a stream is
// enabled again that must not be.
func completeEventStream(o Collection, doc, old storage.Document) error {
	if sent, ok := o.sent["destination"].(storage.Document); ok {
		if err := resource.Destinations[storage.Text(sent, "type")].Check(storage.Document{"destination": sent}, resource.Update); err != nil {
			return err
		}
	}
	if old != nil && doc["status"] != old["status"] {
		enabled, err := eventstream.Enable(o.Tx, storage.Text(doc, "id"))
		if err != nil {
			return err
		}
		if !enabled && doc["status"] == "enabled" {
			return resource.EventStreamFull
		}
	}
	nameEventSource(o, doc, old)
	return nil
}

// forgetDeliveries removes the pending and the failed deliveries of a deleted stream.
func forgetDeliveries(o Collection, doc storage.Document) error {
	for _, kind := range eventstream.Parts {
		if err := o.Tx.Documents(kind, storage.Text(doc, "id")).DeleteAll(); err != nil {
			return err
		}
	}
	return nil
}

// Destination returns the configuration of an event stream's destination.
func Destination(doc storage.Document) storage.Document {
	whole, _ := doc["destination"].(storage.Document)
	configuration, _ := whole["configuration"].(storage.Document)
	return configuration
}

// nameEventSource adds the name of the partner event source that AWS would have for a stream.
func nameEventSource(o Collection, doc, old storage.Document) {
	if whole, _ := doc["destination"].(storage.Document); storage.Text(whole, "type") == "eventbridge" {
		keepName(Destination(doc), Destination(old), "aws_partner_event_source",
			"aws.partner/auth0.com/"+o.TenantName()+"-"+resource.UUID()+"/auth0.events")
	}
}
