package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// phoneProviders serves the tenant's phone providers, Auth0:
// api/management/v2/branding/phone/providers.
//
//auth0:operation GET /api/v2/branding/phone/providers
//auth0:operation POST /api/v2/branding/phone/providers
//auth0:operation GET /api/v2/branding/phone/providers/{id}
//auth0:operation PATCH /api/v2/branding/phone/providers/{id}
//auth0:operation DELETE /api/v2/branding/phone/providers/{id}
func phoneProviders() collection {
	return collection{
		kind: objects.PhoneProviders, path: "/branding/phone/providers", scope: "phone_providers", verbs: "list create get patch delete", strict: true,
		list: listing{key: "providers", style: wrapped, filters: map[string]string{"disabled": "disabled"}},
		show: func(c *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			delete(doc, "credentials")
			if c.param("id") == "" && c.method == http.MethodGet {
				doc["credentials"] = nil
			}
			return doc, nil
		},
	}
}

// phoneTemplates serves the templates of phone messages, Auth0:
// api/management/v2/branding/phone/templates.
//
//auth0:operation GET /api/v2/branding/phone/templates
//auth0:operation POST /api/v2/branding/phone/templates
//auth0:operation GET /api/v2/branding/phone/templates/{id}
//auth0:operation PATCH /api/v2/branding/phone/templates/{id}
//auth0:operation DELETE /api/v2/branding/phone/templates/{id}
func phoneTemplates() collection {
	return collection{
		kind: objects.PhoneTemplates, path: "/branding/phone/templates", scope: "phone_templates", verbs: "list create get patch delete", strict: true,
		list: listing{key: "templates", style: wrapped, filters: map[string]string{"disabled": "disabled"}},
	}
}

func phoneOperations() []operation {
	return []operation{
		{http.MethodPost, "/branding/phone/providers/{id}/try", []string{"create:phone_providers"}, tryPhone(phoneProviders(), objects.TestNotification)},
		{http.MethodPost, "/branding/phone/templates/{id}/try", []string{"create:phone_templates"}, tryPhone(phoneTemplates(), objects.OwnNotification)},
	}
}

// tryPhone sends a test message to a phone. The outbox captures it like any other
// message.
//
//auth0:operation POST /api/v2/branding/phone/providers/{id}/try
//auth0:operation POST /api/v2/branding/phone/templates/{id}/try
func tryPhone(of collection, words func(storage.Document) objects.Notification) func(*call) error {
	return func(c *call) error {
		if err := c.readAs(resource.TryPhone, resource.Create); err != nil {
			return err
		}
		return replyChange(c, http.StatusAccepted, func(ch *objects.Change) (storage.Document, error) {
			doc, err := of.find(c, ch.Tx)
			if err != nil {
				return nil, err
			}
			err = ch.TryPhone(words(doc), c.body)
			return storage.Document{"code": http.StatusAccepted, "message": "The notification was sent."}, err
		})
	}
}
