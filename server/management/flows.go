package management

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// flows is Auth0: api/management/v2/flows.
//
//auth0:operation GET /api/v2/flows
//auth0:operation POST /api/v2/flows
//auth0:operation GET /api/v2/flows/{id}
//auth0:operation PATCH /api/v2/flows/{id}
//auth0:operation DELETE /api/v2/flows/{id}
func flows() served {
	return served{
		kind: resource.Flows, path: "/flows", scope: "flows", verbs: "list create get patch delete", strict: true,
		keep: func(c *call, tx *storage.Tx) (store, error) { return c.plain(tx, resource.Flows, ""), nil },
		list: listing{key: "flows"},
		show: func(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
			if !c.lists() {
				return doc, nil
			}
			doc = brief(doc)
			if strings.Contains(c.query.Get("hydrate"), "form_count") {
				count, err := countNaming(tx, resource.Forms, text(doc, "id"))
				if err != nil {
					return nil, err
				}
				doc["form_count"] = count
			}
			return doc, nil
		},
	}
}

// lists reports whether the request reads a list, whose documents have no id in
// the path.
func (c *call) lists() bool { return c.method == http.MethodGet && c.param("id") == "" }

// brief is a flow or form as lists show it.
func brief(doc storage.Document) storage.Document {
	short := storage.Document{}
	for _, name := range []string{"id", "name", "created_at", "updated_at"} {
		short[name] = doc[name]
	}
	return short
}

// countNaming counts the documents of a kind that name an id somewhere.
func countNaming(tx *storage.Tx, kind *resource.Kind, id string) (n int, err error) {
	for row, err := range tx.Documents(kind.Name, "").Rows() {
		if err != nil {
			return 0, err
		}
		doc, err := row.Document()
		if err != nil {
			return 0, err
		}
		if names(doc, id) {
			n++
		}
	}
	return n, nil
}

// names reports whether an id is a value somewhere within another.
func names(value any, id string) bool {
	switch v := value.(type) {
	case string:
		return v == id
	case []any:
		return slices.ContainsFunc(v, func(item any) bool { return names(item, id) })
	case storage.Document:
		for _, item := range v {
			if names(item, id) {
				return true
			}
		}
	}
	return false
}

// flowExecutions are the runs of a flow, of which there are none.
//
//auth0:operation GET /api/v2/flows/{flow}/executions
//auth0:operation GET /api/v2/flows/{flow}/executions/{id}
//auth0:operation DELETE /api/v2/flows/{flow}/executions/{id}
func flowExecutions() served {
	return served{
		kind: resource.FlowExecutions, path: "/flows/{flow}/executions", scope: "flows_executions", verbs: "list get delete",
		keep: func(c *call, tx *storage.Tx) (store, error) {
			_, err := tx.Documents(resource.Flows.Name, "").Document(c.param("flow"))
			if storage.IsNotFound(err) {
				return nil, resource.Flows.Missing
			}
			return c.plain(tx, resource.FlowExecutions, c.param("flow")), err
		},
		list: listing{key: "executions", style: flexible},
	}
}

// vaultConnections is Auth0: api/management/v2/flows/vault/connections.
//
//auth0:operation GET /api/v2/flows/vault/connections
//auth0:operation POST /api/v2/flows/vault/connections
//auth0:operation GET /api/v2/flows/vault/connections/{id}
//auth0:operation PATCH /api/v2/flows/vault/connections/{id}
//auth0:operation DELETE /api/v2/flows/vault/connections/{id}
func vaultConnections() served {
	return served{
		kind: resource.VaultConnections, path: "/flows/vault/connections", scope: "flows_vault_connections", verbs: "list create get patch delete",
		keep: func(c *call, tx *storage.Tx) (store, error) { return c.plain(tx, resource.VaultConnections, ""), nil },
		list: listing{key: "connections"},
		before: func(_ *call, _ *storage.Tx, doc, _ storage.Document) error {
			setup, _ := doc["setup"].(storage.Document)
			doc["ready"] = len(setup) > 0
			raw, err := json.Marshal([]any{doc["name"], doc["app_id"], setup})
			sum := sha256.Sum256(raw)
			doc["fingerprint"] = hex.EncodeToString(sum[:16])
			return err
		},
		show: func(c *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			delete(doc, "setup")
			if c.method != http.MethodGet {
				doc["refreshed_at"] = nil
			}
			return doc, nil
		},
	}
}

// forms is Auth0: api/management/v2/forms.
//
//auth0:operation GET /api/v2/forms
//auth0:operation POST /api/v2/forms
//auth0:operation GET /api/v2/forms/{id}
//auth0:operation PATCH /api/v2/forms/{id}
//auth0:operation DELETE /api/v2/forms/{id}
func forms() served {
	return served{
		kind: resource.Forms, path: "/forms", scope: "forms", verbs: "list create get patch delete",
		keep: func(c *call, tx *storage.Tx) (store, error) { return c.plain(tx, resource.Forms, ""), nil },
		list: listing{key: "forms"},
		before: func(_ *call, _ *storage.Tx, doc, _ storage.Document) error {
			for _, name := range []string{"messages", "translations"} {
				if part, ok := doc[name].(storage.Document); ok && len(part) == 0 {
					delete(doc, name)
				}
			}
			return nil
		},
		show: func(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
			if !c.lists() {
				return doc, nil
			}
			short := brief(doc)
			used := 0
			for flow, err := range tx.Documents(resource.Flows.Name, "").All() {
				if err != nil {
					return nil, err
				}
				if names(doc, text(flow, "id")) {
					used++
				}
			}
			short["flow_count"] = used
			return short, nil
		},
	}
}
