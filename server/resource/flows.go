package resource

import (
	"strings"

	"github.com/tenant0/tenant0/storage"
)

// vaultApps are what a flow can be connected to.
var vaultApps = strings.Fields("ACTIVECAMPAIGN AIRTABLE AUTH0 BIGQUERY CLEARBIT DOCUSIGN GOOGLE_SHEETS HTTP HUBSPOT JWT MAILCHIMP MAILJET " +
	"PIPEDRIVE SALESFORCE SENDGRID SLACK STRIPE TELEGRAM TWILIO WHATSAPP ZAPIER")

// setup is what a flow proves itself with to another service. What is not named here is a secret: the API never shows any
// of it.
var setup = Field{Type: Object, Open: true, Secret: true, Fields: Fields{
	"type": noSecret, "client_id": noSecret, "domain": noSecret, "audience": noSecret, "base_url": noSecret, "project_id": noSecret,
	"account_id": noSecret, "client_email": noSecret, "username": noSecret, "algorithm": noSecret, "name": noSecret, "in": noSecret,
	"scope": noSecret, "token_endpoint": noSecret,
}}

var (
	// Flows is Auth0: api/management/v2/flows.
	Flows = &Kind{
		Name: "flows", ID: "id", NewID: Prefixed("af_", 22),
		Fields: Fields{
			"id": onlyRead, "created_at": onlyRead, "updated_at": onlyRead, "executed_at": onlyRead,
			"name": {Type: String, Required: true, Min: 1, Max: 150}, "actions": list,
		},
		Created: "created_at", Updated: "updated_at",
		Missing: missing("", "Flow not found"),
	}
	// FlowExecutions are the runs of a flow.
	FlowExecutions = &Kind{Name: "flows/executions", ID: "id", Missing: missing("", "Execution not found")}
	// VaultConnections is Auth0: api/management/v2/flows/vault/connections.
	VaultConnections = &Kind{
		Name: "flows/vault/connections", ID: "id", NewID: Prefixed("ac_", 22),
		Fields: Fields{
			"id": onlyRead, "created_at": onlyRead, "updated_at": onlyRead, "refreshed_at": onlyRead, "account_name": onlyRead,
			"environment": onlyRead, "fingerprint": onlyRead, "ready": {Type: Bool, Access: ReadOnly, Default: false},
			"name": {Type: String, Required: true, Min: 1, Max: 150}, "setup": setup,
			"app_id": {Type: String, Required: true, Access: CreateOnly, Enum: vaultApps},
		},
		Created: "created_at", Updated: "updated_at",
		Missing: missing("", "Connection not found"),
	}
	// Forms is Auth0: api/management/v2/forms.
	Forms = &Kind{
		Name: "forms", ID: "id", NewID: Prefixed("ap_", 22),
		Fields: Fields{
			"id": onlyRead, "created_at": onlyRead, "updated_at": onlyRead, "embedded_at": onlyRead, "submitted_at": onlyRead,
			"name": {Type: String, Required: true, Min: 1, Max: 150}, "messages": {Type: Object, Plain: true}, "translations": {Type: Object, Plain: true}, "nodes": list,
			"start": {Type: Object, Nullable: true}, "ending": {Type: Object, Nullable: true}, "style": object,
			"languages": {Type: Object, Default: storage.Document{"primary": "en"}},
		},
		Created: "created_at", Updated: "updated_at",
		Missing: missing("", "Form not found"),
	}
)
