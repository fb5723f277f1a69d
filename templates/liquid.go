package templates

import (
	"sync"

	"github.com/osteele/liquid"
)

var engine = sync.OnceValue(liquid.NewEngine)

// Liquid fills values into a text of the tenant's. One that cannot be rendered stays as
// it is written, so that its author sees it. Values are put in as they are.
func Liquid(text string, values map[string]any) string {
	out, err := engine().ParseAndRenderString(text, values)
	if err != nil {
		return text
	}
	return out
}
