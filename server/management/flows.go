package management

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// flows serves the tenant's flows, Auth0: api/management/v2/flows.
//
//auth0:operation GET /api/v2/flows
//auth0:operation POST /api/v2/flows
//auth0:operation GET /api/v2/flows/{id}
//auth0:operation PATCH /api/v2/flows/{id}
//auth0:operation DELETE /api/v2/flows/{id}
func flows() collection {
	return collection{
		kind: objects.Flows, path: "/flows", scope: "flows", verbs: "list create get patch delete", strict: true,
		list: listing{key: "flows"},
		show: func(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
			if !c.lists() {
				return doc, nil
			}
			doc = brief(doc)
			if strings.Contains(c.query.Get("hydrate"), "form_count") {
				count, err := countNaming(tx, resource.Forms, storage.Text(doc, "id"))
				if err != nil {
					return nil, err
				}
				doc["form_count"] = count
			}
			return doc, nil
		},
	}
}

// lists reports whether the request reads a list, that is, has no id in its path.
func (c *call) lists() bool { return c.method == http.MethodGet && c.param("id") == "" }

// brief returns a flow or a form as lists show it.
func brief(doc storage.Document) storage.Document {
	short := storage.Document{}
	for _, name := range []string{"id", "name", "created_at", "updated_at"} {
		short[name] = doc[name]
	}
	return short
}

// countNaming counts the documents of a kind that contain an id as a value.
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

// names reports whether an id is a value anywhere within another value.
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

// flowExecutions serves the executions of a flow. An execution shows the results of its
// actions only if the query parameter hydrate asks for debug.
//
//auth0:operation GET /api/v2/flows/{flow}/executions
//auth0:operation GET /api/v2/flows/{flow}/executions/{id}
//auth0:operation DELETE /api/v2/flows/{flow}/executions/{id}
func flowExecutions() collection {
	return collection{
		kind: objects.FlowExecutions, path: "/flows/{flow}/executions", parent: "flow", scope: "flows_executions", verbs: "list get delete",
		list: listing{key: "executions", style: flexible},
		show: func(c *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			if c.param("id") == "" || !strings.Contains(c.query.Get("hydrate"), "debug") {
				delete(doc, "debug")
			}
			return doc, nil
		},
	}
}

// vaultConnections serves the connections of flows, Auth0:
// api/management/v2/flows/vault/connections.
//
//auth0:operation GET /api/v2/flows/vault/connections
//auth0:operation POST /api/v2/flows/vault/connections
//auth0:operation GET /api/v2/flows/vault/connections/{id}
//auth0:operation PATCH /api/v2/flows/vault/connections/{id}
//auth0:operation DELETE /api/v2/flows/vault/connections/{id}
func vaultConnections() collection {
	return collection{
		kind: objects.VaultConnections, path: "/flows/vault/connections", scope: "flows_vault_connections", verbs: "list create get patch delete",
		list: listing{key: "connections", lastPage: 1000},
		show: func(c *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			delete(doc, "setup")
			if c.method != http.MethodGet {
				doc["refreshed_at"] = nil
			}
			return doc, nil
		},
	}
}

// forms serves the tenant's forms, Auth0: api/management/v2/forms.
//
//auth0:operation GET /api/v2/forms
//auth0:operation POST /api/v2/forms
//auth0:operation GET /api/v2/forms/{id}
//auth0:operation PATCH /api/v2/forms/{id}
//auth0:operation DELETE /api/v2/forms/{id}
func forms() collection {
	return collection{
		kind: objects.Forms, path: "/forms", scope: "forms", verbs: "list create get patch delete",
		list: listing{key: "forms"},
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
				if names(doc, storage.Text(flow, "id")) {
					used++
				}
			}
			short["flow_count"] = used
			return short, nil
		},
	}
}
