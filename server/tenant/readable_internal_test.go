package tenant

import (
	"testing"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/resource/resourcetest"
)

// TestTheEmailProviderCanBeRead holds what is read of the e-mail provider against what may be set.
func TestTheEmailProviderCanBeRead(t *testing.T) {
	resourcetest.Readable[emailProvider](t, resource.EmailProvider)
}
