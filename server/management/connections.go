package management

import (
	"crypto/sha1" //nolint:gosec // Auth0 names certificates by SHA-1
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"slices"

	"github.com/tenant0/tenant0/server/apierr"
	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// connections is Auth0: api/management/v2/connections.
//
//auth0:operation GET /api/v2/connections
//auth0:operation POST /api/v2/connections
//auth0:operation GET /api/v2/connections/{id}
//auth0:operation PATCH /api/v2/connections/{id}
//auth0:operation DELETE /api/v2/connections/{id}
func connections() served {
	return served{
		kind: resource.Connections, path: "/connections", scope: "connections", verbs: "list create get patch delete",
		allKnown: true,
		keep: func(_ *call, tx *storage.Tx) (store, error) {
			return acted[storage.Connection]{Resources: tx.Connections}, nil
		},
		list: listing{
			key: "connections", style: flexible, filters: map[string]string{"strategy": "strategy", "name": "name"},
			indexes: map[string]string{"strategy": "strategy", "name": "name"},
		},
		before:  completeConnection,
		always:  []string{"id", "is_domain_connection", "authentication", "connected_accounts"},
		deleted: deleteConnection,
		gone: func(c *call, _ storage.Document) error {
			return c.reply(http.StatusAccepted, storage.Document{"deleted_at": resource.Time(c.now)})
		},
	}
}

// errCrossAppAccess is what a database connection answers to a request for
// cross-app access.
var errCrossAppAccess = &apierr.Error{
	Status: http.StatusBadRequest, Message: "Cross App Access Requesting App is not supported for this connection.",
	Extra: map[string]any{"errorCode": "operation_not_supported"},
}

// completeConnection completes a new connection, and the options of a changed one.
func completeConnection(c *call, _ *storage.Tx, doc, old storage.Document) error {
	strategy := text(doc, "strategy")
	if _, asked := doc["cross_app_access_requesting_app"].(storage.Document); asked && strategy == storage.DatabaseStrategy {
		return errCrossAppAccess
	}
	keepProvider(doc, old)
	if strategy == "samlp" || strategy == "pingfederate" {
		if err := readMetadata(doc); err != nil {
			return err
		}
		describeCertificate(doc)
	}
	if strategy == storage.DatabaseStrategy {
		if err := checkAttributes(doc, old); err != nil {
			return err
		}
	}
	if old == nil {
		if ticket := resource.ProvisioningTicket(strategy); ticket != "" {
			doc["provisioning_ticket_url"] = c.Issuer.URL + ticket
		}
		return nil
	}
	keepDatabaseOptions(doc, old)
	if options, ok := c.body["options"].(storage.Document); ok && strategy == "oidc" && options["connection_settings"] == nil {
		// Auth0 turns PKCE on for a new connection, not for options without it.
		options["connection_settings"] = storage.Document{"pkce": "disabled"}
	}
	resource.CompleteConnectionOptions(doc)
	return nil
}

// describeCertificate adds what a SAML connection shows of the certificate that
// it is given.
func describeCertificate(doc storage.Document) {
	options, _ := doc["options"].(storage.Document)
	raw := text(options, "signingCert")
	if decoded, err := base64.StdEncoding.DecodeString(raw); err == nil {
		raw = string(decoded)
	}
	block, _ := pem.Decode([]byte(raw))
	if block == nil {
		return
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return
	}
	sum := sha1.Sum(cert.Raw) //nolint:gosec // Auth0 names certificates by SHA-1
	options["cert"], options["expires"], options["thumbprints"] = raw, resource.Time(cert.NotAfter), []any{hex.EncodeToString(sum[:])}
	subject := storage.Document{}
	for name, values := range map[string][]string{
		"countryName": cert.Subject.Country, "stateOrProvinceName": cert.Subject.Province, "localityName": cert.Subject.Locality,
		"organizationName": cert.Subject.Organization, "organizationalUnitName": cert.Subject.OrganizationalUnit,
	} {
		if len(values) > 0 {
			subject[name] = values[0]
		}
	}
	if cert.Subject.CommonName != "" {
		subject["commonName"] = cert.Subject.CommonName
	}
	options["subject"] = subject
}

// keepDatabaseOptions keeps what the server does not take away when options are
// replaced without it.
func keepDatabaseOptions(doc, old storage.Document) {
	was, _ := old["options"].(storage.Document)
	is, ok := doc["options"].(storage.Document)
	if !ok {
		return
	}
	for _, name := range []string{"passkey_options", "authentication_methods"} {
		if value, had := was[name]; had {
			if _, sent := is[name]; !sent {
				is[name] = value
			}
		}
	}
}

// deleteConnection takes the users of a connection along.
func deleteConnection(c *call, tx *storage.Tx, doc storage.Document) error {
	var doomed []string
	for user, err := range tx.Users.By("connection", text(doc, "name")) {
		if err != nil {
			return err
		}
		doomed = append(doomed, user.UserID)
	}
	if err := deleteUsers(c, tx, doomed...); err != nil {
		return err
	}
	id := text(doc, "id")
	if err := tx.ForgetConnection(id, text(doc, "name")); err != nil {
		return err
	}
	for _, kind := range []string{scim.children, directory.children} {
		if err := tx.Documents(kind, id).DeleteAll(); err != nil {
			return err
		}
	}
	return tx.DeleteLinked(id, storage.OrganizationConnectionsKind, scim.kind, directory.kind, connectionKeyKind)
}

// enableClient turns a connection on or off for an application.
func enableClient(tx *storage.Tx, connectionID, clientID string, on bool) error {
	doc, err := tx.Connections.Document(connectionID)
	if err != nil {
		return err
	}
	enabled, _ := doc["enabled_clients"].([]any)
	enabled = slices.DeleteFunc(enabled, func(v any) bool { return v == clientID })
	if on {
		enabled = append(enabled, clientID)
	}
	doc["enabled_clients"] = enabled
	return tx.Connections.Put(doc)
}

func connectionOperations() []operation {
	return []operation{
		{http.MethodGet, "/connections/{id}/clients", []string{"read:connections"}, enabledClients},
		{http.MethodPatch, "/connections/{id}/clients", []string{"update:connections"}, updateEnabledClients},
		{http.MethodDelete, "/connections/{id}/users", []string{"delete:users"}, deleteConnectionUser},
		{http.MethodGet, "/connections/{id}/status", []string{"read:connections"}, connectionStatus},
	}
}

// connection returns the document of the path.
func (c *call) connection(tx *storage.Tx) (storage.Document, error) {
	doc, err := tx.Connections.Document(c.param("id"))
	if storage.IsNotFound(err) {
		return nil, resource.Connections.Missing
	}
	return doc, err
}

//auth0:operation GET /api/v2/connections/{id}/clients
func enabledClients(c *call) error {
	return c.listed(listing{key: "clients", style: checkpointed, most: 1000}, func(tx *storage.Tx, w *window) error {
		connection, err := tx.Connections.Get(c.param("id"))
		if err != nil {
			return orMissing(err, resource.Connections)
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
	err = c.update(func(tx *storage.Tx) error {
		if _, err := c.connection(tx); err != nil {
			return err
		}
		for _, change := range changes {
			if known, err := tx.Clients.Has(change.clientID); err != nil || !known {
				return orMissing(err, resource.Clients)
			}
			if err := enableClient(tx, c.param("id"), change.clientID, change.on); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

// enablement turns a connection on or off for an application.
type enablement struct {
	clientID string
	on       bool
}

func (c *call) readEnablements() (changes []enablement, err error) {
	refusal := resource.InvalidBody("Payload validation error: 'Expected type array of {client_id, status}'.")
	items, err := readList[storage.Document](c, refusal)
	for _, item := range items {
		change := enablement{clientID: text(item, "client_id")}
		change.on, _ = item["status"].(bool)
		if item["client_id"] != nil && item["client_id"] != change.clientID || item["status"] != nil && item["status"] != change.on {
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
	err := c.update(func(tx *storage.Tx) error {
		doc, err := c.connection(tx)
		if err != nil {
			return err
		}
		user, err := tx.UserByLogin(text(doc, "name"), email)
		if err != nil {
			return storage.Optional(err)
		}
		return deleteUsers(c, tx, user.UserID)
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusNoContent)
}

// connectionStatus says that a connection works: there is nothing upstream that
// could be away.
//
//auth0:operation GET /api/v2/connections/{id}/status
func connectionStatus(c *call) error {
	err := c.view(func(tx *storage.Tx) error {
		_, err := c.connection(tx)
		return err
	})
	if err != nil {
		return err
	}
	return c.empty(http.StatusOK)
}
