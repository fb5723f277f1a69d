package management

import (
	"maps"
	"net/http"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// prompts is Auth0: api/management/v2/prompts.
//
//auth0:operation GET /api/v2/prompts
//auth0:operation PATCH /api/v2/prompts
func prompts() singleton {
	return singleton{kind: resource.Prompts, path: "/prompts", verbs: "get patch", scope: "prompts"}
}

// pushApp is the application of push notifications. Auth0 documents how it is read;
// SDKs write it, too.
//
//auth0:operation GET /api/v2/prompts/mfa-push
//auth0:operation PATCH /api/v2/prompts/mfa-push
func pushApp() singleton {
	return singleton{kind: resource.PushApp, path: "/prompts/mfa-push", verbs: "get patch", scope: "prompts"}
}

// renderingKind is how screens are rendered.
const renderingKind = "prompts/rendering"

func promptOperations() []operation {
	read, update := []string{"read:prompts"}, []string{"update:prompts"}
	customText := func(c *call) string { return c.param("prompt") + "/" + c.param("language") }
	partials := func(c *call) string { return c.param("prompt") }
	return []operation{
		{http.MethodGet, "/prompts/rendering", read, renderings},
		{http.MethodPatch, "/prompts/rendering", update, updateRenderings},
		{http.MethodGet, "/prompts/{prompt}/custom-text/{language}", read, kept(storage.CustomTextKind, customText)},
		{http.MethodPut, "/prompts/{prompt}/custom-text/{language}", update, keepBody(storage.CustomTextKind, customText)},
		{http.MethodGet, "/prompts/{prompt}/partials", read, kept(storage.PartialsKind, partials)},
		{http.MethodPut, "/prompts/{prompt}/partials", update, keepBody(storage.PartialsKind, partials)},
		{http.MethodGet, "/prompts/{prompt}/screen/{screen}/rendering", read, rendering},
		{http.MethodPatch, "/prompts/{prompt}/screen/{screen}/rendering", update, updateRendering},
	}
}

// kept answers with a document that is kept as it was sent, {} when there is none.
//
//auth0:operation GET /api/v2/prompts/{prompt}/custom-text/{language}
//auth0:operation GET /api/v2/prompts/{prompt}/partials
func kept(kind string, id func(*call) string) func(*call) error {
	return func(c *call) error {
		doc := storage.Document{}
		err := c.view(func(tx *storage.Tx) error {
			stored, err := tx.Documents(kind, "").Document(id(c))
			if err == nil {
				doc = stored
			}
			return storage.Optional(err)
		})
		if err != nil {
			return err
		}
		return c.reply(http.StatusOK, doc)
	}
}

// keepBody replaces such a document; an empty one is none.
//
//auth0:operation PUT /api/v2/prompts/{prompt}/custom-text/{language}
//auth0:operation PUT /api/v2/prompts/{prompt}/partials
func keepBody(kind string, id func(*call) string) func(*call) error {
	return func(c *call) error {
		if err := c.read(); err != nil {
			return err
		}
		err := c.update(func(tx *storage.Tx) error {
			docs := tx.Documents(kind, "")
			if len(c.body) == 0 {
				return docs.Delete(id(c))
			}
			return docs.Put(storage.Write{ID: id(c), Document: c.body})
		})
		if err != nil {
			return err
		}
		return c.reply(http.StatusOK, c.body)
	}
}

//auth0:operation GET /api/v2/prompts/rendering
func renderings(c *call) error {
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) (err error) {
		docs, err = c.collect(tx.Documents(renderingKind, "").All(), listing{filters: map[string]string{
			"prompt": "prompt", "screen": "screen", "rendering_mode": "rendering_mode",
		}})
		return err
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: "configs"})
}

// newRendering is how a screen is rendered until something else is said.
func (c *call) newRendering(prompt, screen string) storage.Document {
	return storage.Document{
		"tenant": c.tenantName(), "prompt": prompt, "screen": screen, "rendering_mode": "standard", "context_configuration": []any{},
		"default_head_tags_disabled": false, "head_tags": []any{}, "filters": nil, "use_page_template": false,
	}
}

//auth0:operation GET /api/v2/prompts/{prompt}/screen/{screen}/rendering
func rendering(c *call) error {
	doc := c.newRendering(c.param("prompt"), c.param("screen"))
	err := c.view(func(tx *storage.Tx) error {
		stored, err := tx.Documents(renderingKind, "").Document(c.param("prompt") + "/" + c.param("screen"))
		if err == nil {
			doc = stored
		}
		return storage.Optional(err)
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, doc)
}

// updateRendering answers with what was sent, as Auth0 does.
//
//auth0:operation PATCH /api/v2/prompts/{prompt}/screen/{screen}/rendering
func updateRendering(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	err := c.update(func(tx *storage.Tx) error { return c.mergeRendering(tx, c.param("prompt"), c.param("screen"), c.body) })
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, c.body)
}

func (c *call) mergeRendering(tx *storage.Tx, prompt, screen string, change storage.Document) error {
	docs, id := tx.Documents(renderingKind, ""), prompt+"/"+screen
	doc, err := docs.Document(id)
	if storage.IsNotFound(err) {
		doc, err = c.newRendering(prompt, screen), nil
	}
	if err != nil {
		return err
	}
	maps.Copy(doc, change)
	return docs.Put(storage.Write{ID: id, Document: doc})
}

var renderingsBody = &resource.Kind{Fields: resource.Fields{
	"configs": {Type: resource.Array, Required: true, Min: 1, Item: &resource.Field{Type: resource.Object, Open: true, Fields: resource.Fields{
		"prompt": {Type: resource.String, Required: true}, "screen": {Type: resource.String, Required: true},
	}}},
}}

//auth0:operation PATCH /api/v2/prompts/rendering
func updateRenderings(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := renderingsBody.Check(c.body, resource.Create); err != nil {
		return err
	}
	err := c.update(func(tx *storage.Tx) error {
		for _, item := range c.body["configs"].([]any) {
			config, _ := item.(storage.Document)
			if err := c.mergeRendering(tx, text(config, "prompt"), text(config, "screen"), config); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, c.body)
}

// contains reports whether a list has an item.
func contains(list []string, item string) bool {
	for _, s := range list {
		if strings.EqualFold(s, item) {
			return true
		}
	}
	return false
}
