package objects

import (
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// PhoneProviders are Auth0: api/management/v2/branding/phone/providers.
var PhoneProviders = &Kind{
	Kind: resource.PhoneProviders,
	before: func(o Collection, doc, _ storage.Document) error {
		doc["tenant"] = o.TenantName()
		if configuration, _ := doc["configuration"].(storage.Document); storage.Text(doc, "name") == "twilio" && storage.Text(configuration, "default_from") == "" {
			return resource.PhoneProviderIncomplete
		}
		return nil
	},
}

// PhoneTemplates are Auth0: api/management/v2/branding/phone/templates.
var PhoneTemplates = &Kind{
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
}
