package objects

import (
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// LogStreams are the tenant's log streams, Auth0: api/management/v2/log-streams. tenant0
// delivers only to those of the type http.
var LogStreams = declare(&Kind{
	Kind: resource.LogStreams, before: completeSink,
	deleted: func(o Collection, doc storage.Document) error { return o.Tx.LogCursors.Delete(storage.Text(doc, "id")) },
})

// completeSink checks the sink of a stream, and adds the name that the receiving service
// would give it.
func completeSink(o Collection, doc, old storage.Document) error {
	if err := resource.Sinks[storage.Text(doc, "type")].Check(storage.Document{"sink": doc["sink"]}, resource.Update); err != nil {
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
	switch storage.Text(doc, "type") {
	case "eventbridge":
		named := "aws.partner/auth0.com/" + o.TenantName() + "-" + resource.UUID() + "/auth0.logs"
		keepName(sink, before, "awsPartnerEventSource", named)
	case "eventgrid":
		named := strings.ReplaceAll(resource.UUID(), "-", "") + "-" + o.TenantName()
		keepName(sink, before, "azurePartnerTopic", named)
	case "mixpanel":
		if sink["mixpanelServiceAccountPassword"] == nil && before["mixpanelServiceAccountPassword"] != nil {
			sink["mixpanelServiceAccountPassword"] = before["mixpanelServiceAccountPassword"]
		}
	}
	return nil
}

// keepName sets a member of a sink to its earlier value or, if there is none, to name.
func keepName(sink, before storage.Document, member, name string) {
	if had, ok := before[member].(string); ok {
		name = had
	}
	sink[member] = name
}
