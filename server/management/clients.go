package management

import (
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/keys"
	"github.com/tenant0/tenant0/server/objects"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// clients serves the tenant's applications, Auth0: api/management/v2/clients.
//
//auth0:operation GET /api/v2/clients
//auth0:operation POST /api/v2/clients
//auth0:operation GET /api/v2/clients/{id}
//auth0:operation PATCH /api/v2/clients/{id}
//auth0:operation DELETE /api/v2/clients/{id}
func clients() collection {
	return collection{
		kind: objects.Clients, path: "/clients", scope: "clients", verbs: "list create get patch delete",
		scopes: map[string][]string{
			"list": readClientScopes, "get": readClientScopes, "patch": {"update:clients", "update:client_keys", "update:client_credentials"},
		},
		allKnown: true,
		list: listing{
			key: "clients", style: flexible, empty: true, search: clientsByGrant,
			filters: map[string]string{
				"app_type": "app_type", "is_first_party": "is_first_party", "is_global": "global", "external_client_id": "external_client_id",
			},
			indexes: map[string]string{"app_type": "app_type", "is_first_party": "first_party", "is_global": "global"},
		},
		show: showClient,
	}
}

// holdersOf returns the ids of the applications of all grants that count.
func holdersOf[T any](grants iter.Seq2[T, error], client func(T) (id string, counts bool)) (map[string]bool, error) {
	holders := map[string]bool{}
	for grant, err := range grants {
		if err != nil {
			return nil, err
		}
		if id, counts := client(grant); counts {
			holders[id] = true
		}
	}
	return holders, nil
}

// clientsByGrant filters applications by the client grants that the query parameter q
// names: those assigned to an organization, or those that allow any organization. Auth0:
// manage-users/organizations/organizations-for-m2m-applications/audit-m2m-access.
func clientsByGrant(c *call, tx *storage.Tx, rows iter.Seq2[storage.Row, error]) (iter.Seq2[storage.Row, error], error) {
	query := c.query.Get("q")
	if query == "" {
		return wholeList, nil
	}
	field, value, _ := strings.Cut(query, ":")
	var holders map[string]bool
	var err error
	switch {
	case field == "client_grant.organization_id":
		holders, err = holdersOf(tx.Documents(storage.OrganizationGrantsKind, strings.Trim(value, `"`)).All(),
			func(grant storage.Document) (string, bool) { return storage.Text(grant, "client_id"), true })
	case query == "client_grant.allow_any_organization:true":
		holders, err = holdersOf(tx.ClientGrants.All(),
			func(grant storage.ClientGrant) (string, bool) { return grant.ClientID, grant.AllowAnyOrganization })
	default:
		err = invalidQuery("'The query may be client_grant.organization_id:ID or client_grant.allow_any_organization:true' on property q")
	}
	if err != nil {
		return nil, err
	}
	return matching(rows, func(row storage.Row) bool { return holders[row.Key] }), nil
}

var readClientScopes = []string{"read:clients", "read:client_keys", "read:client_credentials", "read:client_summary"}

// narrow removes the members of an application that the caller's scopes do not allow to
// read, Auth0: api/management/v2/clients/get-clients. Each of the scopes shows the name
// and the type of an application; only the scopes for keys and credentials show the
// members with which it authenticates.
func (c *call) narrow(doc storage.Document) storage.Document {
	if c.method != http.MethodGet {
		return doc
	}
	may := func(scopes ...string) bool {
		return slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(c.caller.Scope, s) })
	}
	keys := may("read:client_keys", "read:client_credentials")
	all := may("read:clients", "read:client_keys")
	maps.DeleteFunc(doc, func(name string, _ any) bool {
		switch name {
		case "client_id", "name", "app_type", "description":
			return false
		case "client_secret", "encryption_key", "client_authentication_methods", "signing_keys":
			return !keys
		}
		return !all
	})
	return doc
}

// withheld is shown in place of the tenant's private signing key, which Auth0 shows in the response to a new
// application.
const withheld = "[REDACTED]"

// showClient adds the client secret and the tenant's certificate. An application that
// authenticates without a secret shows none.
func showClient(c *call, tx *storage.Tx, doc storage.Document) (storage.Document, error) {
	if methods, ok := doc["client_authentication_methods"].(storage.Document); ok {
		doc["client_authentication_methods"] = withoutKeys(methods)
	} else {
		secret, err := tx.ClientSecrets.Get(storage.Text(doc, "client_id"))
		if err := storage.Optional(err); err != nil {
			return nil, err
		}
		if shown := c.Issuer.Secrets.Unseal(secret.Sealed); shown != "" {
			doc["client_secret"] = shown
		}
	}
	certificates := c.signingKeys()
	if c.method == http.MethodPost {
		doc["encrypted"] = true
		for _, certificate := range certificates {
			certificate.(storage.Document)["key"] = withheld
		}
	}
	doc["signing_keys"] = certificates
	doc["cross_origin_auth"] = doc["cross_origin_authentication"]
	return c.narrow(doc), nil
}

// signingKeys returns the tenant's certificate as applications show it.
func (c *call) signingKeys() []any {
	for _, k := range c.Ring.List() {
		if k.CurrentUntil.IsZero() && !k.CurrentSince.IsZero() {
			return []any{storage.Document{
				"cert": keys.PEM(k.Certificate), "pkcs7": keys.PKCS7(k.Certificate), "subject": "/CN=" + c.services().Host(),
			}}
		}
	}
	return []any{}
}

// clientOperations are the operations of applications other than reading and writing
// them.
func clientOperations() []operation {
	return []operation{
		{http.MethodPost, "/clients/{id}/rotate-secret", []string{"update:client_keys"}, rotateSecret},
		{http.MethodGet, "/clients/{id}/connections", []string{"read:connections"}, clientConnections},
	}
}

//auth0:operation POST /api/v2/clients/{id}/rotate-secret
func rotateSecret(c *call) error {
	return replyChange(c, http.StatusOK, func(ch *objects.Change) (storage.Document, error) {
		doc, err := objects.RotateSecret(ch, c.param("id"))
		if err != nil {
			return nil, err
		}
		return showClient(c, ch.Tx, doc)
	})
}

//auth0:operation GET /api/v2/clients/{id}/connections
func clientConnections(c *call) error {
	return c.listed(listing{key: "connections", style: checkpointed}, func(tx *storage.Tx, w *window) error {
		if err := objects.Clients.Require(tx, c.param("id")); err != nil {
			return err
		}
		return w.fill(tx.Connections.ListBy("client", c.param("id")), false, w.takeRow)
	})
}

// orMissing returns the kind's error Missing if err is nil or wraps storage.ErrNotFound,
// and otherwise err.
func orMissing(err error, kind *resource.Kind) error {
	if err != nil && !storage.IsNotFound(err) {
		return err
	}
	return kind.Missing
}
