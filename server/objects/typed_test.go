package objects_test

import (
	"maps"
	"testing"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/resource/resourcetest"
	"github.com/tenant0/tenant0/storage"
)

// TestWhatMayBeSentCanBeRead compares the members that the server reads with the description of what may be sent.
func TestWhatMayBeSentCanBeRead(t *testing.T) {
	resourcetest.Readable[storage.Client](t, resource.Clients)
	resourcetest.Readable[storage.Connection](t, resource.Connections)
	resourcetest.Readable[storage.ResourceServer](t, resource.ResourceServers)
	resourcetest.Readable[storage.Role](t, resource.Roles)
	resourcetest.Readable[storage.ClientGrant](t, resource.ClientGrants)
	resourcetest.Readable[storage.User](t, resource.Users)
	resourcetest.Readable[storage.Organization](t, resource.Organizations)
	resourcetest.Readable[storage.Invitation](t, resource.OrganizationInvitations)
	resourcetest.Readable[storage.Tenant](t, resource.TenantSettings)
	streams := *resource.LogStreams // what the server reads of a sink is that of its own type
	streams.Fields = maps.Clone(streams.Fields)
	streams.Fields["sink"] = resource.Sinks["http"].Fields["sink"]
	resourcetest.Readable[storage.LogStream](t, &streams)
}
