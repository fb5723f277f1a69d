package management

import (
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// connections serves the tenant's connections, Auth0: api/management/v2/connections.
//
//auth0:operation GET /api/v2/connections
//auth0:operation POST /api/v2/connections
//auth0:operation GET /api/v2/connections/{id}
//auth0:operation PATCH /api/v2/connections/{id}
//auth0:operation DELETE /api/v2/connections/{id}
func connections() collection {
	return collection{
		kind: objects.Connections, path: "/connections", scope: "connections", verbs: "list create get patch delete",
		allKnown: true,
		list: listing{
			key: "connections", style: flexible, defaultPageSize: maxPage, check: checkShallow, filters: map[string]string{"strategy": "strategy", "name": "name"},
			indexes: map[string]string{"strategy": "strategy", "name": "name"},
		},
		always: []string{"id", "is_domain_connection", "authentication", "connected_accounts"},
		gone: func(c *call, _ storage.Document) error {
			return c.reply(http.StatusAccepted, storage.Document{"deleted_at": resource.Time(c.now)})
		},
	}
}

func connectionOperations() []operation {
	return []operation{
		{http.MethodGet, "/connections/{id}/clients", []string{"read:connections"}, enabledClients},
		{http.MethodPatch, "/connections/{id}/clients", []string{"update:connections"}, updateEnabledClients},
		{http.MethodDelete, "/connections/{id}/users", []string{"delete:users"}, deleteConnectionUser},
		{http.MethodGet, "/connections/{id}/status", []string{"read:connections"}, connectionStatus},
	}
}

//auth0:operation GET /api/v2/connections/{id}/clients
func enabledClients(c *call) error {
	return c.listed(listing{key: "clients", style: checkpointed, maxPageSize: 1000}, func(tx *storage.Tx, w *window) error {
		connection, err := tx.Connections.Get(c.param("id"))
		if storage.IsNotFound(err) {
			return resource.Connections.Missing
		}
		if err != nil {
			return err
		}
		for i, id := range connection.EnabledClients {
			if w.take(indexPlace(i)) {
				w.docs = append(w.docs, storage.Document{"client_id": id})
			}
			if w.done() {
				break
			}
		}
		return nil
	})
}

//auth0:operation PATCH /api/v2/connections/{id}/clients
func updateEnabledClients(c *call) error {
	changes, err := c.readEnablements()
	if err != nil {
		return err
	}
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error { return objects.EnableClients(ch.Tx, c.param("id"), changes) })
}

func (c *call) readEnablements() (changes []objects.Enablement, err error) {
	refusal := resource.InvalidBody("Payload validation error: 'Expected type array of {client_id, status}'.")
	items, err := readList[storage.Document](c, refusal)
	for _, item := range items {
		change := objects.Enablement{ClientID: storage.Text(item, "client_id")}
		change.On, _ = item["status"].(bool)
		if item["client_id"] != nil && item["client_id"] != change.ClientID || item["status"] != nil && item["status"] != change.On {
			return nil, refusal
		}
		changes = append(changes, change)
	}
	return changes, err
}

//auth0:operation DELETE /api/v2/connections/{id}/users
func deleteConnectionUser(c *call) error {
	email := c.query.Get("email")
	if email == "" {
		return invalidQuery("'Missing required property: email'")
	}
	return c.emptyChange(http.StatusNoContent, func(ch *objects.Change) error { return objects.DeleteConnectionUser(ch, c.param("id"), email) })
}

// connectionStatus always reports that a connection works, since tenant0 does not check
// the provider.
//
//auth0:operation GET /api/v2/connections/{id}/status
func connectionStatus(c *call) error {
	err := c.view(func(tx *storage.Tx) error { return objects.Connections.Require(tx, c.param("id")) })
	if err != nil {
		return err
	}
	return c.empty(http.StatusOK)
}
