package objects

import (
	"crypto/sha1" //nolint:gosec // Auth0 names certificates by SHA-1
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"slices"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// Connections are the tenant's connections, Auth0: api/management/v2/connections.
var Connections = declare(&Kind{
	Kind: resource.Connections, table: func(tx *storage.Tx) Store { return TableStore[storage.Connection]{Resources: tx.Connections} },
	before: completeConnection, deleted: deleteConnection,
})

// completeConnection checks and completes a new connection, or the options of a changed one.
func completeConnection(o Collection, doc, old storage.Document) error {
	strategy := storage.Text(doc, "strategy")
	if _, asked := doc["cross_app_access_requesting_app"].(storage.Document); asked && strategy == storage.DatabaseStrategy {
		return resource.CrossAppAccessUnsupported
	}
	keepProvider(doc, old)
	if strategy == "adfs" {
		if err := readFederationMetadata(doc); err != nil {
			return err
		}
	}
	if strategy == "samlp" || strategy == "pingfederate" {
		if err := readMetadata(doc); err != nil {
			return err
		}
		describeCertificate(doc)
	}
	if options, ok := doc["options"].(storage.Document); ok && strategy == "waad" && options["app_domain"] == nil {
		options["app_domain"] = o.Host() // the domain to which the directory redirects users
	}
	if strategy == storage.DatabaseStrategy {
		if err := checkAttributes(doc, old); err != nil {
			return err
		}
	}
	if old == nil {
		if ticket := resource.ProvisioningTicket(strategy); ticket != "" {
			doc["provisioning_ticket_url"] = o.Issuer + ticket
		}
		return nil
	}
	keepDatabaseOptions(doc, old)
	if options, ok := o.sent["options"].(storage.Document); ok && strategy == "oidc" && options["connection_settings"] == nil {
		// Auth0 enables PKCE for a new connection, but not when options are replaced by some without
		// connection_settings.
		options["connection_settings"] = storage.Document{"pkce": "disabled"}
	}
	resource.CompleteConnectionOptions(doc)
	return nil
}

// describeCertificate adds the details that a SAML connection shows of its signing certificate.
func describeCertificate(doc storage.Document) {
	options, _ := doc["options"].(storage.Document)
	raw := storage.Text(options, "signingCert")
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

// keepDatabaseOptions keeps the options that Auth0 does not remove when options are replaced by some without them.
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

// deleteConnection deletes the users of a deleted connection.
func deleteConnection(o Collection, doc storage.Document) error {
	var doomed []string
	for user, err := range o.Tx.Users.By("connection", storage.Text(doc, "name")) {
		if err != nil {
			return err
		}
		doomed = append(doomed, user.UserID)
	}
	if err := deleteUsers(o.Change, doomed...); err != nil {
		return err
	}
	if err := forgetLinked(o.Change, storage.Text(doc, "name")); err != nil {
		return err
	}
	return o.Tx.ForgetConnection(storage.Text(doc, "name"))
}

// forgetLinked removes the accounts of a connection that are linked to users of other connections.
func forgetLinked(ch *Change, connection string) error {
	linked := map[string][]storage.Identity{}
	for user, err := range ch.Tx.Users.Mentioning(connection) {
		if err != nil {
			return err
		}
		for _, identity := range user.Identities {
			if identity.Connection == connection {
				linked[user.UserID] = append(linked[user.UserID], identity)
			}
		}
	}
	for id, accounts := range linked {
		for _, identity := range accounts {
			if err := dropIdentity(ch, id, identity); err != nil {
				return err
			}
		}
	}
	return nil
}

// Enablement enables or disables a connection for an application.
type Enablement struct {
	ClientID string
	On       bool
}

// EnableClients enables and disables a connection for applications.
func EnableClients(tx *storage.Tx, connectionID string, changes []Enablement) error {
	if err := Connections.Require(tx, connectionID); err != nil {
		return err
	}
	for _, change := range changes {
		if err := Clients.Require(tx, change.ClientID); err != nil {
			return err
		}
	}
	return enableClients(tx, connectionID, changes)
}

// enableClients writes a connection only once for any number of applications. Newly enabled applications come last in
// the list. If there are several changes for one application, the last one counts.
func enableClients(tx *storage.Tx, connectionID string, changes []Enablement) error {
	doc, err := tx.Connections.Document(connectionID)
	if err != nil {
		return err
	}
	on := map[any]bool{}
	for _, change := range changes {
		on[change.ClientID] = change.On
	}
	enabled, _ := doc["enabled_clients"].([]any)
	enabled = slices.DeleteFunc(enabled, func(id any) bool {
		_, changed := on[id]
		return changed
	})
	for _, change := range changes {
		if on[change.ClientID] {
			enabled = append(enabled, change.ClientID)
			on[change.ClientID] = false // add each only once
		}
	}
	doc["enabled_clients"] = enabled
	return tx.Connections.Put(doc)
}

// DeleteConnectionUser deletes the user of a connection who logs in with an e-mail address. If that is an account which
// is linked to a user, only the account is deleted. It is no error if there is none.
func DeleteConnectionUser(ch *Change, connectionID, email string) error {
	doc, err := Connections.Find(ch.Tx, connectionID)
	if err != nil {
		return err
	}
	user, err := ch.Tx.UserByLogin(storage.Text(doc, "name"), email)
	if err != nil {
		return storage.Optional(err)
	}
	for _, identity := range user.Identities {
		if identity.ID() == user.AccountID() && user.AccountID() != user.UserID {
			return dropIdentity(ch, user.UserID, identity)
		}
	}
	return deleteUsers(ch, user.UserID)
}
