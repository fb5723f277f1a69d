package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// emailTemplates is Auth0: api/management/v2/email-templates.
//
//auth0:operation POST /api/v2/email-templates
//auth0:operation GET /api/v2/email-templates/{id}
//auth0:operation PATCH /api/v2/email-templates/{id}
func emailTemplates() served {
	return served{
		kind: resource.EmailTemplates, path: "/email-templates", scope: "email_templates", verbs: "create get patch",
		keep: keepEmailTemplates,
		before: func(_ *call, tx *storage.Tx, doc, old storage.Document) error {
			if old != nil {
				return nil
			}
			_, err := tx.Documents(resource.EmailTemplates.Name, "").Document(text(doc, "template"))
			if err == nil {
				return resource.EmailTemplates.Taken
			}
			return storage.Optional(err)
		},
	}
}

func keepEmailTemplates(c *call, tx *storage.Tx) (store, error) {
	return c.plain(tx, resource.EmailTemplates, ""), nil
}

func emailOperations() []operation {
	return []operation{
		{http.MethodPut, "/email-templates/{id}", []string{"update:email_templates"}, putEmailTemplate},
		{http.MethodGet, "/emails/provider", []string{"read:email_provider"}, emailProvider},
		{http.MethodPost, "/emails/provider", []string{"create:email_provider"}, createEmailProvider},
		{http.MethodPatch, "/emails/provider", []string{"update:email_provider"}, updateEmailProvider},
		{http.MethodDelete, "/emails/provider", []string{"delete:email_provider"}, deleteTheOne(resource.EmailProvider)},
	}
}

// putEmailTemplate makes or replaces a template.
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
	err := c.update(func(tx *storage.Tx) error {
		st, err := keepEmailTemplates(c, tx)
		if err != nil {
			return err
		}
		return st.Put(c.body)
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, c.body)
}

// shownCredentials are those members of credentials that are no secrets.
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
	doc, err := c.readTheOne(resource.EmailProvider)
	if err != nil {
		return err
	}
	if !c.bare {
		doc = withoutSecrets(doc)
	}
	return c.reply(http.StatusOK, c.selectFields(doc))
}

//auth0:operation POST /api/v2/emails/provider
func createEmailProvider(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := resource.EmailProvider.Check(c.body, resource.Create); err != nil {
		return err
	}
	err := c.update(func(tx *storage.Tx) error {
		if _, err := theOne(tx, resource.EmailProvider); err == nil {
			return resource.EmailProvider.Taken
		}
		resource.EmailProvider.Fill(c.body, c.now)
		return putTheOne(tx, resource.EmailProvider, c.body)
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusCreated, withoutSecrets(c.body))
}

//auth0:operation PATCH /api/v2/emails/provider
func updateEmailProvider(c *call) error {
	if err := c.read(); err != nil {
		return err
	}
	if err := resource.EmailProvider.Check(c.body, resource.Update); err != nil {
		return err
	}
	var doc storage.Document
	err := c.update(func(tx *storage.Tx) (err error) {
		if doc, err = theOne(tx, resource.EmailProvider); err != nil {
			return err
		}
		resource.EmailProvider.Merge(doc, c.body, c.now)
		return putTheOne(tx, resource.EmailProvider, doc)
	})
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, withoutSecrets(doc))
}
