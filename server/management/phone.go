package management

import (
	"cmp"
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// phoneProviders is Auth0: api/management/v2/branding/phone/providers.
//
//auth0:operation GET /api/v2/branding/phone/providers
//auth0:operation POST /api/v2/branding/phone/providers
//auth0:operation GET /api/v2/branding/phone/providers/{id}
//auth0:operation PATCH /api/v2/branding/phone/providers/{id}
//auth0:operation DELETE /api/v2/branding/phone/providers/{id}
func phoneProviders() served {
	return served{
		kind: objects.PhoneProviders, path: "/branding/phone/providers", scope: "phone_providers", verbs: "list create get patch delete", strict: true,
		list: listing{key: "providers", style: wrapped},
		show: func(c *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			delete(doc, "credentials")
			if c.param("id") == "" && c.method == http.MethodGet {
				doc["credentials"] = nil
			}
			return doc, nil
		},
	}
}

// phoneTemplates is Auth0: api/management/v2/branding/phone/templates.
//
//auth0:operation GET /api/v2/branding/phone/templates
//auth0:operation POST /api/v2/branding/phone/templates
//auth0:operation GET /api/v2/branding/phone/templates/{id}
//auth0:operation PATCH /api/v2/branding/phone/templates/{id}
//auth0:operation DELETE /api/v2/branding/phone/templates/{id}
func phoneTemplates() served {
	return served{
		kind: objects.PhoneTemplates, path: "/branding/phone/templates", scope: "phone_templates", verbs: "list create get patch delete", strict: true,
		list: listing{key: "templates", style: wrapped},
	}
}

func phoneOperations() []operation {
	return []operation{
		{http.MethodPost, "/branding/phone/providers/{id}/try", []string{"create:phone_providers"}, tryPhone(phoneProviders(), testNotification)},
		{http.MethodPost, "/branding/phone/templates/{id}/try", []string{"create:phone_templates"}, tryPhone(phoneTemplates(), ownNotification)},
	}
}

// tryBody is a request for a message to try a provider or a template with.
var tryBody = &resource.Kind{Fields: resource.Fields{
	"to":              {Type: resource.String, Required: true, Min: 1, Max: 16},
	"delivery_method": {Type: resource.String, Enum: []string{"text", "voice"}},
}}

// notification is the words of a message to a phone.
type notification struct{ kind, from, text, voice string }

// testNotification is what a provider is tried with.
func testNotification(provider storage.Document) notification {
	const words = "This is a test of the phone provider of {{ friendly_name }}."
	configuration, _ := provider["configuration"].(storage.Document)
	return notification{outbox.TryProvider, storage.Text(configuration, "default_from"), words, words}
}

// ownNotification is what a template says.
func ownNotification(template storage.Document) notification {
	content, _ := template["content"].(storage.Document)
	body, _ := content["body"].(storage.Document)
	return notification{storage.Text(template, "type"), storage.Text(content, "from"), storage.Text(body, "text"), storage.Text(body, "voice")}
}

// tryPhone sends a message to a phone: the outbox captures it, as all others.
//
//auth0:operation POST /api/v2/branding/phone/providers/{id}/try
//auth0:operation POST /api/v2/branding/phone/templates/{id}/try
func tryPhone(of served, words func(storage.Document) notification) func(*call) error {
	return func(c *call) error {
		if err := c.readAs(tryBody, resource.Create); err != nil {
			return err
		}
		return replyChange(c, http.StatusAccepted, func(ch *objects.Change) (storage.Document, error) {
			doc, err := of.find(c, ch.Tx)
			if err != nil {
				return nil, err
			}
			n := words(doc)
			m := outbox.Message{Kind: n.kind, Channel: outbox.SMS, To: storage.Text(c.body, "to"), From: n.from, Text: n.text, Code: exampleCode}
			if storage.Text(c.body, "delivery_method") == "voice" {
				m.Channel, m.Text = outbox.Voice, cmp.Or(n.voice, n.text)
			}
			return storage.Document{"code": http.StatusAccepted, "message": "The notification was sent."}, ch.MailPhone(m)
		})
	}
}

// exampleCode is the code of a message that is for trying only.
const exampleCode = "123456"
