package web

import (
	"cmp"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// providerNames are what the login page calls the providers of social connections.
var providerNames = map[string]string{
	"amazon": "Amazon", "apple": "Apple", "bitbucket": "Bitbucket", "box": "Box", "dropbox": "Dropbox", "facebook": "Facebook",
	"github": "GitHub", "google-oauth2": "Google", "line": "LINE", "linkedin": "LinkedIn", "paypal": "PayPal", "salesforce": "Salesforce",
	"shopify": "Shopify", "slack": "Slack", "twitter": "X", "windowslive": "Microsoft Account", "yahoo": "Yahoo!", "yandex": "Yandex",
}

// Providers are the buttons of connections to other identity providers. What scripts find a
// button by is the strategy, but google for that of Google.
func Providers(connections []storage.Connection) (all []templates.Provider) {
	for _, c := range connections {
		key := c.Strategy
		if key == "google-oauth2" {
			key = "google"
		}
		icon, _ := c.Options["icon_url"].(string)
		all = append(all, templates.Provider{
			Connection: c.Name, Key: key, IconURL: icon, Name: cmp.Or(c.DisplayName, providerNames[c.Strategy], c.Name),
		})
	}
	return all
}
