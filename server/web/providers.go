package web

import (
	"cmp"

	"github.com/tenant0/tenant0/storage"
	"github.com/tenant0/tenant0/templates"
)

// providerNames are the names of social networks on the login page, by strategy.
var providerNames = map[string]string{
	"amazon": "Amazon", "apple": "Apple", "bitbucket": "Bitbucket", "box": "Box", "dropbox": "Dropbox", "facebook": "Facebook",
	"github": "GitHub", "google-oauth2": "Google", "line": "LINE", "linkedin": "LinkedIn", "paypal": "PayPal", "salesforce": "Salesforce",
	"shopify": "Shopify", "slack": "Slack", "twitter": "X", "windowslive": "Microsoft Account", "yahoo": "Yahoo!", "yandex": "Yandex",
}

// Providers returns the buttons for connections to other identity providers. Key, by which
// scripts find a button, is the strategy, except that it is google for google-oauth2.
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
