package management

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// credentials is Auth0: api/management/v2/clients/credentials.
//
//auth0:operation GET /api/v2/clients/{client_id}/credentials
//auth0:operation POST /api/v2/clients/{client_id}/credentials
//auth0:operation GET /api/v2/clients/{client_id}/credentials/{id}
//auth0:operation PATCH /api/v2/clients/{client_id}/credentials/{id}
//auth0:operation DELETE /api/v2/clients/{client_id}/credentials/{id}
func credentials() served {
	return served{
		kind: resource.Credentials, path: "/clients/{client_id}/credentials", scope: "client_credentials",
		verbs: "list create get patch delete",
		keep: func(c *call, tx *storage.Tx) (store, error) {
			id := c.param("client_id")
			if known, err := tx.Clients.Has(id); err != nil || !known {
				return nil, orMissing(err, resource.Clients)
			}
			return c.plain(tx, resource.Credentials, id), nil
		},
		list:   listing{style: bare},
		before: describeCredential,
		after:  func(c *call, tx *storage.Tx, _, _ storage.Document) error { return refreshCredentials(c, tx) },
		deleted: func(c *call, tx *storage.Tx, _ storage.Document) error {
			return refreshCredentials(c, tx)
		},
		show: func(_ *call, _ *storage.Tx, doc storage.Document) (storage.Document, error) {
			delete(doc, "pem")
			return doc, nil
		},
	}
}

// credentialTypes say by the type of a credential what a new one is read from and what
// is known of it afterwards. Auth0: api/management/v2/clients/post-credentials.
var credentialTypes = map[string]func(storage.Document) error{
	"public_key":      describeKey,
	"cert_subject_dn": describeSubject,
	"x509_cert":       describeCertificateOf,
}

func describeCredential(_ *call, _ *storage.Tx, doc, old storage.Document) error {
	normalizeTime(doc, "expires_at")
	if old != nil {
		return nil
	}
	return credentialTypes[text(doc, "credential_type")](doc)
}

// describeKey reads the key of a new credential. Without a kid of its own it is known by
// its thumbprint, so that the same key always has the same.
func describeKey(doc storage.Document) error {
	_, cert, err := readKey(text(doc, "pem"))
	if err != nil {
		return err
	}
	if cert != nil && doc["parse_expiry_from_cert"] == true && doc["expires_at"] == nil {
		doc["expires_at"] = resource.Time(cert.NotAfter)
	}
	delete(doc, "parse_expiry_from_cert")
	if doc["alg"] == nil {
		doc["alg"] = "RS256"
	}
	if doc["kid"] == nil {
		doc["kid"], err = keyThumbprint(text(doc, "pem"))
	}
	return err
}

// describeSubject takes the name of a certificate's holder from the certificate, unless
// it is sent in its place.
func describeSubject(doc storage.Document) error {
	_, named := doc["subject_dn"]
	_, sent := doc["pem"]
	switch {
	case named == sent:
		return resource.InvalidBody("Payload validation error: 'A credential of type cert_subject_dn has either pem or subject_dn'.")
	case named:
		return nil
	}
	cert, err := readCertificate(doc)
	if err == nil {
		doc["subject_dn"] = subjectName(cert)
	}
	return err
}

// describeCertificateOf reads the certificate of a new credential.
func describeCertificateOf(doc storage.Document) error {
	cert, err := readCertificate(doc)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(cert.Raw)
	doc["thumbprint_sha256"] = base64.RawURLEncoding.EncodeToString(sum[:])
	doc["subject_dn"], doc["expires_at"] = subjectName(cert), resource.Time(cert.NotAfter)
	return nil
}

func readCertificate(doc storage.Document) (*x509.Certificate, error) {
	_, cert, err := readKey(text(doc, "pem"))
	if err == nil && cert == nil {
		err = resource.InvalidBody("The pem property is not a PEM certificate")
	}
	return cert, err
}

// shortNames are the names of the attributes of a distinguished name, RFC 4519, as
// certificates are shown with.
var shortNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.17": "postalCode", "2.5.4.42": "GN",
	"1.2.840.113549.1.9.1": "emailAddress", "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC",
}

// subjectName is the name of a certificate's holder with an attribute on each line, in
// the order of the certificate. Auth0: get-started/applications/configure-mtls/
// configure-mtls-for-a-client.
func subjectName(cert *x509.Certificate) string {
	lines := make([]string, len(cert.Subject.Names))
	for i, attribute := range cert.Subject.Names {
		oid := attribute.Type.String()
		lines[i] = fmt.Sprintf("%s=%v", cmp.Or(shortNames[oid], oid), attribute.Value)
	}
	return strings.Join(lines, "\n")
}

// credentialLists are the objects of a client that refer to its credentials.
func credentialLists(client storage.Document) []storage.Document {
	methods, _ := client["client_authentication_methods"].(storage.Document)
	var holders []storage.Document
	for _, method := range slices.Sorted(maps.Keys(methods)) {
		if m, ok := methods[method].(storage.Document); ok {
			holders = append(holders, m)
		}
	}
	for _, name := range []string{"signed_request_object", "token_vault_privileged_access"} {
		if m, ok := client[name].(storage.Document); ok {
			holders = append(holders, m)
		}
	}
	return holders
}

// createCredentials makes credentials of those that a new client comes with, and leaves
// their ids in their place. Auth0: get-started/applications/configure-private-key-jwt.
func createCredentials(c *call, tx *storage.Tx, client storage.Document) error {
	for _, holder := range credentialLists(client) {
		refs, _ := holder["credentials"].([]any)
		for i, ref := range refs {
			credential, ok := ref.(storage.Document)
			if !ok || text(credential, "id") != "" {
				continue
			}
			if err := resource.Credentials.Check(credential, resource.Create); err != nil {
				return err
			}
			if err := describeCredential(c, tx, credential, nil); err != nil {
				return err
			}
			resource.Credentials.Fill(credential, c.now)
			client["client_id"] = cmp.Or(c.givenID, text(client, "client_id"), resource.Clients.NewID())
			if err := c.plain(tx, resource.Credentials, text(client, "client_id")).Put(credential); err != nil {
				return err
			}
			refs[i] = storage.Document{"id": credential["id"]}
		}
	}
	return nil
}

// refreshCredentials makes the client's own copy of its credentials' keys, by
// which it authenticates, what they are now.
func refreshCredentials(c *call, tx *storage.Tx) error {
	doc, err := tx.Clients.Document(c.param("client_id"))
	if err != nil {
		return err
	}
	if err := embedCredentials(c, tx, doc); err != nil {
		return err
	}
	return tx.Clients.Put(doc)
}

// embedCredentials copies the keys of the credentials that a client refers to
// into its document.
func embedCredentials(_ *call, tx *storage.Tx, doc storage.Document) error {
	methods, _ := doc["client_authentication_methods"].(storage.Document)
	known := tx.Documents(resource.Credentials.Name, text(doc, "client_id"))
	for _, method := range methods {
		m, _ := method.(storage.Document)
		refs, _ := m["credentials"].([]any)
		for _, ref := range refs {
			r, ok := ref.(storage.Document)
			if !ok {
				continue
			}
			cred, err := known.Document(text(r, "id"))
			if storage.IsNotFound(err) {
				continue
			}
			if err != nil {
				return err
			}
			for _, name := range embedded {
				if value, ok := cred[name]; ok {
					r[name] = value
				}
			}
		}
	}
	return nil
}

// embedded are the members of a credential that a client's document has a copy of.
var embedded = []string{"pem", "alg", "kid", "expires_at"}

// withoutKeys is the authentication methods as the API shows them: credentials
// are ids.
func withoutKeys(methods storage.Document) storage.Document {
	for _, method := range methods {
		m, _ := method.(storage.Document)
		refs, _ := m["credentials"].([]any)
		for _, ref := range refs {
			if r, ok := ref.(storage.Document); ok {
				for name := range r {
					if slices.Contains(embedded, name) {
						delete(r, name)
					}
				}
			}
		}
	}
	return methods
}
