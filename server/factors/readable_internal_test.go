package factors

import (
	"testing"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/resource/resourcetest"
)

// TestSettingsCanBeRead holds what is read of the settings of factors against what may be set.
func TestSettingsCanBeRead(t *testing.T) {
	resourcetest.Readable[Remembering](t, resource.GuardianRemember)
	resourcetest.Readable[Codes](t, resource.GuardianSettings("phone/settings"))
	resourcetest.Readable[Codes](t, resource.GuardianSettings("email/settings"))
}
