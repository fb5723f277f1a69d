package objects

import (
	"errors"
	"regexp"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Themes are the branding themes, Auth0: api/management/v2/branding/themes.
var Themes = declare(&Kind{Kind: resource.Themes})

// pageTags matches the tags that a page template must contain, Auth0:
// customize/login-pages/universal-login/customize-templates.
var pageTags = regexp.MustCompile(`\{%-?\s*auth0:(head|widget)\s*-?%\}`)

// checkPageTemplate returns an error if a page template lacks one of these tags.
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

// SetPageTemplate replaces the template of the login pages, and reports whether there was
// one before.
func SetPageTemplate(tx *storage.Tx, html string) (existed bool, err error) {
	if err := checkPageTemplate(html); err != nil {
		return false, err
	}
	_, err = Singleton(tx, resource.UniversalLoginTemplate)
	if existed = err == nil; !existed && !errors.Is(err, resource.UniversalLoginTemplate.Missing) {
		return false, err
	}
	return existed, PutSingleton(tx, resource.UniversalLoginTemplate, storage.Document{"body": html})
}
