package objects

import (
	"errors"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Themes are Auth0: api/management/v2/branding/themes.
var Themes = declare(&Kind{Kind: resource.Themes})

// SetPageTemplate replaces the document around the pages, and reports whether there was one.
func SetPageTemplate(tx *storage.Tx, html string) (existed bool, err error) {
	_, err = TheOne(tx, resource.UniversalLoginTemplate)
	if existed = err == nil; !existed && !errors.Is(err, resource.UniversalLoginTemplate.Missing) {
		return false, err
	}
	return existed, PutTheOne(tx, resource.UniversalLoginTemplate, storage.Document{"body": html})
}
