package templates_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/tenant0/tenant0/templates"
)

// maxPage is the largest size of a page in bytes, including the style sheets, scripts and pictures
// of this package that it loads.
const maxPage = 30_000

// inLanguages returns all page states in every language.
func inLanguages(t *testing.T) map[string]templates.Page {
	t.Helper()
	all := map[string]templates.Page{}
	for name, p := range states {
		all[name] = p
		for _, language := range templates.Languages() {
			translated := reflect.New(reflect.TypeOf(p)).Elem()
			translated.Set(reflect.ValueOf(p))
			layout := translated.FieldByName("Layout")
			if !layout.IsValid() {
				break
			}
			layout.FieldByName("Language").SetString(language)
			all[name+" in "+language], _ = reflect.TypeAssert[templates.Page](translated)
		}
	}
	return all
}

func TestPagesAreLight(t *testing.T) {
	for name, p := range inLanguages(t) {
		if weight := weigh(t, render(t, p)); weight > maxPage {
			t.Errorf("%s weighs %d bytes, want at most %d", name, weight, maxPage)
		}
	}
}

// weigh returns the size of a page in bytes, with what it loads of this package.
func weigh(t *testing.T, page string) int {
	t.Helper()
	weight := len(page)
	for _, e := range elements(t, page) {
		for _, attribute := range []string{"href", "src"} {
			content, _, _ := templates.Static(strings.TrimPrefix(e.attr[attribute], templates.StaticPath))
			weight += len(content)
		}
	}
	return weight
}
