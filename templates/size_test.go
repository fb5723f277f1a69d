package templates_test

import (
	"strings"
	"testing"

	"github.com/tenant0/tenant0/templates"
)

// maxPage is what a page may weigh with the style sheets, scripts and pictures of ours that
// it loads, in bytes.
const maxPage = 30_000

func TestPagesAreLight(t *testing.T) {
	for name, p := range states {
		page := render(t, p)
		size := len(page)
		for _, e := range elements(t, page) {
			for _, attribute := range []string{"href", "src"} {
				content, _, _ := templates.Static(strings.TrimPrefix(e.attr[attribute], templates.StaticPath))
				size += len(content)
			}
		}
		if size > maxPage {
			t.Errorf("%s weighs %d bytes, want at most %d", name, size, maxPage)
		}
	}
}
