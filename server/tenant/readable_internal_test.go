package tenant

import (
	"testing"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/resource/resourcetest"
)

// TestTheEmailProviderCanBeRead compares the members of the e-mail provider that can be read with those that can be set.
func TestTheEmailProviderCanBeRead(t *testing.T) {
	resourcetest.Readable[emailProvider](t, resource.EmailProvider)
}
