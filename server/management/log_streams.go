package management

import (
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// logStreams is Auth0: api/management/v2/log-streams. The server delivers to
// those of type http.
//
//auth0:operation GET /api/v2/log-streams
//auth0:operation POST /api/v2/log-streams
//auth0:operation GET /api/v2/log-streams/{id}
//auth0:operation PATCH /api/v2/log-streams/{id}
//auth0:operation DELETE /api/v2/log-streams/{id}
func logStreams() served {
	return served{
		kind: resource.LogStreams, path: "/log-streams", scope: "log_streams", verbs: "list create get patch delete", created: 200,
		keep:   func(c *call, tx *storage.Tx) (store, error) { return c.plain(tx, resource.LogStreams, ""), nil },
		list:   listing{style: bare},
		before: completeSink,
		deleted: func(_ *call, tx *storage.Tx, doc storage.Document) error {
			return tx.LogCursors.Delete(text(doc, "id"))
		},
		show: func(_ *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			if sink, _ := doc["sink"].(storage.Document); sink["mixpanelServiceAccountPassword"] != nil {
				sink["mixpanelServiceAccountPassword"] = "********"
			}
			return doc, nil
		},
	}
}

// completeSink checks the sink of a stream and adds what the service at the other
// end would name it.
func completeSink(c *call, _ *storage.Tx, doc, old storage.Document) error {
	if err := resource.Sinks[text(doc, "type")].Check(storage.Document{"sink": doc["sink"]}, resource.Update); err != nil {
		return err
	}
	if pii, ok := doc["pii_config"].(storage.Document); ok {
		for name, value := range map[string]string{"method": "hash", "algorithm": "xxhash"} {
			if _, sent := pii[name]; !sent {
				pii[name] = value
			}
		}
	}
	sink, _ := doc["sink"].(storage.Document)
	before, _ := old["sink"].(storage.Document)
	switch text(doc, "type") {
	case "eventbridge":
		named := "aws.partner/auth0.com/" + c.tenantName() + "-" + resource.UUID() + "/auth0.logs"
		keepName(sink, before, "awsPartnerEventSource", named)
	case "eventgrid":
		named := strings.ReplaceAll(resource.UUID(), "-", "") + "-" + c.tenantName()
		keepName(sink, before, "azurePartnerTopic", named)
	case "mixpanel":
		if sink["mixpanelServiceAccountPassword"] == nil && before["mixpanelServiceAccountPassword"] != nil {
			sink["mixpanelServiceAccountPassword"] = before["mixpanelServiceAccountPassword"]
		}
	}
	return nil
}

// keepName gives a sink the name that it had, or a new one.
func keepName(sink, before storage.Document, member, name string) {
	if had, ok := before[member].(string); ok {
		name = had
	}
	sink[member] = name
}
