package eventstream

import (
	"maps"
	"testing"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/resource/resourcetest"
)

// TestStreamsCanBeRead compares the members of a webhook stream that can be read with those that can be sent.
func TestStreamsCanBeRead(t *testing.T) {
	webhooks := *resource.EventStreams
	webhooks.Fields = maps.Clone(webhooks.Fields)
	destination := webhooks.Fields["destination"]
	destination.Fields = maps.Clone(destination.Fields)
	maps.Copy(destination.Fields, resource.Destinations["webhook"].Fields["destination"].Fields)
	webhooks.Fields["destination"] = destination
	resourcetest.Readable[stream](t, &webhooks)
}
