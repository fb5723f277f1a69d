package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// emailTemplates serves the e-mail templates, Auth0: api/management/v2/email-templates.
//
//auth0:operation POST /api/v2/email-templates
//auth0:operation GET /api/v2/email-templates/{id}
//auth0:operation PATCH /api/v2/email-templates/{id}
func emailTemplates() collection {
	return collection{
		kind: objects.EmailTemplates, path: "/email-templates", scope: "email_templates", verbs: "create get patch",
	}
}

func emailOperations() []operation {
	return []operation{
		{http.MethodPut, "/email-templates/{id}", []string{"update:email_templates"}, putEmailTemplate},
		{http.MethodGet, "/emails/provider", []string{"read:email_provider"}, emailProvider},
		{http.MethodPost, "/emails/provider", []string{"create:email_provider"}, createEmailProvider},
		{http.MethodPatch, "/emails/provider", []string{"update:email_provider"}, updateEmailProvider},
		{http.MethodDelete, "/emails/provider", []string{"delete:email_provider"}, deleteSingleton(resource.EmailProvider)},
	}
}

// putEmailTemplate creates or replaces a template.
//
//auth0:operation PUT /api/v2/email-templates/{id}
func putEmailTemplate(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	c.body["template"] = c.param("id")
	if err := resource.EmailTemplates.Check(c.body, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		templates, err := objects.EmailTemplates.In(ch, "")
		if err != nil {
			return nil, err
		}
		return c.body, templates.Put(c.body)
	})
}

// shownCredentials are the members of a provider's credentials that are not secret.
var shownCredentials = []string{"region", "domain", "smtp_host", "smtp_port", "smtp_user"}

func withoutSecrets(doc storage.Document) storage.Document {
	credentials, _ := doc["credentials"].(storage.Document)
	shown := storage.Document{}
	for _, name := range shownCredentials {
		if value, ok := credentials[name]; ok {
			shown[name] = value
		}
	}
	doc["credentials"] = shown
	return doc
}

//auth0:operation GET /api/v2/emails/provider
func emailProvider(c *call) error {
	doc, err := c.readSingleton(resource.EmailProvider)
	if err != nil {
		return err
	}
	if !c.withSecrets {
		doc = withoutSecrets(doc)
	}
	return c.reply(http.StatusOK, c.selectFields(doc))
}

//auth0:operation POST /api/v2/emails/provider
func createEmailProvider(c *call) error {
	if err := c.readAs(resource.EmailProvider, resource.Create); err != nil {
		return err
	}
	return replyChange(c, http.StatusCreated, func(ch *objects.Change) (storage.Document, error) {
		err := objects.CreateEmailProvider(ch, c.body)
		return withoutSecrets(c.body), err
	})
}

//auth0:operation PATCH /api/v2/emails/provider
func updateEmailProvider(c *call) error {
	if err := c.readAs(resource.EmailProvider, resource.Update); err != nil {
		return err
	}
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		doc, err := objects.UpdateEmailProvider(ch, c.body)
		if err != nil {
			return nil, err
		}
		return withoutSecrets(doc), nil
	})
}
