package management

import (
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/storage"
)

// logStreams serves the tenant's log streams, Auth0: api/management/v2/log-streams.
// tenant0 delivers only to those of the type http.
//
//auth0:operation GET /api/v2/log-streams
//auth0:operation POST /api/v2/log-streams
//auth0:operation GET /api/v2/log-streams/{id}
//auth0:operation PATCH /api/v2/log-streams/{id}
//auth0:operation DELETE /api/v2/log-streams/{id}
func logStreams() collection {
	return collection{
		kind: objects.LogStreams, path: "/log-streams", scope: "log_streams", verbs: "list create get patch delete", created: 200,
		list: listing{style: alwaysArray},
		show: func(_ *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			if sink, _ := doc["sink"].(storage.Document); sink["mixpanelServiceAccountPassword"] != nil {
				sink["mixpanelServiceAccountPassword"] = "********"
			}
			return doc, nil
		},
	}
}
