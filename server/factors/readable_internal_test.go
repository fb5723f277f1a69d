package factors

import (
	"testing"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/resource/resourcetest"
)

// TestSettingsCanBeRead compares the factor settings that can be read with those that can be set.
func TestSettingsCanBeRead(t *testing.T) {
	resourcetest.Readable[RememberSettings](t, resource.GuardianRemember)
	resourcetest.Readable[Codes](t, resource.GuardianSettings("phone/settings"))
	resourcetest.Readable[Codes](t, resource.GuardianSettings("email/settings"))
}
