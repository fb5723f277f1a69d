package objects

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

// Credentials are the keys and certificates with which an application authenticates, Auth0:
// api/management/v2/clients/credentials. The application's document has a copy of the keys.
var Credentials = declare(&Kind{
	Kind: resource.Credentials, Owner: Clients, before: describeCredential,
	after:   func(o Collection, _, _ storage.Document) error { return refreshCredentials(o.Tx, o.Parent) },
	deleted: func(o Collection, _ storage.Document) error { return refreshCredentials(o.Tx, o.Parent) },
})

// credentialTypes maps the type of a credential to the function that reads a new one and completes its document.
// Auth0: api/management/v2/clients/post-credentials.
var credentialTypes = map[string]func(storage.Document) error{
	"public_key":      describeKey,
	"cert_subject_dn": describeSubject,
	"x509_cert":       describeCertificateOf,
}

func describeCredential(_ Collection, doc, old storage.Document) error {
	if old != nil {
		normalizeTime(doc, "expires_at")
		return nil
	}
	return describeNewCredential(doc)
}

// describeNewCredential reads the key, the name or the certificate in a new credential, and completes its
// document.
func describeNewCredential(doc storage.Document) error {
	normalizeTime(doc, "expires_at")
	return credentialTypes[storage.Text(doc, "credential_type")](doc)
}

// describeKey reads the public key of a new credential. If no kid was sent, the kid is the key's thumbprint, so
// that the same key always gets the same kid.
func describeKey(doc storage.Document) error {
	cert, err := readRSA(storage.Text(doc, "pem"))
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
		doc["kid"], err = keyThumbprint(storage.Text(doc, "pem"))
	}
	return err
}

// describeSubject sets the subject name from the certificate that was sent, unless a subject name was sent
// instead.
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

// describeCertificateOf reads the certificate of a new credential, and sets the members that describe it.
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
	_, cert, err := readKey(storage.Text(doc, "pem"))
	if err == nil && cert == nil {
		err = resource.InvalidBody("The pem property is not a PEM certificate")
	}
	return cert, err
}

// shortNames are the short names of the attributes in distinguished names, RFC 4519, with which certificates are
// shown.
var shortNames = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.17": "postalCode", "2.5.4.42": "GN",
	"1.2.840.113549.1.9.1": "emailAddress", "0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC",
}

// subjectName returns the subject name of a certificate with one attribute on each line, in the certificate's
// order. Auth0: get-started/applications/configure-mtls/configure-mtls-for-a-client.
func subjectName(cert *x509.Certificate) string {
	lines := make([]string, len(cert.Subject.Names))
	for i, attribute := range cert.Subject.Names {
		oid := attribute.Type.String()
		lines[i] = fmt.Sprintf("%s=%v", cmp.Or(shortNames[oid], oid), attribute.Value)
	}
	return strings.Join(lines, "\n")
}

// credentialLists returns the objects in an application's document that list its credentials.
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

// createCredentials stores the credentials that a new application was sent with, and replaces them in its
// document by their ids. Auth0: get-started/applications/configure-private-key-jwt.
func createCredentials(ch *Change, client storage.Document) error {
	for _, holder := range credentialLists(client) {
		refs, _ := holder["credentials"].([]any)
		for i, ref := range refs {
			credential, ok := ref.(storage.Document)
			if !ok || storage.Text(credential, "id") != "" {
				continue
			}
			if err := resource.Credentials.Check(credential, resource.Create); err != nil {
				return err
			}
			if err := describeNewCredential(credential); err != nil {
				return err
			}
			resource.Credentials.Fill(credential, ch.Now)
			client["client_id"] = cmp.Or(ch.GivenID, storage.Text(client, "client_id"), resource.Clients.NewID())
			if err := DocumentStoreOf(ch.Tx, resource.Credentials, storage.Text(client, "client_id")).Put(credential); err != nil {
				return err
			}
			refs[i] = storage.Document{"id": credential["id"]}
		}
	}
	return nil
}

// refreshCredentials updates the copies of the credentials' keys in an application's document. These copies are
// what the application authenticates with.
func refreshCredentials(tx *storage.Tx, clientID string) error {
	doc, err := tx.Clients.Document(clientID)
	if err != nil {
		return err
	}
	if err := embedCredentials(tx, doc); err != nil {
		return err
	}
	return tx.Clients.Put(doc)
}

// embedCredentials copies the keys of the credentials that an application's document lists into the document.
func embedCredentials(tx *storage.Tx, doc storage.Document) error {
	methods, _ := doc["client_authentication_methods"].(storage.Document)
	known := tx.Documents(resource.Credentials.Name, storage.Text(doc, "client_id"))
	for _, method := range methods {
		m, _ := method.(storage.Document)
		refs, _ := m["credentials"].([]any)
		for _, ref := range refs {
			r, ok := ref.(storage.Document)
			if !ok {
				continue
			}
			cred, err := known.Document(storage.Text(r, "id"))
			if storage.IsNotFound(err) {
				continue
			}
			if err != nil {
				return err
			}
			for _, name := range EmbeddedMembers {
				if value, ok := cred[name]; ok {
					r[name] = value
				}
			}
		}
	}
	return nil
}

// CredentialsOf returns the credentials that an application lists by their ids, without those that no longer
// exist.
func CredentialsOf(tx *storage.Tx, clientID string, refs []storage.ClientCredential) (all []storage.ClientCredential, err error) {
	known := tx.Documents(resource.Credentials.Name, clientID)
	for _, ref := range refs {
		doc, err := known.Document(ref.ID)
		if storage.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, storage.ClientCredential{
			ID: ref.ID, KeyID: storage.Text(doc, "kid"), Alg: storage.Text(doc, "alg"), PEM: storage.Text(doc, "pem"), ExpiresAt: storage.Text(doc, "expires_at"),
		})
	}
	return all, nil
}

// EmbeddedMembers are the members of a credential that are copied into the application's document.
var EmbeddedMembers = []string{"pem", "alg", "kid", "expires_at"}
