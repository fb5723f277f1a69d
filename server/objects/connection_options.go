package objects

import (
	"crypto/sha1" //nolint:gosec // of certificates
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"encoding/xml"
	"strings"

	"github.com/tenant0/tenant0/server/resource"
	"github.com/tenant0/tenant0/storage"
)

// checkAttributes checks the option attributes of a database connection, Auth0:
// authenticate/database-connections/flexible-identifiers-and-attributes.
func checkAttributes(doc, old storage.Document) error {
	options, _ := doc["options"].(storage.Document)
	attributes, ok := options["attributes"].(storage.Document)
	if !ok {
		return nil
	}
	for _, other := range []string{"validation", "requires_username"} {
		if value, set := options[other]; set && value != false {
			return resource.InvalidBody("Cannot set both options.attributes and options." + other)
		}
	}
	identifiers := 0
	for _, name := range []string{"email", "phone_number", "username"} {
		attribute, ok := attributes[name].(storage.Document)
		if !ok {
			continue
		}
		identifier, _ := attribute["identifier"].(storage.Document)
		signup, _ := attribute["signup"].(storage.Document)
		if identifier["active"] == true {
			identifiers++
		}
		if attribute["profile_required"] == true && signup["status"] != "required" {
			return resource.InvalidBody("attribute " + name + " must also be required on signup")
		}
	}
	if identifiers == 0 {
		return resource.InvalidBody("attributes must contain one active identifier")
	}
	email, _ := attributes["email"].(storage.Document)
	if email["unique"] == false && old != nil && !hadNonUniqueEmail(old) {
		return resource.InvalidBody("cannot add non-unique email attribute")
	}
	return nil
}

func hadNonUniqueEmail(old storage.Document) bool {
	options, _ := old["options"].(storage.Document)
	attributes, _ := options["attributes"].(storage.Document)
	email, _ := attributes["email"].(storage.Document)
	return email["unique"] == false
}

// samlMetadata is the part of an identity provider's metadata that a connection uses, SAML 2.0 Metadata section
// 2.4.3.
type samlMetadata struct {
	Provider struct {
		Keys []struct {
			Use         string `xml:"use,attr"`
			Certificate string `xml:"KeyInfo>X509Data>X509Certificate"`
		} `xml:"KeyDescriptor"`
		SignOn  []samlEndpoint `xml:"SingleSignOnService"`
		SignOut []samlEndpoint `xml:"SingleLogoutService"`
	} `xml:"IDPSSODescriptor"`
}

type samlEndpoint struct {
	Binding  string `xml:"Binding,attr"`
	Location string `xml:"Location,attr"`
}

// readMetadata fills in options from the option metadataXml, and then removes that option. Options that were sent
// keep their values. Auth0: api/management/v2/connections/post-connections.
func readMetadata(doc storage.Document) error {
	options, _ := doc["options"].(storage.Document)
	raw := storage.Text(options, "metadataXml")
	if raw == "" {
		return nil
	}
	var metadata samlMetadata
	if err := xml.Unmarshal([]byte(raw), &metadata); err != nil {
		return resource.InvalidBody("options.metadataXml is no SAML metadata: " + err.Error())
	}
	delete(options, "metadataXml")
	fill := func(name, value string) {
		if sent := options[name]; (sent == nil || sent == "") && value != "" {
			options[name] = value
		}
	}
	if signOn := metadata.Provider.SignOn; len(signOn) > 0 {
		fill("signInEndpoint", signOn[0].Location)
		fill("bindingMethod", signOn[0].Binding)
	}
	if signOut := metadata.Provider.SignOut; len(signOut) > 0 {
		fill("signOutEndpoint", signOut[0].Location)
	}
	for _, key := range metadata.Provider.Keys {
		der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(key.Certificate), ""))
		if err == nil && key.Use != "encryption" {
			fill("signingCert", base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
		}
	}
	return nil
}

// federationMetadata is the part of a WS-Federation provider's metadata that a connection uses, Web Services
// Federation Language 1.2 section 3.1: the role of the service that issues tokens.
type federationMetadata struct {
	Roles []struct {
		Type string `xml:"http://www.w3.org/2001/XMLSchema-instance type,attr"`
		Keys []struct {
			Use          string   `xml:"use,attr"`
			Certificates []string `xml:"KeyInfo>X509Data>X509Certificate"`
		} `xml:"KeyDescriptor"`
		SignIn []string `xml:"PassiveRequestorEndpoint>EndpointReference>Address"`
	} `xml:"RoleDescriptor"`
}

// readFederationMetadata fills in the sign-in endpoint and the thumbprints of the certificates from the option
// fedMetadataXml, unless the options already have them.
func readFederationMetadata(doc storage.Document) error {
	options, _ := doc["options"].(storage.Document)
	raw := storage.Text(options, "fedMetadataXml")
	if raw == "" {
		return nil
	}
	var metadata federationMetadata
	if err := xml.Unmarshal([]byte(raw), &metadata); err != nil {
		return resource.InvalidBody("options.fedMetadataXml is no federation metadata: " + err.Error())
	}
	known, _ := options["thumbprints"].([]any)
	for _, role := range metadata.Roles {
		if !strings.HasSuffix(role.Type, "SecurityTokenServiceType") {
			continue
		}
		if storage.Text(options, "signInEndpoint") == "" && len(role.SignIn) > 0 {
			options["signInEndpoint"] = role.SignIn[0]
		}
		thumbprints := []any{}
		for _, key := range role.Keys {
			for _, certificate := range key.Certificates {
				der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(certificate), ""))
				if err == nil && key.Use != "encryption" {
					sum := sha1.Sum(der) //nolint:gosec // what a thumbprint is
					thumbprints = append(thumbprints, hex.EncodeToString(sum[:]))
				}
			}
		}
		if len(known) == 0 {
			options["thumbprints"] = thumbprints
		}
	}
	return nil
}

// ofProvider maps an option with the URL of a provider's document to the options that Auth0 reads from that document.
var ofProvider = map[string][]string{
	"metadataUrl":   {"signInEndpoint", "signOutEndpoint", "bindingMethod", "signingCert"},
	"discovery_url": {"issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"},
}

// keepProvider keeps the options that come from a provider's document when the new options leave them to the
// document, since tenant0 does not fetch it.
func keepProvider(doc, old storage.Document) {
	was, _ := old["options"].(storage.Document)
	is, _ := doc["options"].(storage.Document)
	for document, names := range ofProvider {
		if storage.Text(is, document) == "" {
			continue
		}
		for _, name := range names {
			if is[name] == nil && was[name] != nil {
				is[name] = was[name]
			}
		}
	}
}
