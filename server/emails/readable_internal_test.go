package emails

import (
	"testing"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/server/resource/resourcetest"
)

// TestTemplatesCanBeRead compares the members of a template that can be read with those that can be set.
func TestTemplatesCanBeRead(t *testing.T) {
	resourcetest.Readable[template](t, resource.EmailTemplates)
}
