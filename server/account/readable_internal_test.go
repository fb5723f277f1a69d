package account

import (
	"testing"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/resource/resourcetest"
)

// TestSettingsCanBeRead compares the attack protection settings that can be read with those that can be set.
func TestSettingsCanBeRead(t *testing.T) {
	resourcetest.Readable[Protection](t, resource.BruteForceProtection)
	resourcetest.Readable[throttling](t, resource.SuspiciousIPThrottling)
	resourcetest.Readable[breached](t, resource.BreachedPasswordDetection)
}
