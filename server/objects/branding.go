package objects

import (
	"errors"
	"regexp"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Themes are Auth0: api/management/v2/branding/themes.
var Themes = declare(&Kind{Kind: resource.Themes})

// pageTags are the tags of a page template that stand for the page, Auth0:
// customize/login-pages/universal-login/customize-templates.
var pageTags = regexp.MustCompile(`\{%-?\s*auth0:(head|widget)\s*-?%\}`)

// checkPageTemplate refuses a document that has no place for the page.
func checkPageTemplate(html string) error {
	count := map[string]int{}
	for _, tag := range pageTags.FindAllStringSubmatch(html, -1) {
		count[tag[1]]++
	}
	if count["head"] != 1 || count["widget"] == 0 {
		return resource.InvalidBody("The template must contain a single auth0:head tag and at least one auth0:widget tag.")
	}
	return nil
}

// SetPageTemplate replaces the document around the pages, and reports whether there was one.
func SetPageTemplate(tx *storage.Tx, html string) (existed bool, err error) {
	if err := checkPageTemplate(html); err != nil {
		return false, err
	}
	_, err = TheOne(tx, resource.UniversalLoginTemplate)
	if existed = err == nil; !existed && !errors.Is(err, resource.UniversalLoginTemplate.Missing) {
		return false, err
	}
	return existed, PutTheOne(tx, resource.UniversalLoginTemplate, storage.Document{"body": html})
}
