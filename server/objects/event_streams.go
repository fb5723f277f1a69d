package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// EventStreams are Auth0: api/management/v2/event-streams. They are kept; nothing is
// delivered to them.
var EventStreams = &Kind{Kind: resource.EventStreams, before: nameEventSource}

// Destination is the configuration of an event stream's destination.
func Destination(doc storage.Document) storage.Document {
	whole, _ := doc["destination"].(storage.Document)
	configuration, _ := whole["configuration"].(storage.Document)
	return configuration
}

// nameEventSource adds the name by which AWS would know a stream.
func nameEventSource(o Collection, doc, old storage.Document) error {
	if whole, _ := doc["destination"].(storage.Document); storage.Text(whole, "type") == "eventbridge" {
		keepName(Destination(doc), Destination(old), "aws_partner_event_source",
			"aws.partner/auth0.com/"+o.TenantName()+"-"+resource.UUID()+"/auth0.events")
	}
	return nil
}
