package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// branding serves the branding settings, Auth0: api/management/v2/branding.
//
//auth0:operation GET /api/v2/branding
//auth0:operation PATCH /api/v2/branding
func branding() singleton {
	return singleton{kind: resource.Branding, path: "/branding", verbs: "get patch", scope: "branding"}
}

// themes serves the branding themes, Auth0: api/management/v2/branding/themes.
//
//auth0:operation POST /api/v2/branding/themes
//auth0:operation GET /api/v2/branding/themes/{id}
//auth0:operation PATCH /api/v2/branding/themes/{id}
//auth0:operation DELETE /api/v2/branding/themes/{id}
func themes() collection {
	return collection{
		kind: objects.Themes, path: "/branding/themes", scope: "branding", verbs: "create get patch delete", strict: true, created: http.StatusOK,
		scopes: map[string][]string{"create": {"update:branding"}},
	}
}

func brandingOperations() []operation {
	read, update, remove := []string{"read:branding"}, []string{"update:branding"}, []string{"delete:branding"}
	return []operation{
		{http.MethodGet, "/branding/themes/default", read, defaultTheme},
		{http.MethodGet, "/branding/templates/universal-login", read, universalLoginTemplate},
		{http.MethodPut, "/branding/templates/universal-login", update, updateUniversalLoginTemplate},
		{http.MethodDelete, "/branding/templates/universal-login", remove, deleteSingleton(resource.UniversalLoginTemplate)},
	}
}

//auth0:operation GET /api/v2/branding/themes/default
func defaultTheme(c *call) error {
	var theme storage.Document
	err := c.view(func(tx *storage.Tx) error {
		for doc, err := range tx.Documents(resource.Themes.Name, "").All() {
			theme = doc
			return err
		}
		return resource.Themes.Missing
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, theme)
}

//auth0:operation GET /api/v2/branding/templates/universal-login
func universalLoginTemplate(c *call) error {
	doc, err := c.readSingleton(resource.UniversalLoginTemplate)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, doc)
}

// updateUniversalLoginTemplate accepts the template as a JSON string, as an object with
// the member template, or as HTML.
//
//auth0:operation PUT /api/v2/branding/templates/universal-login
func updateUniversalLoginTemplate(c *call) error {
	sent, err := c.from.content()
	if err != nil {
		return err
	}
	body, err := sentTemplate(sent)
	if err != nil {
		return err
	}
	existed := false
	err = c.change(func(ch *objects.Change) (err error) {
		existed, err = objects.SetPageTemplate(ch.Tx, body)
		return err
	})
	switch {
	case err != nil:
		return err
	case existed:
		return c.empty(http.StatusNoContent)
	}
	return c.reply(http.StatusCreated, storage.Document{})
}

// sentTemplate returns the template in a request body.
func sentTemplate(sent content) (string, error) {
	switch value := sent.value.(type) {
	case string:
		return value, nil
	case storage.Document:
		return storage.Text(value, "template"), resource.PageTemplate.Check(value, resource.Create)
	case nil:
		if sent.none || sent.faulty {
			return string(sent.raw), nil // HTML
		}
	}
	return "", resource.InvalidBody("Payload validation error: 'Expected type string but found type " + typeName(sent.value) + "'.")
}
