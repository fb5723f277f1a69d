package management

import (
	"iter"
	"net/http"

	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// networkACLs serves the tenant's network access control lists, Auth0:
// api/management/v2/network-acls.
//
//auth0:operation GET /api/v2/network-acls
//auth0:operation POST /api/v2/network-acls
//auth0:operation GET /api/v2/network-acls/{id}
//auth0:operation PATCH /api/v2/network-acls/{id}
//auth0:operation PUT /api/v2/network-acls/{id}
//auth0:operation DELETE /api/v2/network-acls/{id}
func networkACLs() collection {
	return collection{
		kind: objects.NetworkACLs, path: "/network-acls", scope: "network_acls", verbs: "list create get patch put delete", strict: true,
		checkPath: func(c *call, _ *storage.Tx) error {
			if id := c.param("id"); id != "" {
				return resource.CheckACLID(id)
			}
			return nil
		},
		list: listing{key: "network_acls", empty: true},
		show: func(c *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			if c.method == http.MethodGet && !c.lists() {
				doc["tenant_id"], doc["deleted_at"] = c.services().TenantName(), nil
			}
			return doc, nil
		},
		gone: func(c *call, _ storage.Document) error {
			return c.reply(http.StatusOK, storage.Document{"code": http.StatusNoContent, "object": ""})
		},
	}
}

// networkACLKeys serves the keys for the HTTP message signatures that access control
// lists can match.
//
//auth0:operation GET /api/v2/keys/network-acls
//auth0:operation POST /api/v2/keys/network-acls
//auth0:operation GET /api/v2/keys/network-acls/{id}
//auth0:operation DELETE /api/v2/keys/network-acls/{id}
func networkACLKeys() collection {
	return collection{
		kind: objects.NetworkACLKeys, path: "/keys/network-acls", scope: "network_acl_keys", verbs: "list create get delete",
		list: listing{key: "keys", style: wrapped, search: func(c *call, _ *storage.Tx, rows iter.Seq2[storage.Row, error]) (iter.Seq2[storage.Row, error], error) {
			return c.sorted(rows, "created_at:-1")
		}},
	}
}
