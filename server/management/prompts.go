package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// prompts serves the settings of prompts, Auth0: api/management/v2/prompts.
//
//auth0:operation GET /api/v2/prompts
//auth0:operation PATCH /api/v2/prompts
func prompts() singleton {
	return singleton{kind: resource.Prompts, path: "/prompts", verbs: "get patch", scope: "prompts"}
}

// pushApp serves the settings of the app for push notifications. Auth0 documents only how
// to read them, but SDKs write them too.
//
//auth0:operation GET /api/v2/prompts/mfa-push
//auth0:operation PATCH /api/v2/prompts/mfa-push
func pushApp() singleton {
	return singleton{kind: resource.PushApp, path: "/prompts/mfa-push", verbs: "get patch", scope: "prompts"}
}

func promptOperations() []operation {
	read, update := []string{"read:prompts"}, []string{"update:prompts"}
	customText := func(c *call) (string, error) {
		return c.param("prompt") + "/" + c.param("language"), c.pathHas("prompt", resource.PromptNames)
	}
	partials := func(c *call) (string, error) { return c.param("prompt"), c.pathHas("prompt", resource.PartialPrompts) }
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

// kept responds with a document that is stored as it was sent, or with {} if there is
// none.
//
//auth0:operation GET /api/v2/prompts/{prompt}/custom-text/{language}
//auth0:operation GET /api/v2/prompts/{prompt}/partials
func kept(kind string, place func(*call) (id string, err error)) func(*call) error {
	return func(c *call) error {
		id, err := place(c)
		if err != nil {
			return err
		}
		return replyView(c, func(tx *storage.Tx) (storage.Document, error) {
			stored, err := tx.Documents(kind, "").Document(id)
			if storage.IsNotFound(err) {
				return storage.Document{}, nil
			}
			return stored, err
		})
	}
}

// keepBody stores the body in place of such a document. An empty body deletes it.
//
//auth0:operation PUT /api/v2/prompts/{prompt}/custom-text/{language}
//auth0:operation PUT /api/v2/prompts/{prompt}/partials
func keepBody(kind string, place func(*call) (id string, err error)) func(*call) error {
	return func(c *call) error {
		id, err := place(c)
		if err == nil {
			err = c.read()
		}
		if err != nil {
			return err
		}
		return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
			return c.body, objects.KeepTexts(ch.Tx, kind, id, c.body)
		})
	}
}

//auth0:operation GET /api/v2/prompts/rendering
func renderings(c *call) error {
	if err := c.oneOf("rendering_mode", resource.RenderingModes...); err != nil {
		return err
	}
	docs := []storage.Document{}
	err := c.view(func(tx *storage.Tx) (err error) {
		docs, err = c.collect(tx.Documents(objects.RenderingsKind, "").All(), listing{filters: map[string]string{
			"prompt": "prompt", "screen": "screen", "rendering_mode": "rendering_mode",
		}})
		return err
	})
	if err != nil {
		return err
	}
	return c.page(docs, listing{key: "configs"})
}

//auth0:operation GET /api/v2/prompts/{prompt}/screen/{screen}/rendering
func rendering(c *call) error {
	if err := c.screenOfPath(); err != nil {
		return err
	}
	return replyView(c, func(tx *storage.Tx) (storage.Document, error) {
		return c.services().Rendering(tx, c.param("prompt"), c.param("screen"))
	})
}

// screenOfPath returns an error if the path does not name a prompt and a screen of Auth0.
func (c *call) screenOfPath() error {
	if err := c.pathHas("prompt", resource.PromptNames); err != nil {
		return err
	}
	return c.pathHas("screen", resource.ScreenNames)
}

// updateRendering responds with the body that was sent, as Auth0 does.
//
//auth0:operation PATCH /api/v2/prompts/{prompt}/screen/{screen}/rendering
func updateRendering(c *call) error {
	if err := c.screenOfPath(); err != nil {
		return err
	}
	if err := c.readAs(resource.Rendering, resource.Update); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		return c.body, objects.UpdateRendering(ch, c.param("prompt"), c.param("screen"), c.body)
	})
}

//auth0:operation PATCH /api/v2/prompts/rendering
func updateRenderings(c *call) error {
	if err := c.readAs(resource.Renderings, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		for _, config := range objects.Items(c.body, "configs") {
			if err := objects.UpdateRendering(ch, storage.Text(config, "prompt"), storage.Text(config, "screen"), config); err != nil {
				return nil, err
			}
		}
		return c.body, nil
	})
}
