package resource

import (
	"maps"
	"slices"

	"github.com/tenant0/tenant0/storage"
)

var (
	// Flows describes the resource of Auth0: api/management/v2/flows.
	Flows = &Kind{
		Name: "flows", ID: "id", NewID: Prefixed("af_", 22),
		Fields: Fields{
			"id": readOnly, "created_at": readOnly, "updated_at": readOnly, "executed_at": readOnly,
			"name": {Type: String, Required: true, Min: 1, Max: 150}, "actions": {Type: Array, Ordered: true, Item: &Field{Type: Object, Open: true, OneOf: flowActions}},
		},
		Created: "created_at", Updated: "updated_at",
		Missing: missing("", "Flow not found"),
	}
	// FlowExecutions are the executions of a flow.
	FlowExecutions = &Kind{Name: "flows/executions", ID: "id", Missing: missing("", "Execution not found")}
	// VaultConnections describes the resource of Auth0: api/management/v2/flows/vault/connections.
	VaultConnections = &Kind{
		Name: "flows/vault/connections", ID: "id", NewID: Prefixed("ac_", 22),
		Fields: Fields{
			"id": readOnly, "created_at": readOnly, "updated_at": readOnly, "refreshed_at": readOnly, "account_name": readOnly,
			"environment": readOnly, "fingerprint": readOnly, "ready": {Type: Bool, Access: ReadOnly, Default: false},
			"name": {Type: String, Required: true, Min: 1, Max: 150}, "setup": setup,
			"app_id": {Type: String, Required: true, Access: CreateOnly, Enum: slices.Sorted(maps.Keys(vaultSetups))},
		},
		Created: "created_at", Updated: "updated_at",
		Missing: missing("", "Connection not found"),
	}
	// Forms describes the resource of Auth0: api/management/v2/forms.
	Forms = &Kind{
		Name: "forms", ID: "id", NewID: Prefixed("ap_", 22),
		Fields: Fields{
			"id": readOnly, "created_at": readOnly, "updated_at": readOnly, "embedded_at": readOnly, "submitted_at": readOnly,
			"name": {Type: String, Required: true, Min: 1, Max: 150}, "messages": formMessages,
			"translations": {Type: Object, Plain: true, Item: &Field{Type: Object, Plain: true}},
			"nodes":        {Type: Array, Ordered: true, Item: &Field{Type: Object, Open: true, OneOf: formNodes}},
			"start":        formStart, "ending": formEnding, "style": {Type: Object, Fields: Fields{"css": upTo(5000)}},
			"languages": {Type: Object, Fields: Fields{"primary": upTo(55), "default": upTo(55)}, Default: storage.Document{"primary": "en"}},
		},
		Created: "created_at", Updated: "updated_at",
		Missing: missing("", "Form not found"),
	}
)
