package emails

import (
	"testing"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/resource/resourcetest"
)

// TestTemplatesCanBeRead holds what is read of a template against what may be set.
func TestTemplatesCanBeRead(t *testing.T) {
	resourcetest.Readable[template](t, resource.EmailTemplates)
}
