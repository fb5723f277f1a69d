package objects

import (
	"cmp"

	"github.com/tenant0/tenant0/server/outbox"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// PhoneProviders are the tenant's phone providers, Auth0:
// api/management/v2/branding/phone/providers.
var PhoneProviders = declare(&Kind{
	Kind: resource.PhoneProviders,
	before: func(o Collection, doc, _ storage.Document) error {
		doc["tenant"] = o.TenantName()
		if configuration, _ := doc["configuration"].(storage.Document); storage.Text(doc, "name") == "twilio" && storage.Text(configuration, "default_from") == "" {
			return resource.PhoneProviderIncomplete
		}
		return nil
	},
})

// PhoneTemplates are the templates of phone messages, Auth0:
// api/management/v2/branding/phone/templates.
var PhoneTemplates = declare(&Kind{
	Kind: resource.PhoneTemplates,
	before: func(o Collection, doc, _ storage.Document) error {
		doc["tenant"] = o.TenantName()
		if content, ok := doc["content"].(storage.Document); ok {
			if _, sent := content["syntax"]; !sent {
				content["syntax"] = "liquid"
			}
		}
		return nil
	},
})

// Notification is the content of a message to a phone.
type Notification struct{ kind, from, text, voice string }

// TestNotification returns the message with which a provider is tested.
func TestNotification(provider storage.Document) Notification {
	const words = "This is a test of the phone provider of {{ friendly_name }}."
	configuration, _ := provider["configuration"].(storage.Document)
	return Notification{outbox.TryProvider, storage.Text(configuration, "default_from"), words, words}
}

// OwnNotification returns the message of a template.
func OwnNotification(template storage.Document) Notification {
	content, _ := template["content"].(storage.Document)
	body, _ := content["body"].(storage.Document)
	return Notification{storage.Text(template, "type"), storage.Text(content, "from"), storage.Text(body, "text"), storage.Text(body, "voice")}
}

// exampleCode is the code in test messages.
const exampleCode = "123456"

// TryPhone sends a test message to the requested phone number, as a text message or as a
// call.
func (ch *Change) TryPhone(n Notification, asked storage.Document) error {
	m := outbox.Message{Kind: n.kind, Channel: outbox.SMS, To: storage.Text(asked, "to"), From: n.from, Text: n.text, Code: exampleCode}
	if storage.Text(asked, "delivery_method") == "voice" {
		m.Channel, m.Text = outbox.Voice, cmp.Or(n.voice, n.text)
	}
	return ch.MailPhone(m)
}
