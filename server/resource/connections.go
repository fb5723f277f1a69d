package resource

import (
	"time"

	"github.com/tenant0/tenant0/storage"
)

// Connections is Auth0: api/management/v2/connections.
var Connections = &Kind{
	Name: "connections", ID: "id", NewID: Prefixed("con_", 16), Open: true,
	Fields: Fields{
		"id":                   onlyRead,
		"name":                 {Type: String, Required: true, Min: 1, Max: 128, Access: CreateOnly},
		"strategy":             {Type: String, Required: true, Min: 1, Access: CreateOnly},
		"options":              {Type: Object, Default: storage.Document{}},
		"enabled_clients":      {Type: Array, Item: &text, Access: CreateOnly, Default: []any{}},
		"is_domain_connection": {Type: Bool, Default: false},
		"authentication":       {Type: Object, Default: storage.Document{"active": true}},
		"connected_accounts":   {Type: Object, Default: storage.Document{"active": false}},
		"realms":               texts, "metadata": {Type: Object}, "show_as_button": flag, "display_name": text,
	},
	Unique:   []string{"name"},
	Complete: completeConnection,
	Missing:  missing("inexistent_connection", "The connection does not exist"),
	Taken:    taken("connection_conflict", "A connection with the same name already exists"),
}

// enterprise are the strategies of connections to a company's own directory.
var enterprise = map[string]bool{
	"ad": true, "adfs": true, "auth0-adldap": true, "custom": true, "google-apps": true, "ip": true, "office365": true,
	"oidc": true, "okta": true, "pingfederate": true, "samlp": true, "sharepoint": true, "waad": true,
}

func completeConnection(doc storage.Document, _ time.Time) {
	strategy, _ := doc["strategy"].(string)
	set(doc, "realms", []any{doc["name"]})
	if enterprise[strategy] {
		set(doc, "show_as_button", false)
		set(doc, "display_name", doc["name"])
	}
	options, ok := doc["options"].(storage.Document)
	if !ok {
		return
	}
	if strategy == storage.DatabaseStrategy {
		setAll(options, storage.Document{
			"mfa":              storage.Document{"active": true, "return_enroll_settings": true},
			"passwordPolicy":   "good",
			"strategy_version": 2,
			"authentication_methods": storage.Document{
				"password": storage.Document{"enabled": true, "api_behavior": "required", "signup_behavior": "allow"},
				"passkey":  storage.Document{"enabled": false},
			},
			"passkey_options": storage.Document{
				"challenge_ui": "both", "progressive_enrollment_enabled": true, "local_enrollment_enabled": true,
			},
			"brute_force_protection": true,
		})
	}
}
