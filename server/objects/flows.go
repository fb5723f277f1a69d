package objects

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"

	"github.com/tenant0/tenant0/server/prompts"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Flows are the tenant's flows, Auth0: api/management/v2/flows.
var Flows = declare(&Kind{Kind: resource.Flows})

// FlowExecutions are the executions of a flow.
var FlowExecutions = declare(&Kind{Kind: resource.FlowExecutions, Owner: Flows})

// VaultConnections are the connections of flows, Auth0:
// api/management/v2/flows/vault/connections.
var VaultConnections = declare(&Kind{Kind: resource.VaultConnections, before: describeVaultConnection})

// describeVaultConnection sets whether a connection is set up, and its fingerprint.
func describeVaultConnection(_ Collection, doc, old storage.Document) error {
	setup, sent := doc["setup"].(storage.Document)
	if sent && !reflect.DeepEqual(doc["setup"], old["setup"]) {
		if err := resource.CheckSetup(storage.Text(doc, "app_id"), setup, old != nil); err != nil {
			return err
		}
	}
	doc["ready"] = len(setup) > 0
	raw, err := json.Marshal([]any{doc["name"], doc["app_id"], setup})
	sum := sha256.Sum256(raw)
	doc["fingerprint"] = hex.EncodeToString(sum[:16])
	return err
}

// Forms are the tenant's forms, Auth0: api/management/v2/forms. Empty messages and
// translations are removed.
var Forms = declare(&Kind{
	Kind: resource.Forms,
	deleted: func(o Collection, doc storage.Document) error {
		return prompts.Forget(o.Tx, storage.Text(doc, "id"))
	},
	before: func(_ Collection, doc, _ storage.Document) error {
		for _, name := range []string{"messages", "translations"} {
			if part, ok := doc[name].(storage.Document); ok && len(part) == 0 {
				delete(doc, name)
			}
		}
		return nil
	},
})
